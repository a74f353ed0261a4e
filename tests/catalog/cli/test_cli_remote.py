"""Commands over the admin API of a catalog that runs: profiles, tokens, owners, delegations and the audit log."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from tests.catalog.processes import ROOT, Process, catalog

pytestmark = pytest.mark.xdist_group("cli-remote")  # one catalog serves them all

SAMPLE = ROOT / "catalog" / "demo" / "estate"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    directory = tmp_path_factory.mktemp("catalog")
    estate = shutil.copytree(SAMPLE, directory / "estate")
    (estate / "consumers.yaml").write_text(
        (estate / "consumers.yaml").read_text() + "  newcomer: { title: New, contact: new@partner.example }\n"
    )
    with catalog(directory, OSTIARY_CATALOG_ESTATE=str(estate), OSTIARY_CATALOG_WATCH="0") as process:
        yield process


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OSTIARY_TOKEN", "OSTIARY_PROFILE", "OSTIARY_CATALOG_URL", "OSTIARY_CATALOG_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def run(*arguments: str, stdin: str | None = None, **environment: str) -> Result:
    return CliRunner().invoke(build(), list(arguments), input=stdin, env=environment)


class People:
    """Runs commands as a member, whose token is issued when it is first needed."""

    def __init__(self, running: Process) -> None:
        self.running = running
        self._tokens: dict[str, str] = {}

    def token(self, member: str) -> str:
        if member not in self._tokens:
            options = ["--data", str(self.running.data), "--label", "test"]
            issued = run("catalog", "member-token", member, *options)
            assert issued.exit_code == 0, issued.output
            self._tokens[member] = issued.stdout.strip()
        return self._tokens[member]

    def __call__(self, member: str, *arguments: str) -> Result:
        return run(*arguments, OSTIARY_CATALOG_URL=self.running.url, OSTIARY_TOKEN=self.token(member))


@pytest.fixture(scope="module")
def people(running: Process) -> People:
    return People(running)


def test_a_token_is_printed_alone_and_only_for_a_member(running: Process) -> None:
    issued = run("catalog", "member-token", "ines", "--data", str(running.data), "--json")
    answer = json.loads(issued.stdout)
    assert set(answer) == {"member", "token", "key_id", "expires_at"}
    refused = run("catalog", "member-token", "nobody", "--data", str(running.data))
    assert refused.exit_code == 2
    assert "Known are: dana, ines, jonas, omar, ruth, vera" in refused.stderr


def test_profiles_are_kept_for_their_user_alone(people: People, tmp_path: Path) -> None:
    token = people.token("omar")
    assert run("profile", "add", "test", "--url", people.running.url, stdin=f"{token}\n").exit_code == 0
    file = tmp_path / "config" / "ostiary" / "profiles.json"
    assert file.stat().st_mode & 0o777 == 0o600
    listed = run("profile", "list", "--json")
    assert json.loads(listed.stdout) == [{"name": "test", "url": people.running.url, "current": True}]
    assert token not in listed.output
    me = json.loads(run("whoami", "--json").stdout)
    assert (me["name"], me["memberships"]) == ("omar", [{"team": "sales", "roles": ["architect"]}])

    assert run("profile", "remove", "test").exit_code == 0
    gone = run("whoami")
    assert gone.exit_code == 2
    assert "no profile in use" in gone.stderr


def test_a_profile_file_that_others_can_read_is_refused(people: People, tmp_path: Path) -> None:
    run("profile", "add", "test", "--url", people.running.url, stdin=f"{people.token('omar')}\n")
    (tmp_path / "config" / "ostiary" / "profiles.json").chmod(0o644)
    refused = run("whoami")
    assert refused.exit_code == 2
    assert "can be read by others" in refused.stderr


@pytest.mark.parametrize("url", ["http://catalog.example", "ftp://x", "catalog.example", "https://u:p@c.example"])
def test_a_token_is_never_sent_in_clear_or_where_no_catalog_can_be(url: str) -> None:
    assert run("profile", "add", "test", "--url", url, stdin="t\n").exit_code == 2
    assert run("whoami", OSTIARY_CATALOG_URL=url, OSTIARY_TOKEN="t").exit_code == 2


def test_a_catalog_that_is_not_there_and_a_token_that_is_none() -> None:
    nobody = run("whoami", OSTIARY_CATALOG_URL="http://127.0.0.1:9", OSTIARY_TOKEN="t")
    assert (nobody.exit_code, "cannot be reached" in nobody.stderr) == (2, True)
    assert run("whoami", OSTIARY_CATALOG_URL="http://127.0.0.1:9", OSTIARY_TOKEN="t t").exit_code == 2
    assert run("whoami", OSTIARY_TOKEN="t").exit_code == 2


def test_refusals_are_told_and_have_their_exit_codes(people: People) -> None:
    unknown = run("whoami", OSTIARY_CATALOG_URL=people.running.url, OSTIARY_TOKEN="nonsense")
    assert (unknown.exit_code, "Authentication failed" in unknown.stderr) == (2, True)
    forbidden = people("ines", "audit", "list")
    assert (forbidden.exit_code, "operator or security" in forbidden.stderr) == (1, True)
    problem = people("ines", "audit", "list", "--json")
    assert (problem.exit_code, json.loads(problem.stdout)["roles"]) == (1, ["operator", "security"])
    wrong = people("omar", "delegate", "grant", "ines", "king", "--until", "2100-01-01", "--reason", "x")
    assert wrong.exit_code == 2
    assert "body /role: must be one of" in wrong.stderr


def test_owners_of_a_catalog_are_those_of_its_estate(people: People) -> None:
    told = json.loads(people("ines", "owners", "--json").stdout)
    read = json.loads(run("owners", "--estate", str(people.running.data.parent / "estate"), "--json").stdout)
    assert told == read
    assert {each["name"]: each["owner"] for each in told}["orders"] == "sales"
    assert "sales-apis@meridian.example" in people("ines", "owners").stdout


def test_what_nobody_answers_for_is_a_finding(people: People) -> None:
    for found in (
        people("omar", "owners", "--orphans"),
        run("owners", "--orphans", "--estate", str(people.running.data.parent / "estate")),
    ):
        assert found.exit_code == 1
        assert found.stdout == "consumer 'newcomer' has no application [consumer-without-application]\n"


def test_a_role_is_handed_over_and_taken_back(people: People) -> None:
    from datetime import UTC, datetime, timedelta

    until = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%d")
    granted = people("omar", "delegate", "grant", "ines", "architect", "--until", until, "--reason", "Leave.")
    assert granted.exit_code == 0, granted.output
    assert f"ines acts as architect for omar until {until}T00:00:00Z" in granted.stdout
    identity = granted.stdout.split(":")[0]
    assert f"architect for omar until {until}" in people("ines", "whoami").stdout
    assert identity in people("jonas", "delegate", "list").stdout
    assert people("jonas", "delegate", "revoke", identity, "--reason", "No.").exit_code == 1
    assert people("ines", "delegate", "revoke", identity, "--reason", "Back.").exit_code == 0
    assert identity not in people("jonas", "delegate", "list").stdout
    assert identity in people("jonas", "delegate", "list", "--all").stdout


def test_a_revoked_token_opens_nothing_any_more(people: People) -> None:
    token = json.loads(run("catalog", "member-token", "omar", "--data", str(people.running.data), "--json").stdout)
    assert token["key_id"] in people("omar", "member-tokens", "list").stdout
    assert people("ruth", "member-tokens", "revoke", token["key_id"], "--reason", "Lost.").exit_code == 0
    with_it = {"OSTIARY_CATALOG_URL": people.running.url, "OSTIARY_TOKEN": token["token"]}
    assert run("whoami", **with_it).exit_code == 2
    assert people("omar", "whoami").exit_code == 0


def test_the_audit_log_is_the_same_from_far_and_near(people: People) -> None:
    data = ["--data", str(people.running.data)]
    # In this order: ruth's token is an entry too, if it is the first time that she acts.
    far = people("ruth", "audit", "export").stdout.splitlines()
    near = run("audit", "export", *data).stdout.splitlines()
    assert far == near
    last = people("ruth", "audit", "list", "--last", "2", "--json")
    assert [each["number"] for each in json.loads(last.stdout)] == [len(near) - 1, len(near)]
    issued = people("ruth", "audit", "list", "--subject", "member-token")
    assert " issued by local:" in issued.stdout
    asked = ("audit", "list", "--action", "issued", "--text", "ruth", "--since", "2026-01-01", "--json")
    assert [each["subject"] for each in json.loads(people("ruth", *asked).stdout)] == ["member-token"]
    assert json.loads(people("ruth", *asked, "--until", "2026-01-01").stdout) == []


def test_the_audit_log_is_proved_by_the_catalog_and_without_its_word(people: People) -> None:
    key = (people.running.data / "keys" / "snapshot.pub").read_text().strip()
    entries = len(people("ruth", "audit", "export").stdout.splitlines())
    proved = f"{entries} entries, each as it was written\n"
    assert people("ruth", "audit", "verify").stdout == proved
    assert people("ruth", "audit", "verify", "--key", key).stdout == proved
    other = "A" * 43 + "="
    refused = people("ruth", "audit", "verify", "--key", other)
    assert (refused.exit_code, "no signature of this catalog's key" in refused.stdout) == (1, True)
    wrong = people("ruth", "audit", "verify", "--expect", f"1:{'0' * 64}", "--json")
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["fault"]["entry"] == 1
    assert people("ruth", "audit", "verify", "--key", "short").exit_code == 2
