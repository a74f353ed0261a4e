"""The catalogue of problem types: every refusal that Ostiary gives over HTTP (RFC 9457).

A type's id never changes; its status, title and meaning stand here and nowhere else, and the
reference has a section for each. A library's exception is mapped to one of these where the library is called.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

CONTENT_TYPE: Final = "application/problem+json"
URN_PREFIX: Final = "urn:ostiary:problem:"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One row of the catalogue: a stable kebab-case id, the HTTP status, a title and what it means."""

    id: str
    status: int
    title: str
    meaning: str
    uri: str = ""

    @property
    def type_uri(self) -> str:
        """The `type` member: a registered URI where one exists, else our URN."""
        return self.uri or URN_PREFIX + self.id


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal: its type, what happened this time, extension members and extra response headers.

    `detail` and `extensions` never hold a token, a submitted value or an upstream's internals.
    """

    type: ProblemType
    detail: str
    extensions: Mapping[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def status(self) -> int:
        return self.type.status

    def body(self, instance: str = "", policy: str = "") -> bytes:
        """The `application/problem+json` document; `instance` is the request's URN, `policy` who refuses it."""
        members: dict[str, Any] = {
            "type": self.type.type_uri,
            "title": self.type.title,
            "status": self.type.status,
            "detail": self.detail,
        }
        if instance:
            members["instance"] = instance
        if policy:
            members["policy"] = policy
        members.update(self.extensions)
        return msgspec.json.encode(members)


