"""Pictures of the portal's main pages in both themes, of a demonstration with real processes and live traffic.

`make screenshots` writes them to build/screenshots, for the documentation, and for somebody to look at.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Page

from tests.browser.portal.stage import ARCHITECT, PARTNER, SECURITY, browser, demonstration, visiting

OUT: Final = Path(__file__).parents[3] / "build" / "screenshots"
THEMES: Final = ("light", "dark")
_SEEN_SECONDS: Final = 40.0  # until the traffic's quick beginning has been counted and told


@dataclass(frozen=True, slots=True)
class Shot:
    """A page as somebody sees it. `whole` takes all of it, and not what a screen shows first."""

    name: str
    member: str
    path: str
    whole: bool = False
    width: int = 1280


SHOTS: Final = (
    Shot("start", SECURITY, "/portal"),
    Shot("apis", PARTNER, "/portal/apis"),
    Shot("api", PARTNER, "/portal/apis/orders"),
    Shot("reference", PARTNER, "/portal/apis/orders/v2"),
    Shot("try", PARTNER, "/portal/apis/orders/v2/try/listOrders"),
    Shot("application", PARTNER, "/portal/applications/aurora-shop", whole=True),
    Shot("changes", ARCHITECT, "/portal/changes"),
    Shot("change", ARCHITECT, "/portal/changes/2"),
    Shot("calendar", ARCHITECT, "/portal/calendar"),
    Shot("estate", ARCHITECT, "/portal/estate"),
    Shot("graph", ARCHITECT, "/portal/estate/graph"),
    Shot("scorecards", ARCHITECT, "/portal/estate/scorecards"),
    Shot("drift", ARCHITECT, "/portal/estate/drift"),
    Shot("ledger", SECURITY, "/portal/security/ledger"),
    Shot("revoke", SECURITY, "/portal/security/revoke?what=application&which=lumen-bi"),
    Shot("audit", SECURITY, "/portal/security/audit"),
    Shot("health", ARCHITECT, "/portal/health"),
    Shot("errors", SECURITY, "/portal/errors"),
    Shot("refusal", PARTNER, "/portal/security/audit"),
    Shot("phone", PARTNER, "/portal/apis/orders", width=390),
)


async def take(page: Page, shot: Shot, theme: str) -> Path:
    """Goes there, and takes the picture."""
    file = OUT / f"{shot.name}-{theme}.png"
    await page.emulate_media(color_scheme="light" if theme == "light" else "dark")
    await page.set_viewport_size({"width": shot.width, "height": 844 if shot.width < 800 else 900})
    await page.goto(shot.path, wait_until="networkidle")
    await page.screenshot(path=file, full_page=shot.whole)
    return file


async def take_all(names: frozenset[str]) -> None:
    """All pictures, or those named, of a demonstration that is started for them."""
    OUT.mkdir(parents=True, exist_ok=True)
    shots = [each for each in SHOTS if not names or each.name in names]
    with tempfile.TemporaryDirectory() as folder, demonstration(Path(folder)) as stage:
        await asyncio.sleep(_SEEN_SECONDS)
        async with browser() as chrome:
            for member in {each.member: None for each in shots}:
                async with visiting(stage, chrome, member) as page:
                    await page.goto("/portal")  # from here on the reader's zone is known
                    for shot in shots:
                        if shot.member == member:
                            for theme in THEMES:
                                print(await take(page, shot, theme))


if __name__ == "__main__":
    asyncio.run(take_all(frozenset(sys.argv[1:])))
