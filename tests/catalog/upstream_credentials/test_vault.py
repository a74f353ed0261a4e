"""The master key in Vault: against a server that speaks its transit engine's HTTP API.

Vault itself comes neither as a wheel nor from Debian. The stand-in keeps to the documented API: `encrypt` and
`decrypt` of an AEAD key, `associated_data` authenticated along, `vault:v<n>:` before a ciphertext, errors as JSON.
"""

import base64
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from catalog.upstream_credentials.envelope import Keyring, MasterKeyError, context_of
from catalog.upstream_credentials.vault import VaultMasterKey

TOKEN = "token-for-the-stand-in"
CONTEXT = context_of("live", "odoo-key", 1)


class Transit(ThreadingHTTPServer):
    """One transit key, in versions: the last one encrypts, each decrypts what it encrypted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.keys = [AESGCM(os.urandom(32))]
        self.seen: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Transit

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append(self.path)
        if self.headers.get("X-Vault-Token") != TOKEN:
            return self._answer(403, {"errors": ["permission denied"]})
        along = base64.b64decode(given.get("associated_data", ""))
        action, name = self.path.removeprefix("/v1/secret-wrapping/").split("/")
        if name != "ostiary":
            return self._answer(404, {"errors": []})
        if action == "encrypt":
            nonce = os.urandom(12)
            sealed = nonce + self.server.keys[-1].encrypt(nonce, base64.b64decode(given["plaintext"]), along)
            text = f"vault:v{len(self.server.keys)}:{base64.b64encode(sealed).decode()}"
            return self._answer(200, {"data": {"ciphertext": text}})
        _, version, text = given["ciphertext"].split(":")
        sealed = base64.b64decode(text)
        try:
            plain = self.server.keys[int(version[1:]) - 1].decrypt(sealed[:12], sealed[12:], along)
        except InvalidTag:
            return self._answer(400, {"errors": ["cipher: message authentication failed"]})
        return self._answer(200, {"data": {"plaintext": base64.b64encode(plain).decode()}})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def transit() -> Iterator[Transit]:
    server = Transit()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def key_at(server: Transit, tmp_path: Path, name: str = "ostiary", token: str = TOKEN) -> VaultMasterKey:
    (tmp_path / "token").write_text(token + "\n")
    url = f"http://127.0.0.1:{server.server_address[1]}"
    return VaultMasterKey(url, name, tmp_path / "token", "secret-wrapping")


async def test_vault_wraps_what_encrypts_a_value(transit: Transit, tmp_path: Path) -> None:
    keyring = Keyring(key_at(transit, tmp_path))
    envelope = await keyring.seal(b"a value", CONTEXT)
    assert envelope.master_key == "vault:secret-wrapping/ostiary"
    assert envelope.wrapped_key.startswith(b"vault:v1:")
    transit.keys.append(AESGCM(os.urandom(32)))  # rotated there
    assert await keyring.open(envelope, CONTEXT) == b"a value"
    assert (await keyring.rewrap(envelope, CONTEXT)).wrapped_key.startswith(b"vault:v2:")
    with pytest.raises(MasterKeyError):
        await keyring.open(envelope, context_of("live", "odoo-key", 2))
    assert set(transit.seen) == {"/v1/secret-wrapping/encrypt/ostiary", "/v1/secret-wrapping/decrypt/ostiary"}


async def test_a_renewed_token_is_taken_from_its_file(transit: Transit, tmp_path: Path) -> None:
    key = key_at(transit, tmp_path, token="one that has expired")
    with pytest.raises(MasterKeyError, match="secret-wrapping/ostiary: Forbidden"):
        await Keyring(key).seal(b"a value", CONTEXT)
    (tmp_path / "token").write_text(TOKEN)
    assert await Keyring(key).seal(b"a value", CONTEXT)


async def test_what_vault_does_not_do_is_told_without_its_words(transit: Transit, tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="InvalidPath"):
        await Keyring(key_at(transit, tmp_path, name="another")).seal(b"a value", CONTEXT)
    gone = key_at(transit, tmp_path)
    (tmp_path / "token").unlink()
    with pytest.raises(MasterKeyError, match="FileNotFoundError"):
        await Keyring(gone).seal(b"a value", CONTEXT)
    nobody = VaultMasterKey("http://127.0.0.1:9", "ostiary", tmp_path / "token2")
    (tmp_path / "token2").write_text(TOKEN)
    with pytest.raises(MasterKeyError, match="vault:transit/ostiary: ConnectionError") as caught:
        await Keyring(nobody).seal(b"a value", CONTEXT)
    assert TOKEN not in str(caught.value)
