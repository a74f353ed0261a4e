"""A call that failed, in plain words: what happened, and what its caller can do about it. No I/O.

What happened is the meaning of the problem type; here stands what to do, for those that a caller meets.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from contracts.problems import CATALOGUE
from contracts.usage.report import Failure

_CLIENT_GONE: Final = 499

_FRESH_TOKEN: Final = "Get a new access token and send the call again; tokens live for minutes."  # noqa: S105 (a text)
_ASK_SCOPE: Final = (
    "Ask for a token with the scope; if the subscription does not grant it, ask the API's owner for it."
)
_MEND: Final = "Mend the request: the answer that you got names each place. Sent again as it is, it fails again."
_LATER: Final = "Nothing is wrong with the request. Send it again after the time that `Retry-After` gave."
_OWNER: Final = "Nothing is wrong with the request. Tell the API's owner the request id."
_LOOK_FIRST: Final = "It may have been done. Look whether it was before you send it again."

ADVICE: Final[Mapping[str, str]] = {
    "credentials-missing": "Send an access token: `Authorization: Bearer …`.",
    "token-invalid": _FRESH_TOKEN,
    "api-key-invalid": "Look whether the key is whole and has not expired; if it is known to others, replace it.",
    "api-key-not-allowed": "Get an access token for the application, and send that.",
    "dpop-proof-invalid": "Make a new proof for each request, of its method and address, with the token's key.",
    "signature-invalid": "Sign anew what the contract asks for, with a key that is registered and good.",
    "scope-insufficient": _ASK_SCOPE,
    "answer-classified": _ASK_SCOPE,
    "claim-missing": "The token has no claim that says whose records these are: ask who issues your tokens.",
    "subscription-missing": "Subscribe to this version of the API, or call the one that you have subscribed to.",
    "network-denied": "Call from an address that the API's owner has admitted.",
    "object-rule-denied": "The contract's rule does not admit this for you; the API's owner can say why.",
    "outside-hours": _LATER,
    "route-not-found": "Compare method and path with the reference; mind the version in the address.",
    "method-not-allowed": "Use a method that `Allow` in the answer lists.",
    "version-sunset": "Move to the version that `successor` in the answer names; this one does not come back.",
    "version-brown-out": "Move to the successor. Until then it answers again when the announced window is over.",
    "body-too-large": "Send less in one call.",
    "unsupported-media-type": "Send the `Content-Type` that the reference names.",
    "schema-violation": _MEND,
    "malformed-json": _MEND,
    "malformed-request": _MEND,
    "business-rule": _MEND,
    "quota-exceeded": "Wait as long as `Retry-After` says. If that is often, ask for another plan.",
    "too-many-open-calls": "Wait for calls that are open to end; open fewer at once.",
    "idempotency-key-missing": "Send an `Idempotency-Key`, a new one for each thing that is to be done.",
    "idempotency-key-reused": "Use a new `Idempotency-Key` for a new request.",
    "idempotency-in-flight": _LATER,
    "idempotency-outcome-unknown": _LOOK_FIRST,
    "outcome-unknown": _LOOK_FIRST,
    "precondition-failed": "Get the record again, decide anew, and send its new `ETag` in `If-Match`.",
    "precondition-required": "Get the record first, and send its `ETag` in `If-Match`.",
    "record-conflict": "Get the record again, and send the change anew.",
    "record-not-found": "Look whether the record is still there, and whether it is one that you may see.",
    "record-access-denied": "The system behind the API does not open this record to it; ask the API's owner.",
    "upstream-timeout": _LATER,
    "upstream-open": _LATER,
    "upstream-busy": _LATER,
    "upstream-unreachable": _LATER,
    "overloaded": _LATER,
    "not-ready": _LATER,
    "issuer-unavailable": _LATER,
    "limits-unavailable": _LATER,
    "slots-unavailable": _LATER,
    "idempotency-unavailable": _LATER,
}


_BROKEN_OFF: Final = (
    "Answer broken off",
    "The answer had begun with a good status, and broke off before its end.",
)
_BY_POLICY: Final = ("Refused by a policy", "A policy of the gateway refused it.")
_GONE: Final = ("Client went away", "The connection was closed before there was an answer.")
_ANSWERED: Final = (
    "Answered with an error",
    "The gateway let it through, and the system behind the API answered so.",
)
_PATIENCE: Final = "Give the call more time. If it was a write, look whether it was done before you send it again."

TEXTS: Final[frozenset[str]] = frozenset(
    (
        *(text for known in CATALOGUE.values() for text in (known.title, known.meaning)),
        *ADVICE.values(),
        *(*_BROKEN_OFF, *_BY_POLICY, *_GONE, *_ANSWERED),
        *(_OWNER, _PATIENCE),
    )
)
"""Whatever an explanation may say: no text of it is put together, so that each can be said in another language."""


class Explanation(msgspec.Struct, frozen=True):
    """`title` names the kind, `happened` and `advice` are sentences."""

    title: str
    happened: str
    advice: str


def explain(failure: Failure) -> Explanation:
    """By the problem type where the gateway refused, else by the status and what the upstream did."""
    known = CATALOGUE.get(failure.problem)
    if failure.aborted:
        return Explanation(*_BROKEN_OFF, _LOOK_FIRST)
    if known is not None:
        return Explanation(known.title, known.meaning, ADVICE.get(known.id) or _by_status(failure.status))
    if failure.problem:
        return Explanation(*_BY_POLICY, _by_status(failure.status))
    if failure.status == _CLIENT_GONE:
        return Explanation(*_GONE, _PATIENCE)
    return Explanation(*_ANSWERED, _by_status(failure.status))


def _by_status(status: int) -> str:
    if status >= 500:
        return _OWNER
    return _MEND
