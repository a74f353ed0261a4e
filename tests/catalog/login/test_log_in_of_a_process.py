"""A member is invited by the command and logs in to a catalog that runs as a process, hashing at full strength.

Afterwards everything that was written is searched for what opens.
"""

import asyncio
import re
from pathlib import Path

import pyotp

from catalog.login import cookies
from tests.catalog.browser import Browser
from tests.catalog.login.people import PASSWORD, secret_of
from tests.catalog.processes import ROOT, catalog, ostiary

SAMPLE = ROOT / "catalog" / "demo" / "estate"
WRONG = "canary-of-a-wrong-password"


async def test_from_the_invitation_to_the_logging_out_nothing_that_opens_is_written(tmp_path: Path) -> None:
    with catalog(tmp_path, OSTIARY_CATALOG_ESTATE=str(SAMPLE), OSTIARY_CATALOG_WATCH="0") as running:
        data = ("--data", str(running.data), "--estate", str(SAMPLE))
        issued = await asyncio.to_thread(ostiary, "catalog", "member-token", "ruth", *data)
        shell = {"OSTIARY_CATALOG_URL": running.url, "OSTIARY_TOKEN": issued.stdout.strip()}
        invited = await asyncio.to_thread(lambda: ostiary("accounts", "invite", "ruth", **shell))
        assert invited.returncode == 0, invited.stderr
        code = invited.stdout.strip()
        assert f"{running.url}/login/invitation?member=ruth" in invited.stderr
        found = {"password": PASSWORD, "wrong password": WRONG, "code": code}
        browser, again = Browser(running.url), Browser(running.url)
        try:
            await browser.get("/login/invitation?member=ruth")
            await browser.send("/login/invitation", code=code, password=PASSWORD, again=PASSWORD)
            assert browser.page.path == "/login/enrol"
            found["step"] = browser.cookies()[cookies.LOG_IN]
            found["TOTP secret"] = secret_of(browser)
            await browser.send("/login/enrol/totp", code=pyotp.TOTP(found["TOTP secret"]).now())
            recovery = re.findall(r"<code>([^<]+)</code>", browser.page.html)
            assert len(recovery) == 10
            found |= {f"recovery code {number}": each for number, each in enumerate(recovery)}
            found["session"] = browser.cookies()[cookies.SESSION]
            await browser.get("/account")
            found["csrf token"] = browser.page.form("/logout").fields["csrf"]
            assert "by pwd and otp" in browser.page.text
            await again.get("/login")
            await again.send("/login", name="ruth", password=WRONG)
            assert again.page.status == 422
            await again.send("/login", name=WRONG, password=PASSWORD)
            await again.send("/login", name="ruth", password=PASSWORD)
            await again.send("/login/factor", code=recovery[0])
            assert again.page.path == "/portal"
            found["second session"] = again.cookies()[cookies.SESSION]
        finally:
            await browser.close()
            await again.close()
        listed = await asyncio.to_thread(lambda: ostiary("accounts", "list", **shell))
        assert re.search(r"ruth +\S+Z +totp +2", listed.stdout), listed.stdout
        shown = await asyncio.to_thread(lambda: ostiary("audit", "export", **shell))
        running.stop()
        sinks = {
            str(path.relative_to(tmp_path)): path.read_bytes()
            for path in tmp_path.rglob("*")
            if path.is_file() and path.parent != running.data / "keys"
        }
    sinks |= {"audit": shown.stdout.encode(), "list": listed.stdout.encode()}
    assert any(name.endswith("catalog.db") for name in sinks)
    assert b'"account"' in sinks["audit"]
    for what, text in found.items():
        for form in {text, text.replace("-", ""), text.replace(" ", "")}:
            holders = [name for name, data in sinks.items() if form.encode() in data]
            assert not holders, f"the {what} stands in {holders}"
