"""Token exchange (RFC 8693): a client presents a token of a company's own identity provider, and gets one of
ours by which it acts for that person.

The estate says whose tokens a client may exchange. It is always delegation and never impersonation (§1.1): the new
token names who acts, the client itself where no other actor is proved.
"""

from collections.abc import Mapping
from typing import Any, Final

from catalog.oauth.clients.resource_servers import ResourceServers
from catalog.oauth.tokens.external_tokens import ExternalFault, ExternalToken, ExternalTokens, IssuerSilentError
from catalog.oauth.tokens.issue import Issue
from catalog.oauth.tokens.request import TokenRequest
from catalog.oauth.wire.errors import InvalidRequest, InvalidScope, TemporarilyUnavailable
from contracts.oauth_client import ExchangeRule

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 (a name)
_JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
_ID_TOKEN: Final = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105
_SUBJECTS: Final = (ACCESS_TOKEN, _JWT, _ID_TOKEN)
_REQUESTED: Final = (ACCESS_TOKEN, _JWT)
_DEEPEST: Final = 4
"""Actors in a chain at most."""


class TokenExchange:
    """A handler of the token endpoint."""

    def __init__(self, tokens: ExternalTokens, resources: ResourceServers) -> None:
        self._tokens = tokens
        self._resources = resources

    async def __call__(self, asked: TokenRequest) -> Issue:
        """Raises InvalidRequest, InvalidScope, InvalidTarget, TemporarilyUnavailable."""
        form, client = asked.form, asked.client.settings
        if form.one("requested_token_type") not in (None, *_REQUESTED):
            raise InvalidRequest("Only access tokens are issued.")
        # §2.1: `audience` is a name of the target, and ours are their URLs.
        wanted = (*form.parameters.all("resource"), *form.parameters.all("audience"))
        target = self._resources.target(client, wanted)
        try:
            subject, rule = await self._subject(asked)
            actor = await self._actor(asked, rule)
        except ExternalFault as fault:
            raise InvalidRequest(f"The token is not accepted: {fault}.") from None
        except IssuerSilentError:
            raise TemporarilyUnavailable() from None
        allowed = tuple(each for each in target.scopes if not rule.scopes or each in rule.scopes)
        scope = form.one("scope")
        scopes = allowed if scope is None else tuple(sorted(set(scope.split(" "))))
        if not set(scopes) <= set(allowed):
            raise InvalidScope()
        return Issue(
            # Another issuer's names are not ours: a member may be called so.
            subject=f"{subject.issuer.issuer}|{subject.subject}",
            scopes=scopes,
            audiences=target.audiences,
            claims={"act": _chain(client.client_id, subject, actor)},
            members={"issued_token_type": ACCESS_TOKEN},
            until=int(subject.expires),
        )

    async def _subject(self, asked: TokenRequest) -> tuple[ExternalToken, ExchangeRule]:
        """The subject's token, and the first rule by which it may be exchanged."""
        text = asked.form.needed("subject_token")
        if asked.form.needed("subject_token_type") not in _SUBJECTS:
            raise InvalidRequest("The type of the subject token is not supported.")
        issuer, fault = self._tokens.issuer_of(text), ExternalFault("the client may exchange none of its issuer")
        for rule in asked.client.settings.oauth.exchange:
            if rule.issuer != issuer:
                continue
            try:
                token = await self._tokens.verified(text, rule.audience)
            except ExternalFault as refused:
                fault = refused
                continue
            if rule.clients and token.client not in rule.clients:
                fault = ExternalFault("it was issued to a client whose tokens are not exchanged")
            elif rule.subjects and token.subject not in rule.subjects:
                fault = ExternalFault("its subject's tokens are not exchanged")
            else:
                return token, rule
        raise fault

    async def _actor(self, asked: TokenRequest, rule: ExchangeRule) -> ExternalToken | None:
        text, kind = asked.form.one("actor_token"), asked.form.one("actor_token_type")
        if (text is None) != (kind is None):
            raise InvalidRequest("actor_token and actor_token_type go together.")
        if text is None:
            if rule.actor == "required":
                raise InvalidRequest("An actor token is needed.")
            return None
        if rule.actor == "refused":
            raise InvalidRequest("No actor token is accepted.")
        if kind not in _SUBJECTS:
            raise InvalidRequest("The type of the actor token is not supported.")
        if self._tokens.issuer_of(text) != rule.issuer:
            raise ExternalFault("the actor's issuer is another than the subject's")
        return await self._tokens.verified(text, rule.audience)


def _chain(client_id: str, subject: ExternalToken, actor: ExternalToken | None) -> dict[str, Any]:
    """§4.1: who acts, and within that who acted before."""
    made: dict[str, Any] = {"sub": client_id}
    if actor is not None:
        may_act = subject.claims.get("may_act")
        if isinstance(may_act, Mapping) and not _admits(may_act, actor):
            raise InvalidRequest("The subject's token names another who may act (may_act).")
        made = {"sub": actor.subject, "iss": actor.issuer.issuer}
    before = subject.claims.get("act")
    if isinstance(before, Mapping):
        if _depth(before) >= _DEEPEST:
            raise InvalidRequest("Too many have acted already.")
        made["act"] = dict(before)
    return made


def _admits(may_act: Mapping[str, Any], actor: ExternalToken) -> bool:
    """§4.4: every member that is there has to be the actor's."""
    given = {"sub": actor.subject, "iss": actor.issuer.issuer, "client_id": actor.client}
    return bool(may_act) and all(given.get(name) == value for name, value in may_act.items())


def _depth(act: object) -> int:
    depth = 0
    while isinstance(act, Mapping) and depth < _DEEPEST:
        act, depth = act.get("act"), depth + 1
    return depth
