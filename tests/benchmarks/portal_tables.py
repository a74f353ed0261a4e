"""How quick the portal's large tables are in a real browser: 10,000 applications, and a credential of each.

`python tests/benchmarks/portal_tables.py` runs a catalog process, logs a member of security in, and opens each
page some times in Chromium. It tells when the answer was there and when the page had loaded, by the browser's own
navigation timing (milliseconds since the click, https://www.w3.org/TR/navigation-timing-2/), and what came over
the wire: the page, and the whole of it with style sheets and scripts the first time.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from playwright.async_api import Page  # noqa: E402  the script's own packages

from catalog.demo.people import Person, log_ins  # noqa: E402
from tests.benchmarks import token_endpoint  # noqa: E402
from tests.browser.portal.stage import Stage, browser, visiting  # noqa: E402
from tests.catalog.processes import catalog  # noqa: E402

MEMBER: Final = "ruth"
REVOKING: Final = "whom a revocation hits"
ACTING: Final = "whom a bulk action hits"
PAGES: Final = (
    ("start", "/portal"),
    ("applications", "/portal/applications"),
    ("applications, searched", "/portal/applications?q=app-77"),
    ("an application", "/portal/applications/app-7"),
    ("ledger", "/portal/security/ledger"),
    ("ledger, by application", "/portal/security/ledger?order=application"),
    ("ledger, searched", "/portal/security/ledger?text=app-77"),
    ("ledger, not used for 90 days", "/portal/security/ledger?unused_days=90"),
    (REVOKING, "/portal/security/revoke?what=consumer&which=acme"),
    (ACTING, "/portal/security/ledger?owner=ruth"),
    ("rotations", "/portal/security/rotations"),
    ("audit log", "/portal/security/audit"),
    ("API", "/portal/apis/orders"),
    ("estate at a glance", "/portal/estate"),
    ("graph", "/portal/estate/graph"),
    ("scorecards", "/portal/estate/scorecards"),
)
"""What is opened. Of two of them what follows is measured: the page that shows whom the act would hit."""

_ANSWERED: Final = """
UPDATE credentials SET ends_at = expires_at, scopes = '["orders:read"]', team = 'a', purpose = 'The nightly run',
  owner = CASE WHEN rowid <= 1000 THEN 'ruth' ELSE 'ines' END
"""
_TIMING: Final = """
() => {
  const [page] = performance.getEntriesByType("navigation");
  const parts = performance.getEntriesByType("resource");
  return {
    status: page.responseStatus,
    answer: page.responseEnd,
    loaded: page.loadEventEnd,
    page: page.transferSize,
    parts: parts.reduce((sum, each) => sum + each.transferSize, 0),
    unpacked: page.decodedBodySize,
    elements: document.querySelectorAll("*").length,
  };
}
"""


@dataclass(frozen=True)
class Opened:
    """A page that was opened some times. Times in milliseconds, of the times after the first; sizes in bytes."""

    name: str
    path: str
    status: int
    answer: float
    loaded: float
    slowest: float
    page: int
    whole: int
    """With style sheets, scripts and pictures, when none of them was kept."""
    elements: int


def estate(folder: Path, applications: int) -> Path:
    """That of the tokens' benchmark, with somebody of security."""
    made = token_endpoint.estate(folder, applications)
    people = (
        "{ ines: { name: Ines, email: ines@acme.example, roles: [api-owner] },"
        f" {MEMBER}: {{ name: Ruth, email: ruth@acme.example, roles: [security] }} }}"
    )
    teams = f"teams: {{ a: {{ title: A, contact: a@acme.example, members: {people} }} }}\n"
    (made / "teams.yaml").write_text(teams)
    return made


async def measure(folder: Path, *, applications: int, times: int) -> list[Opened]:
    """Opens each page once with nothing kept, and then so many times. Raises RuntimeError for another status."""
    data = folder / "data"
    settings = {
        "OSTIARY_CATALOG_ESTATE": str(estate(folder / "estate", applications)),
        "OSTIARY_CATALOG_ENVIRONMENT": token_endpoint.ENVIRONMENT,
        "OSTIARY_CATALOG_WATCH": "0",
        "OSTIARY_CATALOG_LOG_LEVEL": "warning",
    }
    await token_endpoint.fill(data, applications)
    with closing(sqlite3.connect(data / "catalog.db")) as database, database:
        database.execute(_ANSWERED)
    with catalog(folder, **settings) as process:
        people = (Person(MEMBER, "security"),)
        made = await asyncio.to_thread(log_ins, process.url, data, people)
        stage = Stage(f"Catalog {process.url}", folder, log_ins=dict(made))
        opened = []
        async with browser() as chrome:
            for name, path in PAGES:
                async with visiting(stage, chrome, MEMBER) as page:
                    opened.append(await _opened(page, name, path, times))
        return opened


async def _opened(page: Page, name: str, path: str, times: int) -> Opened:
    seen = [await _open(page, name, path) for _ in range(times + 1)]
    first, later = seen[0], seen[1:]
    if any(each["status"] != 200 for each in seen):
        raise RuntimeError(f"{path} is refused: {first}")
    return Opened(
        name,
        path,
        first["status"],
        answer=median(each["answer"] for each in later),
        loaded=median(each["loaded"] for each in later),
        slowest=max(each["loaded"] for each in later),
        page=first["page"],
        whole=first["page"] + first["parts"],
        elements=first["elements"],
    )


async def _open(page: Page, name: str, path: str) -> dict[str, Any]:
    await page.goto(path, wait_until="load")
    if name == ACTING:
        await page.get_by_role("button", name="Act on all that match").click()
        await page.get_by_label("What is to be done").select_option("revoke")
    if name in (ACTING, REVOKING):
        await page.get_by_label("Why", exact=True).fill("Measured")
        await page.get_by_role("button", name="Show whom it hits").click()
        hits, alert = page.get_by_role("heading", name="Whom it hits"), page.get_by_role("alert")
        await hits.or_(alert).first.wait_for()
        if await alert.count():
            raise RuntimeError(await alert.first.inner_text())
    await page.wait_for_function("() => performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
    timing: dict[str, Any] = await page.evaluate(_TIMING)
    return timing


def told(opened: list[Opened]) -> str:
    """As a table."""
    head = ("| page | answer, ms | loaded, ms | slowest, ms | page, KB | whole, KB |", "|---|---|---|---|---|---|")
    lines = (
        f"| {each.name} | {each.answer:.0f} | {each.loaded:.0f} | {each.slowest:.0f} "
        f"| {each.page / 1000:.1f} | {each.whole / 1000:.1f} |"
        for each in opened
    )
    return "\n".join((*head, *lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        opened = asyncio.run(measure(Path(folder), applications=given.applications, times=given.times))
    print(told(opened))


if __name__ == "__main__":
    main()
