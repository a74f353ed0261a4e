"""`--json`: every command takes it, and then prints one JSON value and nothing else."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner

from catalog.cli.main import build
from catalog.demo.tour import fetch
from tests.catalog.processes import ROOT, Process, catalog

SAMPLE = ROOT / "catalog" / "demo" / "estate"
CONTRACT = "apis/shipments/v1.openapi.yaml"
RUN_UNTIL_STOPPED = {"demo", "up", "gateway", "catalog"}
"""What prints as it goes, for as long as it runs; `catalog` without a command is one of them."""
OF_LINES = {"audit export"}
ELSEWHERE = (
    "credentials bulk",
    "credentials leak",
    "credentials least-privilege",
    "mirror",
    "odoo",
    "upstream-credentials",
)
"""What is run with `--json` by tests of its own, in rooms that have what it takes."""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its words; a group is one where it does something by itself."""

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if isinstance(command, TyperGroup):
            for name, each in command.commands.items():
                yield from walk(each, (*words, name))
            if not words or not command.invoke_without_command:
                return
        yield " ".join(words), command

    yield from walk(typer.main.get_command(build()), ())


def test_every_command_that_ends_takes_json() -> None:
    without = {words for words, command in commands() if not any("--json" in each.opts for each in command.params)}
    assert without == RUN_UNTIL_STOPPED


