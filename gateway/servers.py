"""What calls the upstreams, made of an estate's words and the gateway's secrets.

What did not change stays as it is, with its connections. A secret that was replaced makes a server anew; one that
cannot be used changes nothing, where there was one before that could: a file may be looked at while it is written.
What the catalog has taken back is presented no more.
"""

import hashlib
import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import aiohttp
import structlog

from contracts.packed import Steps
from contracts.problems import problem
from contracts.snapshot import Upstream
from contracts.upstream_tls import UpstreamTlsError, client_context
from gateway.routes import AnyUpstream, Credential, Server
from gateway.secrets import FoundSecrets, UpstreamSecrets
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.resilience.http_service import HttpService
from gateway.upstreams.resilience.odoo_service import OdooService
from policies.limits.slots import Slots
from policies.ports import Limiter

log = structlog.get_logger()

_NO_CREDENTIAL: Final = problem(
    "upstream-refused-credential", "The gateway holds no usable credential for this upstream."
)


class ServerMaker:
    """Makes servers, one set after the other. `make_http` makes the pool of one target. `slots` and `limiter` are
    those by which workers share what an Odoo gets; without them each has its own."""

    def __init__(
        self,
        secrets: UpstreamSecrets,
        session: aiohttp.ClientSession,
        make_http: Callable[..., HttpUpstream] = HttpUpstream,
        slots: Slots | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        self._secrets = secrets
        self._session = session
        self._make_http = make_http
        self._slots = slots
        self._limiter = limiter

    def steps(
        self, wanted: Iterable[Upstream], there: Mapping[str, Server]
    ) -> Steps[tuple[dict[str, Server], dict[str, str]]]:
        """By name, and why those cannot be used that cannot be trusted. `there` are those in force."""
        servers: dict[str, Server] = {}
        unusable: dict[str, str] = {}
        for upstream in wanted:
            yield
            known = there.get(upstream.name)
            try:
                servers[upstream.name] = self._server(
                    upstream, known if known is not None and known.upstream == upstream else None
                )
            except UpstreamTlsError as error:
                unusable[upstream.name] = str(error)
        return servers, unusable

    def _server(self, upstream: Upstream, known: Server | None) -> Server:
        """Raises UpstreamTlsError where there is none that can be gone on with."""
        found = self._secrets.read(upstream.secrets)
        if known is not None and known.secrets == _digest(found, upstream.secrets):
            return known
        secret = _secret(upstream, found)
        if known is not None and secret is None and _was_not_withdrawn(upstream.credential, found):
            log.error("upstream secret not taken up", upstream=upstream.name, secret=upstream.credential)
            return known
        try:
            tls = client_context(upstream, found)
        except UpstreamTlsError as error:
            if known is None:
                raise
            log.error("upstream secret not taken up", upstream=upstream.name, reason=str(error))
            return known
        trust = _digest(found, upstream.trust)
        if known is not None and upstream.kind == "http" and known.trust == trust:
            service = known.service
        else:
            service = self._service(upstream, secret, tls)
        if known is not None:
            log.info("upstream secret taken up", upstream=upstream.name)
        return Server(upstream, service, _credential(upstream, secret), _digest(found, upstream.secrets), trust)

    def _service(self, upstream: Upstream, secret: str | None, tls: ssl.SSLContext | None) -> AnyUpstream:
        if upstream.kind == "odoo":
            return OdooService(
                upstream, self._session, secret or "", tls, slots=self._slots, limiter=self._limiter
            )
        return HttpService(upstream, self._session, self._make_http, tls)


def _was_not_withdrawn(credential: str | None, found: FoundSecrets) -> bool:
    return credential is not None and not found.withdrawn(credential)


def _digest(found: FoundSecrets, names: tuple[str, ...]) -> bytes:
    """What tells one set of values from another, and nothing of them."""
    digest = hashlib.sha256()
    for name in names:
        value = found.find(name)
        digest.update(b"-" if value is None else b"+%d:%b" % (len(value), value.encode("utf-8")))
    return digest.digest()


def _secret(upstream: Upstream, found: FoundSecrets) -> str | None:
    """The credential, if it can stand in a header field."""
    if upstream.credential is None:
        return None
    secret = found.find(upstream.credential)
    if secret is None:
        log.error("upstream credential missing", upstream=upstream.name, credential=upstream.credential)
        return None
    return secret if secret and secret.isascii() and secret.isprintable() else None


def _credential(upstream: Upstream, secret: str | None) -> Credential:
    """The header with an HTTP upstream's credential, or why there can be none. Nothing is sent without it."""
    if upstream.credential is None or upstream.kind != "http":
        return None, None
    if secret is None:
        return None, _NO_CREDENTIAL
    value = f"{upstream.credential_scheme} {secret}" if upstream.credential_scheme else secret
    return (upstream.credential_header.lower().encode("ascii"), value.encode("ascii")), None
