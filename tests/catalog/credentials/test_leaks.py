"""Leaks: found in any text, believed by checksum and digest, ended or told of, and never kept."""

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from catalog.api.leaks import KEY_ID, SIGNATURE, LeakEndpoint
from catalog.audit.log import Filter
from catalog.credentials.leak_keys import KeysUnavailableError, LeakKeys, keys_from
from catalog.credentials.secrets import generate
from catalog.storage.tables.calendar import notices
from contracts.estate_files import CredentialsEntry, EstateFile
from contracts.secret_text import API_KEY_MARK, find, redact
from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.api.admin.test_admin_credentials import GUARD, issued, revoked, token_of

GITHUB_KEY_ID = "f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d"
GITHUB_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP
HzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==
-----END PUBLIC KEY-----
"""
GITHUB_BODY = (
    b'[{"token":"NMIfyYncKcRALEXAMPLE","type":"mycompany_api_token","url":"https://github.com/octocat/Hello-World/'
    b'blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt","source":"content"}]'
)
GITHUB_SIGNATURE = (
    "MEUCIQDfLvT8/zM8F1aB3cM0ZwyeWF1m5YR6IhcUIv1OKQYL0wIgBZ5lVXB3gHK+dT8+xt0WgRVLqvsTPFiDO9QP/7eJ4yE="
)
"""The example of GitHub's documentation of the programme."""


async def report(admin: AdminClient, text: str, member: str = "otto", source: str = "a gist") -> Any:
    answer = await admin(member, "POST", "/leaks", {"text": text, "source": source})
    assert answer.status == 200, answer
    return answer.body


def test_a_secret_is_found_in_whatever_text_it_stands() -> None:
    one, two = generate("test").text, generate("live", API_KEY_MARK).text
    text = f'\nSECRET="{one}"; curl -H X-Key:{two}, ost_{one}{two} {one[:-1]} ost_test_abc'
    assert [each.text for each in find(text)] == [one, two, one, two]
    assert list(find(one[:-1] + ("a" if one[-1] != "a" else "b"))) == []
    assert one not in redact(text)
    assert two not in redact(text)
    assert redact(f"at {one}.") == f"at {'_'.join(one.split('_')[:3])}_…."


@pytest.mark.parametrize("kind", ["client-secret", "api-key", "hmac-key"])
async def test_a_leaked_secret_is_revoked_and_its_owner_told(admin: AdminClient, kind: str) -> None:
    made = await issued(admin, kind=kind)
    secret, key_id = made["secret"], made["credential"]["key_id"]
    found = await report(admin, f"export KEY={secret}\n", source=f"a gist with {secret}")
    expected = {"key_id": key_id, "kind": kind, "application": "web-shop", "owner": "anna", "outcome": "revoked"}
    assert found == {"leaks": [expected], "unknown": 0}
    shown = (await admin(GUARD, "GET", f"/credentials/{key_id}")).body["credential"]
    assert (shown["state"], shown["revoked_by"]) == ("revoked", "otto")
    assert shown["revoked_reason"].startswith("leaked: a gist with ost_test_")
    current = admin.world.publisher.current
    assert current is not None
    if kind == "client-secret":
        assert await token_of(admin, secret) == "invalid_client"
        assert revoked(admin).credentials == (key_id,)
    else:
        assert current.applications["web-shop"].keys == ()
    [notice] = await admin.world.store.all(sa.select(notices))
    assert (notice.kind, "anna@example.com" in notice.recipients) == ("credential-leaked", True)
    entries = [each.event async for each in admin.world.audit.entries(Filter(subject=kind))]
    assert [each.action for each in entries] == ["issued", "revoked"]
    everything = [str(tuple(notice)), str(entries), str(shown), str(found)]
    assert not any(secret in each for each in everything), "the secret was kept"
    again = await report(admin, secret)
    assert [each["outcome"] for each in again["leaks"]] == ["over"]


