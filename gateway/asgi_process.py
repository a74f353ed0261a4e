"""The gateway as a process of an ASGI server: `granian --interface asgi --factory gateway.asgi_process:create`.

The settings are those of `python -m gateway`, but for what is the server's here: address, port, TLS, draining,
`head_timeout` and `idle_timeout`. One worker: limits are counted in its memory.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.asgi import AsgiGateway, Receive, Scope, Send
from gateway.logs import configure_logging
from gateway.main import assembled, listener_settings
from gateway.settings import GatewaySettings, read_snapshot_key
from policies.installed import installed


class AsgiProcess:
    """An ASGI 3 application that opens the gateway in its lifespan, and the admin listener with it."""

    def __init__(self, settings: GatewaySettings, key: Ed25519PublicKey) -> None:
        self._settings = settings
        self._key = key
        self._gateway: AsgiGateway | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._gateway is None:
            raise RuntimeError("the ASGI server has to speak the lifespan protocol: nothing was started")
        else:
            await self._gateway(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        settings = self._settings
        await receive()
        try:
            async with assembled(settings, self._key) as (pipeline, admin):
                await admin.start(settings.admin_host, settings.admin_port)
                self._gateway = AsgiGateway(pipeline, listener_settings(settings))
                await send({"type": "lifespan.startup.complete"})
                await receive()
                admin.stopping = True
        except Exception as error:
            if self._gateway is not None:
                raise
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.shutdown.complete"})


def create() -> AsgiProcess:
    """The application of this process's environment. Raises SettingsError, PluginError, or pydantic's
    ValidationError."""
    configure_logging()
    installed()
    settings = GatewaySettings()  # type: ignore[call-arg]  # the rest comes from the environment
    return AsgiProcess(settings, read_snapshot_key(settings.snapshot_key))