_TYPES: tuple[ProblemType, ...] = (
    ProblemType(
        "malformed-request",
        400,
        "Malformed request",
        "The message is not HTTP/1.1 as RFC 9112 has it, or two of its parts contradict each other.",
    ),
    ProblemType(
        "ambiguous-target",
        400,
        "Ambiguous request target",
        "The path could be read in two ways (encoded slash, dot segment, double encoding, empty segment…).",
    ),
    ProblemType(
        "content-undecodable",
        400,
        "Content cannot be decoded",
        "The body is not in the coding that its `Content-Encoding` names, breaks off, or goes on after its end.",
    ),
    ProblemType(
        "malformed-form",
        400,
        "Malformed form",
        "The body is no `multipart/form-data` (RFC 7578) that can be read in one way only; `detail` says why.",
    ),
    ProblemType("malformed-json", 400, "Malformed JSON", "The request body is not one JSON text (RFC 8259)."),
    ProblemType(
        "credentials-missing", 401, "Credentials missing", "The operation needs an access token; none came."
    ),
    ProblemType(
        "token-invalid",
        401,
        "Access token invalid",
        "The token is malformed, expired, revoked, or not issued for this gateway by an issuer it trusts.",
    ),
    ProblemType(
        "api-key-invalid",
        401,
        "API key invalid",
        "The key is malformed, expired, revoked, not of this gateway, or not good from the client's address.",
    ),
    ProblemType(
        "api-key-not-allowed",
        403,
        "API key not allowed",
        "The contract takes API keys, and the application's plan does not; an access token opens the operation.",
    ),
    ProblemType(
        "client-authentication-failed",
        401,
        "Authentication failed",
        "The catalog does not know this credential.",
    ),
    ProblemType(
        "scope-insufficient", 403, "Scope insufficient", "The token lacks a scope that the contract demands."
    ),
    ProblemType(
        "answer-classified",
        403,
        "Answer classified",
        "The whole answer is of a class that the caller's scopes do not open.",
    ),
    ProblemType(
        "subscription-missing",
        403,
        "Subscription missing",
        "The application has no subscription to this version of the API.",
    ),
    ProblemType(
        "network-denied",
        403,
        "Network denied",
        "The operation may not be called from the client's address.",
    ),
    ProblemType(
        "object-rule-denied",
        403,
        "Denied by a rule",
        "A rule of the contract does not admit the call, or cannot be decided for it (`decided` is false).",
    ),
    ProblemType(
        "cors-refused",
        403,
        "Refused to this origin",
        "The web page's origin is not listed, or it would send header fields that the operation does not take.",
    ),
    ProblemType(
        "outside-hours",
        503,
        "Outside of opening times",
        "The operation is closed at this time; `opens` and `Retry-After` say when it opens next.",
    ),
    ProblemType(
        "residency-unavailable",
        503,
        "No server in the right place",
        "None of the upstreams is where the data of this call may go.",
    ),
    ProblemType(
        "route-not-found", 404, "No such resource", "No published contract has an operation at this path."
    ),
    ProblemType(
        "version-unknown",
        400,
        "Version unknown",
        "The API is served in several versions at one address, and the request names none, or none that there is; "
        "`versions` lists those that there are.",
    ),
    ProblemType(
        "path-not-in-version",
        404,
        "Not in this version",
        "The version that the request is for has no such path, or the path names none; `versions` lists those "
        "that have it.",
    ),
    ProblemType(
        "version-not-acceptable",
        406,
        "Version not available",
        "`Accept` names versions by media type, and none that there is; `media-types` lists those that there are.",
    ),
    ProblemType(
        "method-not-allowed",
        405,
        "Method not allowed",
        "The path exists, the method is not in its contract; `Allow` lists those that are.",
    ),
    ProblemType(
        "not-acceptable",
        406,
        "No answer that would be taken",
        "`Accept` takes none of the media types that the contract answers with; `accept` lists those.",
    ),
    ProblemType("request-timeout", 408, "Request timeout", "The request did not arrive whole in time."),
    ProblemType(
        "version-sunset",
        410,
        "Version has ended",
        "The API version is past its sunset; `successor` names the version to move to.",
    ),
    ProblemType(
        "version-brown-out",
        410,
        "Version browned out",
        "The API version ends soon, and refuses every call in an announced window. `until` is the window's end, "
        "when `Retry-After` is over too; `sunset` is when it ends for good, `successor` the version to move to.",
    ),
    ProblemType("body-too-large", 413, "Body too large", "The body exceeds the operation's limit."),
    ProblemType(
        "content-out-of-bounds",
        413,
        "Content out of bounds",
        "What is in the body is larger or deeper than may be: `bound` names what, `limit` says how much is taken.",
    ),
    ProblemType("target-too-long", 414, "Target too long", "The request target is over the listener's limit."),
    ProblemType(
        "unsupported-media-type",
        415,
        "Unsupported media type",
        "The contract does not accept this `Content-Type`.",
    ),
    ProblemType(
        "content-coding-unsupported",
        415,
        "Content coding not taken",
        "The operation does not take content in this `Content-Encoding`; `accept` lists those that it takes.",
    ),
    ProblemType(
        "charset-unsupported",
        415,
        "Charset not taken",
        "The `charset` of the `Content-Type` is not UTF-8.",
    ),
    ProblemType(
        "schema-violation",
        422,
        "Request does not match the contract",
        "`violations` lists each place as `{in, pointer, rule, message}`; submitted values are not repeated.",
    ),
    ProblemType(
        "too-many-open-calls",
        429,
        "Too many open calls",
        "As many calls are open at once as a limit admits; `limits` names it. Once one has ended it may pass.",
    ),
    ProblemType(
        "quota-exceeded",
        429,
        "Quota exceeded",
        "A limit of the plan is used up; `violated-policies` names it and `Retry-After` says until when.",
        "https://iana.org/assignments/http-problem-types#quota-exceeded",
    ),
    ProblemType(
        "request-not-transformable",
        422,
        "Not possible upstream",
        "The request is right by its contract, and the upstream has no way to take it; `detail` names the place.",
    ),
    ProblemType(
        "answer-not-transformable",
        502,
        "Answer not as expected",
        "The upstream's answer has no such form as the contract asks for; the API's owner is the one to tell.",
    ),
    ProblemType(
        "request-not-adaptable",
        422,
        "Not possible in the version that serves this",
        "The request is right by its contract, and the version that serves it has no way to say it; `detail` "
        "names the place.",
    ),
    ProblemType(
        "answer-not-adaptable",
        502,
        "Answer of another version",
        "The version that serves this one gave an answer that cannot be said in this one; the owner of the API is "
        "the one to tell.",
    ),
    ProblemType(
        "websocket-required",
        426,
        "WebSocket required",
        "The operation is a WebSocket, and the request is no handshake of version 13 (RFC 6455).",
    ),
    ProblemType("head-too-large", 431, "Header fields too large", "The request head exceeds the limit."),
    ProblemType(
        "policy-failed",
        500,
        "Policy failed",
        "A policy of the gateway failed on this request; the request was not let through.",
    ),
    ProblemType(
        "unknown-fault",
        400,
        "Unknown fault",
        "`X-Ostiary-Fault` names none of the faults that the sandbox simulates; `faults` has them.",
    ),
    ProblemType(
        "simulated-fault",
        503,
        "Simulated fault",
        "A sandbox broke the connection off, as the client had asked or by chance. It is in logs and metrics "
        "alone.",
    ),
    ProblemType("internal-error", 500, "Internal error", "A fault of the catalog; its log has the request's id."),
    ProblemType(
        "method-not-implemented",
        501,
        "Method not implemented",
        "The gateway does not carry this method (CONNECT, TRACE) or this upgrade.",
    ),
    ProblemType(
        "upstream-unreachable", 502, "Upstream unreachable", "The upstream refused or dropped the connection."
    ),
    ProblemType(
        "upstream-malformed",
        502,
        "Upstream answer unusable",
        "The upstream's answer is no HTTP or no JSON.",
    ),
    ProblemType(
        "mediation-failed",
        502,
        "Mediation failed",
        "The upstream's answer does not fit the contract's mapping; the owner of the API is the one to tell.",
    ),
    ProblemType(
        "upstream-refused-credential",
        502,
        "Upstream refused the gateway",
        "The upstream does not accept the gateway's own credential; the operator is the one to tell.",
    ),
    ProblemType(
        "issuer-unavailable",
        503,
        "Issuer unavailable",
        "The issuer of this token gives no keys to verify it by, or no word on it, now.",
    ),
    ProblemType("not-ready", 503, "Not ready", "There is no snapshot yet, or the process is shutting down."),
    ProblemType(
        "overloaded",
        503,
        "Gateway overloaded",
        "The gateway has too many open requests, and sheds those to less critical APIs first.",
    ),
    ProblemType(
        "upstream-answer-invalid",
        502,
        "Upstream answer invalid",
        "The upstream's answer does not match the contract; the owner of the API is the one to tell.",
    ),
    ProblemType(
        "answer-unclassifiable",
        502,
        "Answer cannot be classified",
        "Values of the answer are classified, and it is not of the form that the contract declares.",
    ),
    ProblemType(
        "upstream-answer-unusable",
        502,
        "Upstream answer unusable",
        "A policy has to see the whole answer, which is too long, or encoded in a way that cannot be undone.",
    ),
    ProblemType(
        "limits-unavailable",
        503,
        "Limits cannot be counted",
        "A limit holds strictly, and what it counts cannot be counted now, as the shared state is down.",
    ),
    ProblemType(
        "slots-unavailable",
        503,
        "Open calls cannot be counted",
        "A limit on open calls holds strictly, and they cannot be counted now, as the shared state is down.",
    ),
    ProblemType("upstream-busy", 503, "Upstream busy", "The upstream's connection budget is used up."),
    ProblemType(
        "upstream-open",
        503,
        "Upstream held back",
        "The upstream failed so often that calls to it are held back; `Retry-After` says until when.",
    ),
    ProblemType(
        "master-key-unavailable",
        503,
        "Master key unavailable",
        "The key under which upstream credentials are stored is missing, is another, or cannot be reached.",
    ),
    ProblemType("store-unavailable", 503, "Store unavailable", "The catalog's database does not answer."),
    ProblemType("upstream-timeout", 504, "Upstream timeout", "The upstream did not answer in time."),
    ProblemType(
        "outcome-unknown",
        504,
        "Outcome unknown",
        "A write was sent and no answer came: it may or may not have happened. Look before you repeat it.",
    ),
    ProblemType(
        "record-access-denied", 403, "Access denied by Odoo", "Odoo's own access rules refuse this record."
    ),
    ProblemType(
        "claim-missing",
        403,
        "Claim missing",
        "The operation's records are chosen by a claim that the credential does not have, or not of that kind.",
    ),
    ProblemType(
        "odoo-rpc-malformed",
        400,
        "No call of Odoo's RPC",
        "What was sent is no single, plain call in the dialect of Odoo's RPC that this path speaks.",
    ),
    ProblemType(
        "odoo-rpc-refused",
        403,
        "Call not open",
        "The contract does not open this model, method, field, domain, context or number of records, or the "
        "caller lacks the scope for it.",
    ),
    ProblemType("record-not-found", 404, "No such record", "The record does not exist or was deleted."),
    ProblemType(
        "precondition-failed",
        412,
        "Precondition failed",
        "The record was changed since the entity tag in `If-Match` was given: get it again, and decide anew.",
    ),
    ProblemType(
        "precondition-required",
        428,
        "Precondition required",
        "The contract admits this write with `If-Match` only, so that nobody overwrites what they have not seen.",
    ),
    ProblemType("record-conflict", 409, "Conflict", "The record was changed or locked by someone else."),
    ProblemType(
        "signature-invalid",
        401,
        "Signature not accepted",
        "The request's signature (RFC 9421) does not cover what it has to, does not verify, was used before, or "
        "its key is good no more.",
    ),
    ProblemType(
        "content-digest-invalid",
        400,
        "Content digest not accepted",
        "`Content-Digest` (RFC 9530) is not that of the content, or by no algorithm that is known.",
    ),
    ProblemType(
        "dpop-proof-invalid",
        401,
        "DPoP proof not accepted",
        "The access token is bound to a key, and the request does not prove to come from who holds it (RFC 9449).",
    ),
    ProblemType(
        "gateway-key-unknown",
        403,
        "Gateway key unknown",
        "Upstream secrets are sealed for gateways whose key the catalog was told of, and this is none of them.",
    ),
    ProblemType(
        "member-unknown",
        403,
        "Not a member any more",
        "The token is good, but its member is in no team of the estate that is in force.",
    ),
    ProblemType(
        "role-missing",
        403,
        "Role missing",
        "The member may not do this; `roles` names those of which any one would do, `detail` says why.",
    ),
    ProblemType(
        "trial-unavailable",
        409,
        "Cannot be tried",
        "The catalog cannot make this call for the application, or not now; `detail` says why. Nothing was sent.",
    ),
    ProblemType(
        "resource-not-found", 404, "No such thing", "The catalog has nothing of this name, or not for this member."
    ),
    ProblemType(
        "own-change",
        403,
        "One's own change",
        "Nobody decides about what is their own, nor in the name of one of its `authors`, whatever their roles.",
    ),
    ProblemType(
        "conditions-unmet",
        422,
        "Conditions not met",
        "The change is not published; `conditions` has each that is not met, with what would meet it.",
    ),
    ProblemType(
        "state-conflict",
        409,
        "Conflict with the present state",
        "Somebody was first, or it is in a state in which this cannot be done; `current` is how it stands now.",
    ),
    ProblemType(
        "directory-governs",
        409,
        "A directory decides",
        "The catalog publishes the estate of a directory, and so takes no changes and no rollbacks itself.",
    ),
    ProblemType(
        "estate-invalid",
        422,
        "The estate would be invalid",
        "What was proposed does not compile together with what is in force; `findings` have file, line and rule.",
    ),
    ProblemType(
        "cross-site-request",
        403,
        "Not from our own page",
        "A form of the catalog's pages was sent by another site, or with another session's token.",
    ),
    ProblemType(
        "log-in-refused",
        403,
        "Log-in refused",
        "Who it is was not proved, or it is no member that may log in here; `detail` says what helps.",
    ),
    ProblemType(
        "authorization-refused",
        400,
        "Authorisation request refused",
        "An application sent a person here with a request that is not as RFC 6749 has it, or that is over.",
    ),
    ProblemType(
        "too-many-attempts",
        429,
        "Too many attempts",
        "Log-ins failed so often, for this account or from this address, that the next one has to wait; "
        "`Retry-After` says how long.",
    ),
    ProblemType(
        "too-many-requests",
        429,
        "Too many requests",
        "A session asks for pages or sends forms faster than people do; `Retry-After` says how long to wait.",
    ),
    ProblemType(
        "provider-unavailable",
        503,
        "Log-in provider unavailable",
        "The OpenID provider through which members log in does not answer, or not as the standard has it.",
    ),
    ProblemType(
        "cached-answer-missing",
        504,
        "No stored answer",
        "The client takes a stored answer only (`Cache-Control: only-if-cached`), and there is none.",
    ),
    ProblemType(
        "idempotency-key-missing",
        400,
        "Idempotency-Key missing",
        "The operation is done only for requests with an `Idempotency-Key`, so that none is done twice.",
    ),
    ProblemType(
        "idempotency-key-invalid",
        400,
        "Idempotency-Key not accepted",
        "`Idempotency-Key` is one quoted string of 1 to 255 characters.",
    ),
    ProblemType(
        "idempotency-in-flight",
        409,
        "Request under way",
        "The first request with this `Idempotency-Key` is not answered yet; `Retry-After` says when to ask again.",
    ),
    ProblemType(
        "idempotency-outcome-unknown",
        409,
        "Outcome unknown",
        "A request with this `Idempotency-Key` was sent upstream, and it is unknown what became of it. It is not "
        "sent again. See whether it was done; if it was not, send it with a new key.",
    ),
    ProblemType(
        "idempotency-answer-not-kept",
        409,
        "Answered before",
        "The request with this `Idempotency-Key` was done and answered, with the status `answered`; the answer "
        "was too long to be kept and given again.",
    ),
    ProblemType(
        "idempotency-key-reused",
        422,
        "Idempotency-Key used before",
        "This `Idempotency-Key` came with another request: another path, query or payload. Each new request needs "
        "a key of its own.",
    ),
    ProblemType(
        "idempotency-unavailable",
        503,
        "Idempotency unavailable",
        "Whether a request with this `Idempotency-Key` was done cannot be looked up now; nothing was done.",
    ),
    ProblemType(
        "business-rule", 422, "Refused by a business rule", "Odoo refused the values; `detail` is its reason."
    ),
)

CATALOGUE: Final[Mapping[str, ProblemType]] = {row.id: row for row in _TYPES}


def problem(type_id: str, detail: str, *, headers: tuple[tuple[str, str], ...] = (), **extensions: Any) -> Problem:
    """A problem of the catalogue's type `type_id`. Raises KeyError for an id that is not in it."""
    return Problem(CATALOGUE[type_id], detail, extensions, headers)