async def test_the_estate_can_have_it_told_alone(admin: AdminClient) -> None:
    file = EstateFile("test", {}, {}, credentials=CredentialsEntry(on_leak="tell"))
    admin.world.compiled = compiled(company(file=file))
    await admin.world.publisher.publish()
    made = await issued(admin)
    found = await report(admin, made["secret"])
    assert [each["outcome"] for each in found["leaks"]] == ["told"]
    assert (await token_of(admin, made["secret"])).count(".") == 2
    [notice] = await admin.world.store.all(sa.select(notices))
    assert "replace it now" in notice.body


async def test_a_member_token_is_ended_whatever_the_estate_says(admin: AdminClient) -> None:
    token = await admin.token("anna")
    found = await report(admin, f"OSTIARY_TOKEN={token}")
    assert [(each["kind"], each["owner"], each["outcome"]) for each in found["leaks"]] == [
        ("member-token", "anna", "revoked")
    ]
    assert (await admin("anna", "GET", "/whoami")).status == 401


async def test_what_only_looks_like_one_does_nothing(admin: AdminClient) -> None:
    made = await issued(admin)
    forged = generate("test")  # of the right form, and never issued
    stranger = generate("live")
    serial = admin.world.publisher.current
    found = await report(admin, f"{forged.text} {stranger.text} {made['secret'][:-1]}")
    assert found == {"leaks": [], "unknown": 2}
    assert admin.world.publisher.current is serial
    assert (await token_of(admin, made["secret"])).count(".") == 2


async def test_all_of_a_text_is_taken_or_nothing(admin: AdminClient) -> None:
    made = [await issued(admin) for _ in range(3)]
    found = await report(admin, "\n".join(each["secret"] for each in made) + made[0]["secret"])
    assert [each["key_id"] for each in found["leaks"]] == [each["credential"]["key_id"] for each in made]
    too_many = " ".join(generate("test").text for _ in range(1_001))
    assert (await admin("otto", "POST", "/leaks", {"text": too_many})).status == 422


class Scanner:
    """A scanner with a key of its own, which signs as GitHub does."""

    def __init__(self, admin: AdminClient, file: Path) -> None:
        self.admin = admin
        self.key = ec.generate_private_key(ec.SECP256R1())
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        keys = [{"key_identifier": "scanner-1", "key": pem, "is_current": True}]
        file.write_text(json.dumps({"public_keys": keys}))
        verifier = LeakKeys(keys_from(str(file)), lambda: admin.world.now)
        endpoint = LeakEndpoint(admin.world.catalog.credentials.leaks, verifier)
        admin.world.catalog.app.router.routes.insert(0, endpoint.routes[0])

    async def send(
        self, body: bytes, *, key_id: str = "scanner-1", signed: bytes | None = None
    ) -> tuple[int, Any]:
        signature = self.key.sign(body if signed is None else signed, ec.ECDSA(SHA256()))
        headers = {KEY_ID: key_id, SIGNATURE: base64.b64encode(signature).decode()}
        return await self.post(body, headers)

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        world = self.admin.world
        async with world.session.post(world.url + "/leaks", data=io.BytesIO(body), headers=headers) as answer:
            return answer.status, msgspec.json.decode(await answer.read())


@pytest.fixture
async def scanner(admin: AdminClient, tmp_path: Path) -> Scanner:
    return Scanner(admin, tmp_path / "keys.json")


def found_token(token: str, **members: str) -> dict[str, str]:
    return {
        "token": token,
        "type": "ostiary_secret",
        "url": "https://github.com/a/b",
        "source": "content",
        **members,
    }


async def test_a_scanner_is_told_which_of_its_finds_are_ours(admin: AdminClient, scanner: Scanner) -> None:
    made, stranger = await issued(admin), generate("test").text
    body = json.dumps([found_token(made["secret"]), found_token(stranger)]).encode()
    status, answer = await scanner.send(body)
    assert (status, answer) == (
        200,
        [
            {
                "token_hash": hashlib.sha256(token.encode()).hexdigest(),
                "token_type": "ostiary_secret",
                "label": label,
            }
            for token, label in ((made["secret"], "true_positive"), (stranger, "false_positive"))
        ],
    )
    assert await token_of(admin, made["secret"]) == "invalid_client"
    shown = (await admin(GUARD, "GET", f"/credentials/{made['credential']['key_id']}")).body["credential"]
    assert shown["revoked_reason"] == "leaked: GitHub secret scanning, content: https://github.com/a/b"
    assert (await scanner.send(body))[1][0]["label"] == "true_positive", "a repetition is no other answer"


