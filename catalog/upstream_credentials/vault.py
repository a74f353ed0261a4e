"""A master key that never leaves HashiCorp Vault (or OpenBao): data keys are wrapped by its transit engine.

The key in Vault must be of an AEAD type (`aes256-gcm96` is the default), for what a value is of is authenticated
along. Vault's own rotation of the key needs nothing here: a wrapped key says which version of it wrapped it.
"""

import base64
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio.to_thread
import hvac
import requests
from hvac.exceptions import VaultError

from catalog.upstream_credentials.envelope import MasterKeyError

_SECONDS: Final = 5.0

Answer = TypeVar("Answer")


class VaultMasterKey:
    """`key` is the name of the transit key at `mount`; the token is read from its file at each use, for agents
    that renew it. `ca` is a file with the authorities that are trusted in place of the machine's."""

    def __init__(
        self, url: str, key: str, token_file: Path, mount: str = "transit", ca: Path | None = None
    ) -> None:
        self._key = key
        self._mount = mount
        self._token_file = token_file
        self._client = hvac.Client(
            url=url,
            verify=True if ca is None else str(ca),
            timeout=_SECONDS,
            allow_redirects=False,
            strict_http=True,
        )
        self._client.session.trust_env = False
        self._turn = threading.Lock()  # a requests session is no thing for several threads

    @property
    def key_id(self) -> str:
        return f"vault:{self._mount}/{self._key}"

    async def wrap(self, data_key: bytes, context: bytes, /) -> bytes:
        answer = await self._ask(
            lambda: self._client.secrets.transit.encrypt_data(
                self._key, _base64(data_key), associated_data=_base64(context), mount_point=self._mount
            )
        )
        return str(answer["data"]["ciphertext"]).encode()

    async def unwrap(self, wrapped: bytes, context: bytes, /) -> bytes:
        answer = await self._ask(
            lambda: self._client.secrets.transit.decrypt_data(
                self._key, wrapped.decode(), associated_data=_base64(context), mount_point=self._mount
            )
        )
        return base64.b64decode(answer["data"]["plaintext"], validate=True)

    async def _ask(self, call: Callable[[], Any]) -> Any:
        def ask() -> Any:
            with self._turn:
                self._client.token = self._token_file.read_text(encoding="ascii").strip()
                return call()

        try:
            return await anyio.to_thread.run_sync(ask)
        except (VaultError, requests.RequestException, OSError, ValueError, KeyError) as error:
            # Vault's words may repeat what was sent.
            raise MasterKeyError(
                f"Vault does not serve the master key {self.key_id}: {type(error).__name__}"
            ) from None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
