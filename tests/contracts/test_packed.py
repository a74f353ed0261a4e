"""Parts read step by step: the same as when they are read whole, and in small steps."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.operations import ApiVersion, HttpBackend, Operation
from contracts.packed import at_once, decode_operation, read_access, read_contracts
from contracts.snapshot import (
    AccessPart,
    Application,
    ContractsPart,
    Data,
    Issuer,
    Manifest,
    Plan,
    SnapshotError,
    Upstream,
    collect,
    encode_part,
    entry_digest,
)

# What would mislead a reader that looks for text and not for the layout.
AWKWARD = st.sampled_from(['"operations":[', "]}", "},\n{", "a\nb", '"versions":[\n', '\\"', "é", ""])
TEXT = st.one_of(AWKWARD, st.text(max_size=8))


def operation(name: str, text: str) -> Operation:
    return Operation(name, "GET", f"/{text}", text, HttpBackend(text), scopes=((text,),))


def version(name: str, texts: list[str]) -> ApiVersion:
    made = tuple(operation(f"op{number}", text) for number, text in enumerate(texts))
    title = texts[0] if texts else ""
    documents: dict[str, dict[str, Any]] = {title: {"operations": [title], "versions": []}}
    return ApiVersion("api", name, title, "owner", f"/{name}", "r", made, documents=documents)


def part(*versions: ApiVersion) -> ContractsPart:
    return ContractsPart("https://api.example", (Upstream("u", "http", "http://u"),), (Plan("p", ()),), versions)


@given(st.lists(st.lists(TEXT, max_size=4), max_size=4))
def test_a_contracts_part_is_read_as_it_was_written(versions: list[list[str]]) -> None:
    made = part(*(version(f"v{number}", texts) for number, texts in enumerate(versions)))
    _, data = encode_part(made)
    assert msgspec.json.decode(data, type=ContractsPart) == made, "it is one JSON document"
    for form in (data, bytearray(data), msgspec.json.encode(made)):  # the last as earlier catalogs wrote it
        frame, packed = at_once(read_contracts(form))
        assert frame == msgspec.structs.replace(made, versions=())
        read = tuple(
            msgspec.structs.replace(one.decode(), operations=tuple(map(decode_operation, one.operations)))
            for one in packed
        )
        assert read == made.versions
        assert [one.name for one in packed] == [(one.api, one.version) for one in made.versions]
        assert [at_once(one.digest()) for one in packed] == [entry_digest(one) for one in made.versions]


@given(st.lists(TEXT, max_size=5, unique=True), TEXT)
def test_an_access_part_is_read_as_it_was_written(clients: list[str], text: str) -> None:
    issuer = Issuer(text, text, (text,), {"applications": [], text: ["]}"]})
    made = AccessPart((issuer,), tuple(Application(client, client, text, ()) for client in clients))
    _, data = encode_part(made)
    assert msgspec.json.decode(data, type=AccessPart) == made
    frame, applications = at_once(read_access(data))
    assert frame.issuers == made.issuers
    assert list(applications.items()) == [(one.client_id, one) for one in made.applications]


def test_each_operation_is_a_step_of_its_own() -> None:
    _, data = encode_part(part(version("v1", ["x"] * 500)))
    assert sum(1 for _ in read_contracts(data)) >= 500


def test_a_version_that_does_not_decode_still_has_its_name() -> None:
    _, data = encode_part(part(version("v1", ["x"]), version("v2", ["x"])))
    strange = data.replace(b'"title":"x"', b'"title":7', 1)
    _, (first, second) = at_once(read_contracts(strange))
    assert first.name == ("api", "v1")
    with pytest.raises(SnapshotError, match="version does not decode"):
        first.decode()
    assert second.decode().title == "x"


def broken() -> list[tuple[str, bytes]]:
    _, good = encode_part(part(version("v1", ["x", "y"])))
    lines = good.split(b"\n")
    return [
        ("a line less", b"\n".join(lines[:-1])),
        ("no end of a version", b"\n".join(lines[:3])),
        ("one line more", good + b"\n{}"),
        ("a frame of another kind", good.replace(b'"audience"', b'"public"', 1)),
        ("an unknown member", good.replace(b'{"audience"', b'{"more":1,"audience"', 1)),
        ("lines that begin elsewhere", good.replace(b'"versions":[\n', b'"versions":\n[', 1)),
        ("a version without a name", good.replace(b'"api":"api",', b"", 1)),
        ("one line that is no JSON", b'{"audience"'),
    ]


@pytest.mark.parametrize(("what", "data"), broken(), ids=[what for what, _ in broken()])
def test_what_is_no_contracts_part_is_refused(what: str, data: Data) -> None:
    with pytest.raises(SnapshotError):
        at_once(read_contracts(data))


def test_only_what_is_new_is_collected() -> None:
    digest, data = encode_part(part())
    access_digest, access = encode_part(AccessPart((), ()))
    known = Manifest(1, 1, 0, digest, "sha256:0")
    asked: list[str] = []

    class Parts:
        def get(self, digest: str, /) -> bytes | None:
            asked.append(digest)
            return access

    found = collect(replace_access(known, access_digest), Parts(), known)
    assert (found.contracts, found.access) == (None, access)
    assert asked == [access_digest]
    with pytest.raises(SnapshotError, match="altered"):
        collect(known, Parts())
    assert data.count(b"\n") == 2


def replace_access(manifest: Manifest, digest: str) -> Manifest:
    return msgspec.structs.replace(manifest, serial=manifest.serial + 1, access=digest)