async def test_what_the_scanner_did_not_sign_does_nothing(admin: AdminClient, scanner: Scanner) -> None:
    made = await issued(admin)
    body = json.dumps([found_token(made["secret"])]).encode()
    good = base64.b64encode(scanner.key.sign(body, ec.ECDSA(SHA256()))).decode()
    refused = [
        await scanner.send(body, signed=body + b" "),
        await scanner.send(body, key_id="another"),
        await scanner.post(body, {KEY_ID: "scanner-1"}),
        await scanner.post(body, {SIGNATURE: good}),
        await scanner.post(body, {KEY_ID: "scanner-1", SIGNATURE: "not base64"}),
        await scanner.post(body, {}),
    ]
    assert {status for status, _ in refused} == {401}
    assert made["secret"] not in str(refused)
    assert (await token_of(admin, made["secret"])).count(".") == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{}", 400), (b"[", 400), (b'[{"token":7}]', 400), (b"[]", 200), (b" " * (1 << 21), 413)],
)
async def test_a_signed_report_has_to_be_one(scanner: Scanner, body: bytes, status: int) -> None:
    assert (await scanner.send(body))[0] == status


async def test_there_is_no_such_door_unless_a_scanner_is_named(admin: AdminClient) -> None:
    async with admin.world.session.post(admin.world.url + "/leaks", data=b"[]") as answer:
        assert answer.status == 404


async def github(*answers: bytes | Exception) -> tuple[LeakKeys, list[int]]:
    asked: list[int] = []
    waiting = list(answers)

    async def read() -> bytes:
        asked.append(1)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return LeakKeys(read, lambda: clock[0]), asked


clock = [0.0]
DOCUMENT = json.dumps(
    {"public_keys": [{"key_identifier": GITHUB_KEY_ID, "key": GITHUB_KEY, "is_current": True}]}
).encode()


async def test_githubs_own_example_is_verified() -> None:
    keys, asked = await github(DOCUMENT)
    assert await keys.verify(GITHUB_BODY, GITHUB_KEY_ID, GITHUB_SIGNATURE)
    assert not await keys.verify(GITHUB_BODY + b"\n", GITHUB_KEY_ID, GITHUB_SIGNATURE)
    assert not await keys.verify(GITHUB_BODY, "invented", GITHUB_SIGNATURE)
    assert len(asked) == 1, "an invented key id makes us ask"


async def test_keys_that_were_known_go_on_where_the_address_does_not_answer() -> None:
    keys, asked = await github(DOCUMENT, aiohttp.ClientError(), b"no JSON", DOCUMENT)
    assert await keys.verify(GITHUB_BODY, GITHUB_KEY_ID, GITHUB_SIGNATURE)
    for _ in range(3):
        clock[0] += 61
        assert not await keys.verify(GITHUB_BODY, "new", GITHUB_SIGNATURE)
        assert await keys.verify(GITHUB_BODY, GITHUB_KEY_ID, GITHUB_SIGNATURE)
    assert len(asked) == 4


async def test_without_any_key_a_report_has_to_come_again() -> None:
    keys, _ = await github(OSError(), DOCUMENT)
    with pytest.raises(KeysUnavailableError):
        await keys.verify(GITHUB_BODY, GITHUB_KEY_ID, GITHUB_SIGNATURE)
    clock[0] += 61
    assert await keys.verify(GITHUB_BODY, GITHUB_KEY_ID, GITHUB_SIGNATURE)


def test_keys_do_not_come_in_the_clear() -> None:
    with pytest.raises(ValueError, match="https"):
        keys_from("http://keys.example/")
