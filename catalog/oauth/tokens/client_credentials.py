"""The client-credentials grant (RFC 6749 §4.4): an application acts for itself."""

from catalog.oauth.clients.resource_servers import ResourceServers
from catalog.oauth.tokens.issue import Issue, scopes_asked
from catalog.oauth.tokens.request import TokenRequest


class ClientCredentials:
    """A handler of the token endpoint."""

    def __init__(self, resources: ResourceServers) -> None:
        self._resources = resources

    async def __call__(self, asked: TokenRequest) -> Issue:
        """Raises InvalidScope, InvalidTarget."""
        client = asked.client.settings
        target = self._resources.target(client, asked.form.parameters.all("resource"))
        scopes = scopes_asked(asked.form.one("scope"), target.scopes)
        # Where no resource owner is involved the subject is the client itself (RFC 9068 §2.2).
        return Issue(client.client_id, scopes, target.audiences)
