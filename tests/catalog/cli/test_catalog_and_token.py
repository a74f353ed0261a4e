"""`ostiary catalog` and `ostiary token`, against a catalog that runs."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from tests.catalog.processes import ROOT, Process, catalog

pytestmark = pytest.mark.xdist_group("catalog-and-token")  # one catalog serves them all

SAMPLE = ROOT / "catalog" / "demo" / "estate"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with catalog(tmp_path_factory.mktemp("catalog"), OSTIARY_CATALOG_ESTATE=str(SAMPLE)) as process:
        yield process


def run(*arguments: str, stdin: str | None = None, **environment: str) -> Result:
    return CliRunner().invoke(build(), list(arguments), input=stdin, env=environment)


@pytest.fixture(scope="module")
def client(running: Process) -> str:
    refused = run("catalog", "issue", "nobody", "--data", str(running.data))
    return refused.stderr.rpartition("Known are: ")[2].split(",")[0].strip()


@pytest.fixture(scope="module")
def secret(running: Process, client: str) -> str:
    issued = run("catalog", "issue", client, "--data", str(running.data))
    assert issued.exit_code == 0, issued.output
    return issued.stdout.strip()


def test_issue_prints_the_secret_alone_and_says_its_end_beside(running: Process, client: str) -> None:
    issued = run("catalog", "issue", client, "--data", str(running.data), "--expires-days", "1")
    assert issued.exit_code == 0
    assert issued.stdout.startswith("ost_local_")
    assert issued.stdout.count("\n") == 1
    assert f"The secret of {client} until 20" in issued.stderr
    assert issued.stdout.strip() not in issued.stderr


def test_issue_as_json(running: Process, client: str) -> None:
    issued = run("catalog", "issue", client, "--data", str(running.data), "--json")
    answer = json.loads(issued.stdout)
    assert set(answer) == {"client_id", "client_secret", "key_id", "expires_at"}
    assert answer["client_id"] == client
    assert answer["client_secret"].split("_")[2] == answer["key_id"]


def test_issue_refuses_an_unknown_application_and_names_the_known(running: Process, client: str) -> None:
    refused = run("catalog", "issue", "nobody", "--data", str(running.data))
    assert refused.exit_code == 2
    assert "no application has the client id 'nobody'" in refused.stderr
    assert client in refused.stderr
    assert refused.stdout == ""


def test_issue_refuses_what_nobody_would_answer_for(tmp_path: Path) -> None:
    estate = Path(shutil.copytree(SAMPLE, tmp_path / "estate"))
    consumers = estate / "consumers.yaml"
    lines = "      lumen-idle:\n        title: Not connected yet\n"
    consumers.write_text(consumers.read_text().replace("      lumen-bi:\n", f"{lines}      lumen-bi:\n"))
    refused = run("catalog", "issue", "lumen-idle", "--data", str(tmp_path / "data"), "--estate", str(estate))
    assert refused.exit_code == 2
    assert "'lumen-idle' has no subscription" in refused.stderr
    assert "`ostiary credentials issue --team" in refused.stderr


def test_issue_works_before_the_catalog_ever_ran(tmp_path: Path, client: str) -> None:
    issued = run("catalog", "issue", client, "--data", str(tmp_path / "new"), "--estate", str(SAMPLE))
    assert issued.exit_code == 0, issued.output


def test_issue_refuses_a_directory_without_a_catalog_and_makes_none(tmp_path: Path, client: str) -> None:
    refused = run("catalog", "issue", client, "--data", str(tmp_path / "mistyped"))
    assert refused.exit_code == 2
    assert "there is no catalog in" in refused.stderr
    assert not (tmp_path / "mistyped").exists()


def test_issue_beside_a_broken_estate_takes_the_applications_of_the_last_snapshot(
    tmp_path: Path, running: Process, client: str
) -> None:
    broken = Path(shutil.copytree(SAMPLE, tmp_path / "estate"))
    (broken / "consumers.yaml").write_text("consumers: 1\n")
    issued = run("catalog", "issue", client, "--data", str(running.data), "--estate", str(broken))
    assert issued.exit_code == 0, issued.output


def test_public_key_is_the_one_of_the_snapshots(running: Process) -> None:
    printed = run("catalog", "public-key", "--data", str(running.data))
    assert printed.exit_code == 0
    assert printed.stdout == (running.data / "keys" / "snapshot.pub").read_text()
    assert len(base64.b64decode(printed.stdout)) == 32


def test_keys_makes_what_is_missing_and_keeps_what_is_there(tmp_path: Path) -> None:
    made = run("catalog", "keys", str(tmp_path / "keys"))
    assert made.exit_code == 0, made.output
    names = ["api-keys.pepper", "gateway.token", "oauth.jwk", "pepper", "snapshot.key", "snapshot.pub"]
    assert made.stdout.split() == [str(tmp_path / "keys" / name) for name in names]
    before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    (tmp_path / "keys" / "gateway.token").unlink()
    assert run("catalog", "keys", str(tmp_path / "keys")).exit_code == 0
    after = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    assert after.pop("gateway.token") != before.pop("gateway.token")
    assert after == before
    (tmp_path / "keys" / "pepper").write_bytes(b"")
    refused = run("catalog", "keys", str(tmp_path / "keys"))
    assert refused.exit_code == 2
    assert "pepper does not hold 32 bytes" in refused.stderr


def test_a_wrong_option_is_a_sentence(tmp_path: Path) -> None:
    refused = run("catalog", "--url", "http://catalog.example", "--data", str(tmp_path))
    assert refused.exit_code == 2
    assert "is neither https nor this machine" in refused.stderr


def test_token_prints_the_token_alone(running: Process, client: str, secret: str) -> None:
    got = run("token", "--client-id", client, "--catalog", running.url, OSTIARY_CLIENT_SECRET=secret)
    assert got.exit_code == 0, got.output
    assert jwt.decode(got.stdout.strip(), options={"verify_signature": False})["client_id"] == client


def test_token_reads_the_secret_from_standard_input(running: Process, client: str, secret: str) -> None:
    arguments = ("token", "--client-id", client, "--client-secret", "-", "--catalog", running.url, "--json")
    got = run(*arguments, stdin=secret + "\n")
    assert got.exit_code == 0, got.output
    assert set(json.loads(got.stdout)) == {"access_token", "token_type", "expires_in", "scope"}


def test_token_asks_for_the_scopes_that_are_named(running: Process, client: str, secret: str) -> None:
    def scopes(*options: str) -> list[str]:
        arguments = ("token", "--client-id", client, "--catalog", running.url, "--json", *options)
        got = run(*arguments, OSTIARY_CLIENT_SECRET=secret)
        assert got.exit_code == 0, got.output
        return str(json.loads(got.stdout)["scope"]).split()

    everything = scopes()
    assert scopes("--scope", everything[0]) == everything[:1]
    assert scopes("--scope", everything[0], "--scope", everything[-1]) == sorted({everything[0], everything[-1]})


def test_token_takes_a_credentials_file(tmp_path: Path, running: Process, client: str, secret: str) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({client: {"secret": secret, "consumer": "x", "scopes": []}}))
    for options in ((), ("--client-id", client)):
        got = run("token", "--credentials", str(file), "--catalog", running.url, *options)
        assert got.exit_code == 0, got.output
    file.write_text(json.dumps({client: {"secret": secret}, "other": {"secret": "x"}}))
    refused = run("token", "--credentials", str(file), "--catalog", running.url)
    assert refused.exit_code == 2
    assert "has 2 applications" in refused.stderr
    assert "other" in refused.stderr
    refused = run("token", "--credentials", str(file), "--catalog", running.url, "--client-id", "third")
    assert refused.exit_code == 2
    assert "has no secret of 'third'" in refused.stderr
    assert secret not in refused.output
    file.write_text("[")
    refused = run("token", "--credentials", str(file), "--catalog", running.url)
    assert refused.exit_code == 2
    assert "is no credentials file" in refused.stderr


def test_token_explains_the_oauth_error(running: Process, client: str, secret: str) -> None:
    refused = run("token", "--client-id", client, "--catalog", running.url, OSTIARY_CLIENT_SECRET="wrong")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "invalid_client: Client authentication failed." in refused.stderr
    assert "ostiary catalog issue" in refused.stderr
    arguments = ("token", "--client-id", client, "--catalog", running.url, "--scope", "no:such")
    refused = run(*arguments, OSTIARY_CLIENT_SECRET=secret)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "invalid_scope" in refused.stderr
    assert "consumers.yaml" in refused.stderr


def test_token_never_takes_a_secret_from_the_command_line(running: Process, client: str, secret: str) -> None:
    refused = run("token", "--client-id", client, "--client-secret", secret, "--catalog", running.url)
    assert refused.exit_code == 2
    assert "command line" in refused.stderr
    assert secret not in refused.output


def test_token_refuses_to_send_a_secret_in_clear_to_another_machine(client: str) -> None:
    arguments = ("token", "--client-id", client, "--catalog", "http://catalog.example")
    refused = run(*arguments, OSTIARY_CLIENT_SECRET="x")
    assert refused.exit_code == 2
    assert "is not https" in refused.stderr


@pytest.mark.parametrize(
    ("catalog_url", "said"),
    [
        ("http://127.0.0.1:1", "cannot be reached"),
        ("ftp://127.0.0.1", "is no http(s) URL"),
        ("https://", "cannot be reached"),
    ],
)
def test_token_says_when_there_is_no_catalog(client: str, catalog_url: str, said: str) -> None:
    refused = run("token", "--client-id", client, "--catalog", catalog_url, OSTIARY_CLIENT_SECRET="x")
    assert refused.exit_code == 2
    assert said in refused.stderr


def test_token_without_a_client_or_a_secret_says_what_is_missing(client: str) -> None:
    refused = run("token")
    assert refused.exit_code == 2
    assert "which application?" in refused.stderr
    refused = run("token", "--client-id", client)
    assert refused.exit_code == 2
    assert "there is no client secret" in refused.stderr
    refused = run("token", "--client-id", client, "--client-secret", "-", stdin="\n")
    assert refused.exit_code == 2
    assert "is empty" in refused.stderr