class Shell:
    """Runs commands with `--json`, each as a member, and remembers which were seen to print what they should."""

    def __init__(self, running: Process) -> None:
        self.seen: set[str] = set()
        self.running = running
        self._known = {words for words, _ in commands()}
        self._tokens: dict[str, str] = {}

    def __call__(self, member: str | None, *arguments: object, code: int = 0, stdin: str | None = None) -> Any:
        words = [str(each) for each in arguments]
        tried = (" ".join(words[:length]) for length in (2, 1))
        named = next(each for each in tried if each in self._known)
        environment = {}
        if member is not None:
            environment = {"OSTIARY_CATALOG_URL": self.running.url, "OSTIARY_TOKEN": self.token(member)}
        ended = CliRunner().invoke(build(), [*words, "--json"], input=stdin, env=environment)
        assert ended.exit_code == code, (words, ended.output)
        self.seen.add(named)
        if named in OF_LINES:
            return [json.loads(line) for line in ended.stdout.splitlines()]
        return json.loads(ended.stdout)

    def token(self, member: str) -> str:
        if member not in self._tokens:
            data = ("--data", self.running.data)
            self._tokens[member] = self(None, "catalog", "member-token", member, *data)["token"]
        return self._tokens[member]


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """A governed catalog, which began with the sample estate."""
    for name in ("OSTIARY_TOKEN", "OSTIARY_PROFILE", "OSTIARY_CATALOG_URL", "OSTIARY_CATALOG_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with catalog(tmp_path, OSTIARY_CATALOG_ESTATE=str(SAMPLE), OSTIARY_CATALOG_WATCH="0") as first:
        first.stop()
    with catalog(tmp_path) as process:
        yield process


def test_each_prints_one_json_value(running: Process, tmp_path: Path) -> None:
    shell = Shell(running)
    estate = shutil.copytree(SAMPLE, tmp_path / "estate")
    on_files(shell, tmp_path, estate)
    on_the_store(shell, tmp_path)
    profiles(shell)
    people(shell)
    accounts(shell)
    credentials(shell)
    applications(shell)
    partners(shell, tmp_path)
    changes(shell, estate)
    decisions(shell, estate)
    the_calendar(shell, tmp_path)
    how_things_are(shell)
    here = {words for words, _ in commands() if not words.startswith(ELSEWHERE)}
    assert shell.seen == here - RUN_UNTIL_STOPPED


def on_files(shell: Shell, directory: Path, estate: Path) -> None:
    new = directory / "new"
    assert str(new / "ostiary.yaml") in shell(None, "init", new)
    parcels = directory / "parcels.yaml"
    parcels.write_text("openapi: 3.1.0\ninfo: { title: Parcels, version: 1.0.0 }\npaths: { /x: { get: {} } }\n")
    added = shell(None, "add", parcels, "--estate", new, code=1)
    assert (added["api"], "apis/parcels/api.yaml" in added["files"]) == ("parcels", True)
    assert added["findings"]
    document = estate / CONTRACT
    assert shell(None, "check", estate)["ok"]
    assert shell(None, "routes", estate)
    asked = ("explain", "GET", "/orders/v2/orders", "--as", "aurora-shop", "--estate", estate)
    assert shell(None, *asked)["allowed"]
    first = shell(None, "policies")[0]
    assert shell(None, "policies", "show", first["id"])["why"] == first["why"]
    assert shell(None, "schema", "api")["$schema"]
    assert len(shell(None, "schema", "--output", directory / "schemas")) == 4
    assert shell(None, "diff", document, document)["verdict"] == "compatible"
    assert "why" in shell(None, "diff", "--rules")[0]
    assert shell(None, "diff", "--explain", "request-maximum-narrowed")["example"]["base"]
    assert isinstance(shell(None, "lint", estate), dict)
    rule = shell(None, "lint", "--rules")[0]["id"]
    assert shell(None, "lint", "--explain", rule)["id"] == rule
    assert shell(None, "owners", "--estate", estate)
    entities = shell(None, "owners", "export", "--estate", estate)
    assert {each["kind"] for each in entities} == {"Group", "User", "System", "API"}
    file = directory / "catalog-info.yaml"
    assert shell(None, "owners", "export", file, "--estate", estate) == entities
    assert shell(None, "owners", "import", file, "--estate", estate)["changes"] == []
    undone = shutil.copytree(estate, directory / "undone")
    told = shell(None, "deprecate", "orders", "v1", "--undo", "--estate", undone, code=1)
    assert (told["changed"], "x-sunset" in told["findings"][0]) == (True, True)
    assert shell(None, "calendar", "--estate", estate)["entries"]


def on_the_store(shell: Shell, directory: Path) -> None:
    data = ("--data", shell.running.data)
    assert shell(None, "catalog", "keys", directory / "keys")
    assert shell(None, "catalog", "public-key", *data)["public_key"]
    issued = shell(None, "catalog", "issue", "aurora-shop", *data)
    command = ("token", "--client-id", "aurora-shop", "--client-secret", "-", "--catalog", shell.running.url)
    assert shell(None, *command, stdin=issued["client_secret"])["access_token"]
    file = directory / "catalog.jsonl"
    written = shell(None, "catalog", "export", file, *data)
    assert shell(None, "catalog", "import", file, "--data", directory / "other") == written
    far = directory / "from-far.jsonl"
    written = shell("jonas", "catalog", "export", far)
    assert shell(None, "catalog", "import", far, "--data", directory / "another") == written
    assert "operator" in shell("ines", "catalog", "export", directory / "refused.jsonl", code=1)["roles"]
    assert not (directory / "refused.jsonl").exists()
    shell.token("ruth")  # before the log is compared: the first use of a member is an entry too
    assert shell(None, "audit", "export", *data) == shell("ruth", "audit", "export")
    assert shell("ruth", "audit", "list")
    assert shell("ruth", "audit", "verify")["verified"]


def profiles(shell: Shell) -> None:
    named = {"name": "test", "url": shell.running.url, "current": True}
    given = ("profile", "add", "test", "--url", shell.running.url)
    assert shell(None, *given, stdin=shell.token("omar")) == named
    assert shell(None, "profile", "use", "test") == named
    assert shell(None, "profile", "list") == [named]
    assert shell(None, "whoami")["name"] == "omar"
    assert shell(None, "profile", "remove", "test") == {**named, "current": False}


def people(shell: Shell) -> None:
    until = ("--until", _days_ahead(3), "--reason", "Leave")
    made = shell("omar", "delegate", "grant", "ines", "architect", *until)
    assert [each["id"] for each in shell("ines", "delegate", "list")] == [made["id"]]
    assert shell("omar", "delegate", "decisions") == []
    assert shell("ines", "delegate", "revoke", made["id"], "--reason", "Back")["revoked_at"]
    spare = shell(None, "catalog", "member-token", "vera", "--data", shell.running.data)["key_id"]
    assert spare in {each["key_id"] for each in shell("vera", "member-tokens", "list")}
    assert shell("vera", "member-tokens", "revoke", spare, "--reason", "Lost")["key_id"] == spare
    assert shell("ines", "usage", "orders")["points"] == []


def accounts(shell: Shell) -> None:
    why = ("--reason", "Leave")
    assert "ines" in {each["member"] for each in shell("ruth", "accounts", "list")}
    assert shell("ruth", "accounts", "invite", "ines")["code"]
    assert shell("ruth", "accounts", "reset", "omar", "--hours", "1")["code"]
    assert shell("ruth", "accounts", "disable", "ines", *why)["disabled_at"]
    assert shell("ruth", "accounts", "enable", "ines", *why)["disabled_at"] is None
    assert shell("ines", "accounts", "sessions", "ines") == []
    assert shell("ruth", "accounts", "end-sessions", "ines", *why) == {"member": "ines", "ended": 0}


def credentials(shell: Shell) -> None:
    of = ("--team", "sales", "--owner", "ines", "--purpose", "Import")
    key = shell("ruth", "credentials", "issue", "aurora-shop", *of)["credential"]["key_id"]
    assert shell("ruth", "credentials", "show", key)["credential"]["key_id"] == key
    new = shell("ruth", "credentials", "rotate", key)["credential"]["key_id"]
    to = ("--team", "customers", "--owner", "ruth", "-m", "Ines is away")
    assert shell("ruth", "credentials", "hand-over", new, *to)["key_id"] == new
    assert new in {each["key_id"] for each in shell("ruth", "credentials", "list")}
    assert isinstance(shell("ruth", "credentials", "reminders"), list)
    shell("ruth", "credentials", "revoke", "--application", "lumen-bi", "-m", "Exercise")
    number = shell("ruth", "credentials", "revocations")[0]["number"]
    shell("ruth", "credentials", "lift", number, "-m", "Over")
    assert shell("ruth", "cache", "purge", "--api", "shipments", "-m", "Exercise")["api"] == "shipments"
    assert [each["api"] for each in shell("ruth", "cache", "purges")] == ["shipments"]
    next_key = shell("ruth", "keys", "rotate", "-m", "Exercise")["kid"]
    assert shell("ruth", "keys", "list")[0]["kid"] == next_key
    assert shell("ruth", "keys", "retire", next_key, "-m", "Exercise")["ended"]["kid"] == next_key
    signing = next(each["kid"] for each in shell("ruth", "keys", "list") if each["state"] == "signing")
    assert shell("ruth", "keys", "withdraw", signing, "-m", "Exercise")["ended"]["state"] == "withdrawn"


def applications(shell: Shell) -> None:
    """What people let applications do, and applications that register themselves."""
    why = ("-m", "Exercise")
    assert shell("ines", "consents", "list") == []
    assert shell("ines", "consents", "grants") == []
    assert shell("ines", "consents", "withdraw", f"co{0:022}", *why, code=2)["status"] == 404
    assert shell("ines", "consents", "end", f"gr{0:022}", *why, code=2)["status"] == 404
    of = ("--team", "sales", "--owner", "ines", "--purpose", "Installer", "--uses", "2")
    token = shell("ruth", "registrations", "issue-token", *of)
    [known] = shell("ruth", "registrations", "tokens")
    ids = [registered(shell.running.url, token["secret"], name) for name in ("Diary", "Planner")]
    assert {each["client_id"] for each in shell("ruth", "registrations", "list")} == set(ids)
    assert shell("ruth", "registrations", "show", ids[0])["state"] == "pending"
    to = ("--consumer", "aurora", "--grant", "orders/v2/partner=orders:read")
    assert shell("ruth", "registrations", "approve", ids[0], *to, *why)["state"] == "approved"
    assert shell("ruth", "registrations", "refuse", ids[1], *why)["state"] == "refused"
    assert shell("ruth", "registrations", "end", ids[0], *why)["state"] == "deleted"
    assert shell("ruth", "registrations", "revoke-token", known["key_id"], *why)["revoked_at"]


def partners(shell: Shell, directory: Path) -> None:
    """What a partner's developer sees of applications, asks for and follows, and what is decided about it."""
    why = ("-m", "Exercise")
    assert [each["client_id"] for each in shell("dana", "applications", "list")] == ["aurora-shop"]
    assert shell("dana", "applications", "show", "aurora-shop")["consumer"] == "aurora"
    assert shell("dana", "applications", "usage", "aurora-shop")["points"] == []
    assert shell("dana", "applications", "unused", "aurora-shop") == []
    assert shell("dana", "applications", "to-do") == []
    file = directory / "client.json"
    file.write_text('{"client_name": "Screen", "grant_types": ["client_credentials"]}')
    made = shell("dana", "applications", "register", file, "--consumer", "aurora")["registration"]
    file.write_text('{"keys": []}')
    keys = ("applications", "keys", made["client_id"], file)
    assert shell("dana", *keys, code=1)["detail"].startswith("The client does not prove itself by keys")
    wanted = ("aurora-shop", "orders", "v2", "--plan", "trial", "--scope", "orders:read")
    for number, member, action, state in (
        (1, "ines", "refuse", "refused"),
        (2, "ines", "approve", "approved"),
        (2, "dana", "withdraw", "ended"),
    ):
        if action != "withdraw":
            assert shell("dana", "subscriptions", "request", *wanted, *why)["number"] == number
        assert shell(member, "subscriptions", action, number, *why)["state"] == state
        assert shell("dana", "subscriptions", "show", number)["state"] == state
    assert len(shell("dana", "subscriptions", "list")) == 2
    feed = shell("dana", "feeds", "follow", "consumer", "aurora")["feed"]
    assert [each["key_id"] for each in shell("dana", "feeds", "list")] == [feed["key_id"]]
    assert shell("dana", "feeds", "end", feed["key_id"])["ended_at"]


def registered(url: str, token: str, name: str) -> str:
    """The client id of a client that registers itself."""
    metadata = {"client_name": name, "grant_types": ["client_credentials"]}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = fetch(f"{url}/oauth/register", method="POST", headers=headers, body=json.dumps(metadata).encode())
    assert answer.status == 201, answer.body
    return str(json.loads(answer.body)["client_id"])


def changes(shell: Shell, estate: Path) -> None:
    """Breaking changes of the shipments: waived, rolled back, withdrawn, rejected, and in an emergency."""
    narrow(estate, 100, 10)
    assert shell("jonas", "plan", estate, code=1)["units"]
    assert _number(shell("jonas", "push", estate, "-m", "Smaller")) == 1
    fingerprint = shell("omar", "changes", "show", 1)["assessment"]["changes"][0]["fingerprint"]
    assert shell("omar", "changes", "list", "--state", "open")[0]["number"] == 1
    assert shell("omar", "impact", 1)["versions"]
    assert shell("omar", "changes", "comment", 1, "Why?")["change"]["number"] == 1
    assert shell("omar", "changes", "publish", 1, code=1)["conditions"]

    wish = ("shipments", fingerprint, "--reason", "Agreed", "--expires", _days_ahead(30))
    for number, action, state in ((1, "refuse", "refused"), (2, "grant", "granted"), (2, "revoke", "revoked")):
        if action != "revoke":
            assert shell("jonas", "waivers", "request", *wish)["number"] == number
        assert shell("omar", "waivers", action, number, "-m", "So be it")["state"] == state
    assert len(shell("omar", "waivers", "list")) == 2
    assert shell("omar", "changes", "show", 1)["change"]["state"] == "published"

    assert shell("jonas", "rollback", "shipments", "-m", "Back")["done"]
    assert shell("jonas", "revisions", "shipments")[0]["kind"] == "rollback"
    assert shell("omar", "publish", "--status")["ok"]


def decisions(shell: Shell, estate: Path) -> None:
    for number, member, action in ((2, "jonas", "withdraw"), (3, "omar", "reject")):
        assert _number(shell("jonas", "push", estate, "-m", "Again")) == number
        assert shell(member, "changes", action, number, "-m", "No")["change"]["number"] == number
    assert _number(shell("jonas", "push", estate, "-m", "Again")) == 4
    assert shell("jonas", "changes", "emergency", 4, "--reason", "It burns")["change"]["emergency"]
    assert shell("omar", "changes", "review", 4, "-m", "It did")["change"]["number"] == 4

    file = estate / "ostiary.yaml"
    file.write_text(file.read_text().replace("For trying things out", "To try it"))
    assert _number(shell("jonas", "push", estate, "-m", "Words")) == 5
    seen = shell("vera", "changes", "show", 5)["etag"]
    assert shell("vera", "changes", "approve", 5, "--seen", seen, "-m", "Fine")["change"]["state"] == "published"


def the_calendar(shell: Shell, directory: Path) -> None:
    wish = ("polar-dispatch", "orders", "v1", "--until", "2030-02-01", "-m", "Their release is late")
    ends = ((1, "ines", "withdraw"), (2, "omar", "refuse"), (3, "omar", "grant"), (3, "omar", "revoke"))
    for number, member, action in ends:
        if action != "revoke":
            assert shell("ines", "extensions", "request", *wish)["number"] == number
        assert shell(member, "extensions", action, number, "-m", "So be it")["number"] == number
    assert len(shell("ines", "extensions", "list")) == 3
    signed = directory / "consent.pdf"
    signed.write_bytes(b"We agree.")
    given = ("--consumer", "polar", "--given-by", "Sam Sommer", "--document", signed)
    assert shell("ines", "consent", "orders", "v1", *given)["consumer"] == "polar"
    assert shell("omar", "override", "orders", "v1", "-m", "It leaks")["given_by"] == "omar"
    assert shell("omar", "notices")


def how_things_are(shell: Shell) -> None:
    assert {each["name"] for each in shell("omar", "health")["apis"]} >= {"orders", "shipments"}
    assert shell("omar", "errors", "--request-id", "of-no-call-at-all") == {"errors": []}
    assert {each["about"] for each in shell("omar", "scorecards")} == {"api", "team"}
    assert shell("ruth", "credentials", "enforcement")["gateways"] == []
    assert {each["old"]["state"] for each in shell("ruth", "credentials", "rotations")} == {"replaced"}
    assert shell("ruth", "credentials", "views") == []


def narrow(estate: Path, old: int, new: int) -> None:
    """Lets a page of shipments have fewer of them."""
    text = (estate / CONTRACT).read_text()
    assert text.count(f"maximum: {old}, default: 20") == 1
    (estate / CONTRACT).write_text(text.replace(f"maximum: {old}, default: 20", f"maximum: {new}, default: {new}"))


def _number(pushed: Any) -> int:
    [number] = [each["change"] for each in pushed["units"] if each["outcome"] == "proposed"]
    return int(number)


def _days_ahead(days: int) -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%d")
