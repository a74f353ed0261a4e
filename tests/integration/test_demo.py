"""`ostiary demo`, as its user sees it: every printed line is run in a shell and keeps its promise."""

import asyncio
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pyotp import TOTP

import catalog.demo
from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import serve
from catalog.demo.people import PEOPLE
from catalog.demo.tour import DISPATCH, REPORTS, SHOP, Samples, Step, curl, steps
from catalog.portal.apis.reference import Shown, chapters_of
from catalog.portal.apis.samples import TOKEN, samples_of
from contracts.diff.contract import load_contract
from contracts.estate.estate import load_estate
from tests.catalog.browser import Browser

PATIENCE = 90.0

# One demo serves the whole file: its tests go to one worker.
pytestmark = pytest.mark.xdist_group("demo")
OSTIARY = [sys.executable, "-m", "catalog.cli.main"]


class Demo:
    """A running demo and what it printed."""

    def __init__(self, process: subprocess.Popen[str], text: str, folder: Path) -> None:
        self.process = process
        self.text = text
        self.folder = folder
        self.gateway = self._find(r"Gateway +(http://\S+)")
        self.catalog = self._find(r"Catalog +(http://\S+)")
        self.pids = {name: int(pid) for name, pid in re.findall(r"(?m)^  (\w+) +http.*process (\d+)$", text)}
        self._tokens: list[str] = []

    def _find(self, pattern: str) -> str:
        found = re.search(pattern, self.text)
        assert found, self.text
        return found[1]

    def line_after(self, comment: str) -> str:
        lines = self.text.splitlines()
        return lines[lines.index("# " + comment) + 1]

    def shell(self, command: str) -> str:
        """What a line prints in a shell that has the three tokens, got once by the printed lines."""
        if not self._tokens:
            lines = [line for line in self.text.splitlines() if re.match(r"[A-Z]+=\$\(", line)]
            names = [line.partition("=")[0] for line in lines]
            self._tokens = self._bash([*lines, *[f'echo "{name}=${name}"' for name in names]]).splitlines()
            assert all(re.fullmatch(r"[A-Z]+=[\w-]+\.[\w-]+\.[\w-]+", token) for token in self._tokens)
        return self._bash([*self._tokens, command])

    def _bash(self, lines: list[str]) -> str:
        script = "\n".join(lines)
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout is not None
        return self.process.stdout.read()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Demo]:
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*OSTIARY, "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        text = ""
        assert process.stdout is not None
        for line in process.stdout:
            text += line
            if line.startswith("Ctrl-C stops everything"):
                break
        else:
            pytest.fail(text)
        yield Demo(process, text, folder)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo")) as started:
        yield started


def promises() -> tuple[Step, ...]:
    return steps(Samples(1, 1, 1))


async def logged_in(demo: Demo, member: str) -> Browser:
    """A member's browser, on the portal's start."""
    printed = re.search(rf"(?m)^  {member} .* password (\S+)\n(?:.*with the key ([A-Z2-7]+),)?", demo.text)
    assert printed, demo.text
    password, key = printed.groups()
    browser = Browser(demo.catalog)
    page = await browser.get("/")
    assert page.path == "/login"
    page = await browser.send("/login", name=member, password=password)
    if key:
        assert page.path == "/login/factor"
        page = await browser.send("/login/factor", code=TOTP(key).now())
    assert (page.status, page.path) == (200, "/portal")
    return browser


@pytest.mark.parametrize("member", [each.member for each in PEOPLE])
async def test_each_person_logs_in_by_what_is_printed_and_sees_the_portal(demo: Demo, member: str) -> None:
    browser = await logged_in(demo, member)
    try:
        assert f"Welcome, {member}" in browser.page.text
        if member == "ruth":  # nobody answers for what waits for her decision, and for nothing else
            ledger = await browser.get("/portal/security/ledger?orphaned=true")
            assert "Nobody answers for: 1 " in ledger.text
            assert [each for each in (SHOP, DISPATCH, REPORTS) if each in ledger.text] == []
        if member == "dana":  # who answers for the credential of her team's application
            page = await browser.get("/portal/applications/aurora-shop")
            assert "client-secret" in page.text
            [credential] = set(re.findall(r'href="(/portal/security/ledger/[^"]+)"', page.html))
            assert "dana" in (await browser.get(credential)).text.partition("Log out")[2]
    finally:
        await browser.close()


