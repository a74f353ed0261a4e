"""The demonstration as a stage: real processes, a little traffic, a change that waits, and people who are let in
by what `ostiary demo` prints."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.async_api import APIResponse, Browser, Page, StorageState, async_playwright

from catalog.demo.people import LogIn, Person, log_ins
from catalog.demo.tour import Answer, Step, Visitor, fetch
from catalog.demo.working import Worker

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 90.0

ZONE: Final = "Europe/Brussels"
PARTNER: Final = "dana"
SECURITY: Final = "ruth"
ARCHITECT: Final = "omar"
PEOPLE: Final = (PARTNER, SECURITY, ARCHITECT)


@dataclass
class Stage:
    """A running demonstration. `states` are the cookies of those who are logged in, by member."""

    text: str
    folder: Path
    states: dict[str, StorageState] = field(default_factory=dict)
    log_ins: dict[str, LogIn] = field(default_factory=dict)
    _visitor: Visitor | None = None
    _workers: dict[str, Worker] = field(default_factory=dict)

    def _find(self, pattern: str) -> str:
        found = re.search(pattern, self.text)
        assert found, self.text
        return found[1]

    @property
    def catalog(self) -> str:
        return self._find(r"Catalog +(http://\S+)")

    @property
    def gateway(self) -> str:
        return self._find(r"Gateway +(http://\S+)")

    @property
    def root(self) -> Path:
        """Where the demonstration keeps what it has."""
        return Path(self._find(r"Logs +(\S+)")).parent

    async def worker(self, member: str) -> Worker:
        """A member at the admin API, with a token of their own."""
        if member not in self._workers:
            made = await asyncio.to_thread(Worker.of, self.catalog, self.root / "catalog", member)
            assert made is not None, member
            self._workers[member] = made
        return self._workers[member]

    async def admin(
        self, member: str, path: str, body: dict[str, Any] | None = None, *, method: str = "", if_match: str = ""
    ) -> Answer:
        """What the admin API answers a member, refusals too: GET, or POST of a body, where no method is said."""
        token = (await self.worker(member)).token
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        return await asyncio.to_thread(
            fetch,
            f"{self.catalog}/admin/v1{path}",
            method=method or ("GET" if body is None else "POST"),
            headers=headers | ({"If-Match": if_match} if if_match else {}),
            body=sent,
        )

    async def let_in(self, member: str) -> None:
        """Gives a further member a log-in, as the demonstration gives those whom it prints."""
        if member not in self.log_ins:
            people = (Person(member, ""),)
            self.log_ins |= await asyncio.to_thread(log_ins, self.catalog, self.root / "catalog", people)

    async def status_of(self, step: Step) -> int:
        """What the gateway answers to an application that goes on using the token it got first."""
        if self._visitor is None:
            entries = json.loads((self.root / "credentials.json").read_text(encoding="utf-8"))
            secrets = {client_id: entry["secret"] for client_id, entry in entries.items()}
            self._visitor = Visitor(self.catalog, self.gateway, secrets)
        answer = await asyncio.to_thread(self._visitor.send, step)
        return answer.status

    def password(self, member: str) -> str:
        """As it is printed, or was made here."""
        if member in self.log_ins:
            return self.log_ins[member].password
        return self._find(rf"(?m)^  {member} .* password (\S+)$")

    def code(self, member: str) -> str:
        """What an app shows that has the printed key; empty for who needs none."""
        if member in self.log_ins:
            return pyotp.TOTP(self.log_ins[member].app_key).now()
        after = self.text.partition(f"\n  {member} ")[2].splitlines()
        key = re.search(r"with the key ([A-Z2-7]+)", after[1])
        return pyotp.TOTP(key[1]).now() if key else ""


def chromium_here() -> str:
    """The program. Skips, loudly, where there is none."""
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    if found is None:
        pytest.skip("NO CHROMIUM HERE: the portal was NOT looked at in a browser")
    return found


@contextlib.contextmanager
def demonstration(folder: Path) -> Iterator[Stage]:
    """Runs `ostiary demo --governed` until the end of the block."""
    environment = {
        **os.environ,
        "TMPDIR": str(folder),
        "PYTHONUNBUFFERED": "1",
        "OSTIARY_GATEWAY_USAGE_INTERVAL": "0.5",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "catalog.cli.main", "demo", "--governed", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        text = ""
        for line in process.stdout:
            text += line
            if line.startswith("Ctrl-C stops everything"):
                break
        else:
            raise AssertionError(text)
        yield Stage(text, folder)
    finally:
        process.terminate()
        process.communicate(timeout=_PATIENCE)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    program = chromium_here()
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield started
        finally:
            await started.close()


@asynccontextmanager
async def visiting(stage: Stage, who: Browser, member: str, **options: Any) -> AsyncIterator[Page]:
    """A page of a member who is logged in, watched."""
    if member not in stage.states:
        stage.states[member] = await _logged_in(stage, who, member)
    async with watched(who, storage_state=stage.states[member], base_url=stage.catalog, **options) as page:
        yield page


@asynccontextmanager
async def watched(who: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page in a context of its own. What the browser complains of fails the test: errors of scripts, dialogs,
    and what the Content-Security-Policy has stopped."""
    settings = {"viewport": {"width": 1280, "height": 900}, "timezone_id": ZONE, **options}
    context = await who.new_context(**settings)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
    try:
        yield page
        # A page that refuses has a status of 4xx, which the browser also logs.
        assert [each for each in complaints if "status of 4" not in each] == []
    finally:
        await context.close()


async def send(page: Page, path: str, **form: str) -> APIResponse:
    """What is answered to a form of the portal that no page offers, sent as the page's own forms are."""
    token = await page.locator("input[name=csrf]").first.input_value()
    address = urlsplit(page.url)
    origin = f"{address.scheme}://{address.netloc}"
    return await page.request.post(path, form={"csrf": token, **form}, headers={"Origin": origin})


async def log_in(stage: Stage, page: Page, member: str) -> None:
    """By what is printed, on the page of the log-in that is shown."""
    await page.get_by_label("Name").fill(member)
    await page.get_by_label("Password").fill(stage.password(member))
    await page.get_by_role("button", name="Log in", exact=True).click()
    code = stage.code(member)
    if code:
        await page.get_by_label("Code").fill(code)
        await page.get_by_role("button", name="Go on").click()
    await page.wait_for_url("**/portal**")


async def _logged_in(stage: Stage, who: Browser, member: str) -> StorageState:
    context = await who.new_context(base_url=stage.catalog, timezone_id=ZONE)
    try:
        page = await context.new_page()
        await page.goto("/")
        await log_in(stage, page, member)
        return await context.storage_state()
    finally:
        await context.close()
