"""An authorisation request (RFC 6749 §4.1.1) held against its client. No I/O.

Until the redirect URI is known to be the client's, a fault is told to the person alone: an answer that is sent
to whichever address a request names is an open redirect. From there on the client is told (§4.1.2.1).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from catalog.oauth.wire.parameters import Parameters
from catalog.oauth.wire.pkce import is_challenge
from catalog.oauth.wire.redirects import is_registered

PROMPTS: Final = frozenset({"none", "login", "consent"})

Resources: TypeAlias = Callable[[tuple[str, ...]], "Reach | None"]
"""What a client may ask for at resources (RFC 8707), or everywhere where none is named. None where one of them is
unknown, or nothing that the client may call."""

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
_STATE: Final = re.compile(r"[\x20-\x7e]*")  # RFC 6749 appendix A.5
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Reach:
    """Resources, sorted, of which none are all; and the scopes that a client is granted there, sorted."""

    resources: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuthorizationClient:
    """A client as this endpoint sees it. With `pushed_only` its requests are pushed (RFC 9126)."""

    client_id: str
    name: str
    consumer: str
    public: bool
    redirect_uris: tuple[str, ...]
    pushed_only: bool


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that may be put to a person. `given_uri` is the redirect URI where the request had one, and empty
    otherwise; `bound_to` is the key that the code will be bound to, or empty."""

    client: AuthorizationClient
    redirect_uri: str
    given_uri: str
    state: str | None
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    challenge: str
    bound_to: str
    prompts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Untold:
    """Nobody but the person in front of the browser may be told, and `detail` is what they are."""

    detail: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of RFC 6749 §4.1.2.1 for the client at its redirect URI."""

    error: str
    description: str
    redirect_uri: str
    state: str | None


def check(
    parameters: Parameters, client: AuthorizationClient, resources: Resources, *, pushed: bool = False
) -> AuthorizationRequest | Refused | Untold:
    """The request, or what is wrong with it. `pushed` says that the client proved who it is when it sent it."""
    given = parameters.one("redirect_uri") or ""
    uri = given or (client.redirect_uris[0] if len(client.redirect_uris) == 1 else "")
    if not uri:
        return Untold("It does not say to which of the application's addresses the answer goes.")
    if not is_registered(uri, client.redirect_uris, public=client.public):
        return Untold("The address that the answer is to go to is not one of the application's.")
    state = parameters.one("state")

    def refused(error: str, description: str) -> Refused:
        # A state that no client can have sent is not sent back either.
        sent = state if state is not None and _STATE.fullmatch(state) else None
        return Refused(error, description, uri, sent)

    fault = _fault(parameters, client, pushed)
    if fault is not None:
        return refused(*fault)
    reach = resources(parameters.all("resource"))
    if reach is None:
        return refused("invalid_target", "A resource is unknown, or the application may not call it.")
    scope = parameters.one("scope")
    if scope is not None and not _SCOPE.fullmatch(scope):
        return refused("invalid_scope", "scope is malformed.")
    scopes = reach.scopes if scope is None else tuple(sorted(set(scope.split(" "))))
    if not scopes or not set(scopes) <= set(reach.scopes):
        return refused("invalid_scope", "A scope is unknown, or beyond what the application was granted.")
    thumbprint = parameters.one("dpop_jkt")
    return AuthorizationRequest(
        client=client,
        redirect_uri=uri,
        given_uri=given,
        state=state,
        scopes=scopes,
        resources=reach.resources,
        challenge=parameters.one("code_challenge") or "",
        bound_to="" if thumbprint is None else f"jkt:{thumbprint}",
        prompts=frozenset((parameters.one("prompt") or "").split()),
    )


def _fault(parameters: Parameters, client: AuthorizationClient, pushed: bool) -> tuple[str, str] | None:
    """The error's code and its description, which repeats nothing of the request."""
    state = parameters.one("state")
    if state is not None and not _STATE.fullmatch(state):
        return "invalid_request", "state has characters that RFC 6749 does not allow."
    if parameters.one("request") is not None:
        return "request_not_supported", "Requests are pushed here, and not sent as an object."
    if client.pushed_only and not pushed:
        return "invalid_request", "This client has to push its requests (RFC 9126)."
    response_type = parameters.one("response_type")
    if response_type is None:
        return "invalid_request", "response_type is missing."
    if response_type != "code":
        return "unsupported_response_type", "The one response_type here is code."
    if parameters.one("response_mode") not in (None, "query"):
        return "invalid_request", "The one response_mode here is query."
    challenge = parameters.one("code_challenge")
    if challenge is None:
        return "invalid_request", "code_challenge is missing: PKCE is demanded."
    if parameters.one("code_challenge_method") != "S256":
        return "invalid_request", "The one code_challenge_method here is S256."
    if not is_challenge(challenge):
        return "invalid_request", "code_challenge is not of S256."
    thumbprint = parameters.one("dpop_jkt")
    if thumbprint is not None and not _THUMBPRINT.fullmatch(thumbprint):
        return "invalid_request", "dpop_jkt is no thumbprint of a key."
    prompts = (parameters.one("prompt") or "").split()
    if not set(prompts) <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        return "invalid_request", "prompt is none, or login, consent or both."
    return None