async def test_a_little_traffic_goes_through_meanwhile(demo: Demo) -> None:
    log = Path(demo._find(r"Logs +(\S+)")) / "access.log"
    deadline = time.monotonic() + PATIENCE
    wanted = {200, 401, 403, 404, 422, 429}
    while wanted - {json.loads(line)["status"] for line in log.read_text().splitlines() if line.endswith("}")}:
        assert time.monotonic() < deadline, log.read_text()
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("index", range(len(promises())), ids=[step.shows for step in promises()])
def test_a_printed_line_keeps_its_promise(demo: Demo, index: int) -> None:
    step = promises()[index]
    output = demo.shell(demo.line_after(step.shows))
    assert output.startswith(f"HTTP/1.1 {step.status} "), output
    assert re.search(r"(?mi)^x-request-id: \S", output)
    if step.status >= 400:
        assert re.search(r"(?mi)^content-type: application/problem\+json\s*$", output)


def test_a_deprecated_version_announces_its_end(demo: Demo) -> None:
    output = demo.shell(demo.line_after("A version that ends says so: Deprecation, Sunset, Link to its successor"))
    assert re.search(r"(?mi)^deprecation: @\d+", output)
    assert re.search(r"(?mi)^sunset: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", output)
    assert re.search(r'(?mi)^link: .*rel="successor-version"', output)


def test_an_answer_outside_its_contract_is_in_the_log(demo: Demo) -> None:
    shows = "An answer outside its contract is passed on, and reported in the access log"
    request_id = re.search(r"(?mi)^x-request-id: (\S+)", demo.shell(demo.line_after(shows)))
    assert request_id is not None
    log = Path(demo._find(r"Logs +(\S+)")) / "access.log"
    deadline = time.monotonic() + PATIENCE
    while request_id[1] not in (text := log.read_text()):
        assert time.monotonic() < deadline, text
        time.sleep(0.05)
    (line,) = [line for line in text.splitlines() if request_id[1] in line]
    assert '"response_violations":[{"in":"body","pointer":"/events/' in line


def test_the_plan_s_limit_holds(tmp_path: Path) -> None:
    """In a demo of its own, as it uses up a plan and stops the catalog for good."""
    with running(tmp_path) as own:
        statuses = own.shell(
            own.line_after("The plan's limit: ten calls a minute, then 429 with Retry-After")
        ).split()
        assert statuses == ["200"] * 10 + ["429"] * 2
        stopped = own.line_after("Stop the catalog: the gateway goes on, and would start again from its disk")
        assert own.shell(stopped).startswith("HTTP/1.1 200 ")
        gone([own.pids["Catalog"]])
        rest = own.stop()
        assert "nothing is left behind" in rest
        assert list(tmp_path.iterdir()) == []
        gone(own.pids.values())


def test_killing_the_command_leaves_no_process_behind(tmp_path: Path) -> None:
    with running(tmp_path) as own:
        own.process.kill()
        own.process.wait()
        gone(own.pids.values())


def gone(pids: Iterable[int]) -> None:
    """Returns when none of the processes lives any more."""
    deadline = time.monotonic() + PATIENCE
    left = set(pids)
    while left:
        assert time.monotonic() < deadline, left
        left = {pid for pid in left if _lives(pid)}
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
    # A child of a dead parent is init's to reap; in a container without one it stays a zombie.
    return "State:\tZ" not in status


