"""The grants of which a member is part, at the token endpoint: `authorization_code` and `refresh_token`."""

from catalog.oauth.clients.resource_servers import ResourceServers
from catalog.oauth.grants.asker import Asker, Granted
from catalog.oauth.grants.codes import Codes, Redemption
from catalog.oauth.grants.refresh import RefreshTokens
from catalog.oauth.tokens.issue import Issue
from catalog.oauth.tokens.request import TokenRequest
from policies.credentials.revocation import GRANT_CLAIM


class CodeGrants:
    """Handles both. What they raise is the token endpoint's to tell."""

    def __init__(self, codes: Codes, refreshing: RefreshTokens, servers: ResourceServers) -> None:
        self._codes = codes
        self._refreshing = refreshing
        self._servers = servers

    async def code(self, request: TokenRequest) -> Issue:
        """RFC 6749 §4.1.3, with RFC 7636 §4.5: the verifier is demanded as the challenge was."""
        form = request.form
        redemption = Redemption(
            code=form.needed("code"),
            redirect_uri=form.one("redirect_uri") or "",
            verifier=form.needed("code_verifier"),
            resources=form.parameters.all("resource"),
        )
        return _issue(await self._codes.redeem(self._asker(request), redemption))

    async def refresh(self, request: TokenRequest) -> Issue:
        """RFC 6749 §6."""
        form = request.form
        resources = form.parameters.all("resource")
        granted = await self._refreshing.exchange(
            self._asker(request), form.needed("refresh_token"), form.one("scope"), resources
        )
        return _issue(granted)

    def _asker(self, request: TokenRequest) -> Asker:
        settings = request.client.settings
        return Asker(
            client_id=settings.client_id,
            public=settings.public,
            may_refresh=settings.uses("refresh_token"),
            reach=lambda resources: self._servers.target(settings, resources),
            key=request.binding.key,
        )


def _issue(granted: Granted) -> Issue:
    grant = granted.grant
    return Issue(
        subject=grant.member,
        scopes=granted.target.scopes,
        audiences=granted.target.audiences,
        claims={GRANT_CLAIM: grant.id, "auth_time": grant.authenticated_at},
        members={} if granted.refresh_token is None else {"refresh_token": granted.refresh_token},
    )
