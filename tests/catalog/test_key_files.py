"""The catalog's own keys: made once, kept, private."""

import base64
import json
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from catalog.key_files import KeyFileError, load_keys, nameable, public_key_text


def test_the_same_keys_come_back(tmp_path: Path) -> None:
    first, again = load_keys(tmp_path / "keys"), load_keys(tmp_path / "keys")
    assert first.oauth.as_dict(private=True) == again.oauth.as_dict(private=True)
    assert first.snapshot.private_bytes_raw() == again.snapshot.private_bytes_raw()
    assert (first.pepper, first.gateway_token) == (again.pepper, again.gateway_token)
    assert load_keys(tmp_path / "other").pepper != first.pepper


def test_many_starts_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(12) as pool:
        loaded = list(pool.map(lambda _: load_keys(tmp_path), range(24)))
    assert len({keys.pepper for keys in loaded}) == 1
    assert len({keys.snapshot.private_bytes_raw() for keys in loaded}) == 1
    assert len({keys.oauth.thumbprint() for keys in loaded}) == 1
    assert len(list(tmp_path.iterdir())) == 6, "a temporary file was left"


def test_only_their_user_may_read_them(tmp_path: Path) -> None:
    load_keys(tmp_path / "keys")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert modes == {
        "oauth.jwk": 0o600,
        "snapshot.key": 0o600,
        "snapshot.pub": 0o644,
        "pepper": 0o600,
        "api-keys.pepper": 0o600,
        "gateway.token": 0o600,
    }
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_the_public_key_file_is_what_a_gateway_takes(tmp_path: Path) -> None:
    keys = load_keys(tmp_path)
    text = (tmp_path / "snapshot.pub").read_text().strip()
    assert text == public_key_text(keys.snapshot.public_key())
    assert base64.b64decode(text, validate=True) == keys.snapshot.public_key().public_bytes_raw()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("oauth.jwk", b"{}"),
        ("oauth.jwk", b"not json"),
        ("oauth.jwk", b'{"kty":"oct","k":"AAAA"}'),
        ("snapshot.key", b""),
        ("snapshot.pub", base64.b64encode(bytes(32))),
        ("pepper", b"short"),
        ("api-keys.pepper", b"00" * 32),
        ("gateway.token", b"\n"),
        ("gateway.token", b"short"),
    ],
)
def test_a_damaged_file_is_named_and_never_replaced(tmp_path: Path, name: str, content: bytes) -> None:
    load_keys(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KeyFileError, match=name.replace(".", r"\.")):
        load_keys(tmp_path)
    assert (tmp_path / name).read_bytes() == content


def test_no_repr_shows_a_key(tmp_path: Path) -> None:
    keys = load_keys(tmp_path)
    assert keys.gateway_token not in repr(keys)
    assert repr(keys) == "Keys()"


def test_a_mounted_directory_is_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As from a Kubernetes Secret: read-only, and each file a link."""
    made = load_keys(tmp_path / "made")
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    for path in (tmp_path / "made").iterdir():
        (mounted / path.name).symlink_to(path)

    def refuse(*_arguments: object, **_named: object) -> object:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    assert load_keys(mounted).pepper == made.pepper
    (mounted / "pepper").unlink()
    with pytest.raises(OSError, match="Read-only file system"):
        load_keys(mounted)


def test_a_key_that_was_brought_gets_the_members_that_verifiers_need(tmp_path: Path) -> None:
    brought = ECKey.generate_key("P-256", {"kid": "mine"}, private=True)
    (tmp_path / "oauth.jwk").write_text(json.dumps(brought.as_dict(private=True)))
    key = load_keys(tmp_path).oauth
    assert key.thumbprint() == brought.thumbprint()
    assert {name: key.get(name) for name in ("use", "alg", "kid")} == {
        "use": "sig",
        "alg": "ES256",
        "kid": brought.thumbprint(),
    }


def test_a_public_key_or_another_curve_is_refused(tmp_path: Path) -> None:
    for curve, private in (("P-256", False), ("P-384", True)):
        made = ECKey.generate_key(curve, private=True)
        (tmp_path / "oauth.jwk").write_text(json.dumps(made.as_dict(private=private)))
        with pytest.raises(KeyFileError, match="no private P-256 key"):
            load_keys(tmp_path)


def test_a_key_is_never_named_like_an_option() -> None:
    """A thumbprint is base64url, and `ostiary keys withdraw -…` would be a mistake of ours."""

    class Named:
        def __init__(self, name: str) -> None:
            self._name = name

        def thumbprint(self) -> str:
            return self._name

    names = iter(("-x", "--help", "x-"))
    assert nameable(lambda: Named(next(names))).thumbprint() == "x-"  # type: ignore[type-var]