def test_once_makes_a_call_through_each_api_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [*OSTIARY, "demo", "--once"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for api in ("/orders/v1/", "/orders/v2/", "/partners/v1/", "/shipments/v1/"):
        assert re.search(rf"(?m)^200  GET {api}", done.stdout)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "quoted"),
    [
        ({"OSTIARY_DEMO_ODOO_URL": "http://127.0.0.1:1"}, "OSTIARY_DEMO_ODOO_DB, OSTIARY_DEMO_ODOO_USER"),
        (
            {
                f"OSTIARY_DEMO_ODOO_{name}": value
                for name, value in {"URL": "http://127.0.0.1:1", "DB": "d", "USER": "u", "KEY": "k"}.items()
            },
            "there is no Odoo at http://127.0.0.1:1",
        ),
    ],
)
def test_an_odoo_that_is_not_there_is_said(tmp_path: Path, environment: dict[str, str], quoted: str) -> None:
    done = subprocess.run(
        [*OSTIARY, "demo", "--once"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "TMPDIR": str(tmp_path), **environment},
    )
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert quoted in done.stderr


def test_a_curl_line_hides_the_token_in_a_variable() -> None:
    step = Step("", "/x", 200, REPORTS)
    assert curl(step, "http://gw") == (
        "curl -sS -i -H \"Authorization: Bearer $REPORTS\" -g --path-as-is 'http://gw/x'"
    )


def operations() -> Iterator[tuple[str, str, Shown]]:
    """Of the APIs' newest versions, each with the variable of a token for it and the base path."""
    root = Path(catalog.demo.__file__).parent / "estate"
    estate, _ = load_estate(root)
    assert estate is not None
    tokens = {"orders/v2": "SHOP", "partners/v1": "SHOP", "shipments/v1": "DISPATCH"}
    for each in estate.versions:
        variable = tokens.get(f"{each.api}/{each.version}")
        if variable is None:
            continue
        contract, findings = load_contract(root / f"apis/{each.api}/{each.version}.openapi.yaml")
        assert contract is not None, findings
        for chapter in chapters_of(contract):
            for operation in chapter.operations:
                yield variable, each.base_path, operation


def test_code_of_the_portal_runs_as_it_is_pasted(demo: Demo, tmp_path: Path) -> None:
    """In each language each operation is done: the request is a good one as it stands."""
    programs = ["python3 -c", *(["node --input-type=module -e"] if shutil.which("node") else [])]
    found: dict[str, set[str]] = {}
    for variable, base, operation in operations():
        code, *others = (sample.code for sample in samples_of(operation, demo.gateway + base))
        # Some keep what they get in a file.
        token = f'cd {shlex.quote(str(tmp_path))}; export {TOKEN}="${variable}"'
        silent = "--silent --output /dev/null --write-out '%{http_code}'"
        found[operation.id] = {demo.shell(f"{token}\n{code} {silent}").strip()}
        for program, other in zip(programs, others, strict=False):
            printed = demo.shell(f"{token}\n{program} {shlex.quote(other)}")
            found[operation.id].add(printed.split()[0])
    assert len(found) > 10
    # The order that is an example may be confirmed already: that is the system's word, and no wrong request.
    expected = {name: {"200", "201"} | ({"422"} if name == "confirmOrder" else set()) for name in found}
    assert {name: statuses for name, statuses in found.items() if not statuses <= expected[name]} == {}


@pytest.mark.parametrize("version", ["17.0", "18.0", "19.0"])
async def test_an_odoo_of_ones_own_takes_the_stand_in_s_place(tmp_path: Path, version: str) -> None:
    """The stand-in plays the user's Odoo: another database, another user, a key that the demo did not make."""
    settings = Settings(database="acme", version=version, api_keys=(ApiKey("own-key", "demo", name="gateway"),))
    async with serve(settings) as url:
        own = {"URL": url, "DB": "acme", "USER": "demo", "KEY": "own-key"}
        process = await asyncio.create_subprocess_exec(
            *OSTIARY,
            "demo",
            "--once",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(tmp_path), **{f"OSTIARY_DEMO_ODOO_{k}": v for k, v in own.items()}},
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert b"One call through each API went as promised" in output
    assert list(tmp_path.iterdir()) == []
