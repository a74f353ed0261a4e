"""What a page is held against: barriers by axe-core in both themes, its weight, and the width of a phone."""

import json
from pathlib import Path
from typing import Final

from playwright.async_api import Page

AXE: Final = Path(__file__).parents[2] / "data" / "axe" / "axe-4.14.1.min.js"
MOST_BYTES: Final = 200_000
NARROW: Final = 390
_RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_COLOURS: Final = ("color-contrast", "link-in-text-block")

_ASSETS: Final = """
() => [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src], img[src]")]
  .map((each) => each.href || each.src)
"""


async def barriers(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds on the page as it is now: rule, and the elements. With `rules` by those alone."""
    # Over the protocol, so that the page's Content-Security-Policy stays as it is.
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    only = json.dumps({"type": "rule", "values": rules} if rules else {"type": "tag", "values": _RULES})
    found = await page.evaluate(f"async () => (await axe.run({{runOnly: {only}}})).violations")
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}" for each in found]


async def faults(page: Page, path: str, sizes: dict[str, int]) -> list[str]:
    """Goes to a page, and says what is wrong with it. `sizes` keeps the bytes of assets from page to page."""
    await page.emulate_media(color_scheme="light")
    answer = await page.goto(path)
    assert answer is not None
    found = [] if answer.status < 500 else [f"status {answer.status}"]
    found += await barriers(page)
    await page.emulate_media(color_scheme="dark")
    found += [f"dark: {each}" for each in await barriers(page, _COLOURS)]
    weight = len(await answer.body())
    for address in await page.evaluate(_ASSETS):
        if address not in sizes:
            sizes[address] = len(await (await page.request.get(address)).body())
        weight += sizes[address]
    if weight >= MOST_BYTES:
        found.append(f"{weight} bytes")
    if await page.locator("h1").count() != 1:
        found.append("not one h1")
    wide = page.viewport_size
    await page.set_viewport_size({"width": NARROW, "height": 844})
    width = await page.evaluate("document.documentElement.scrollWidth")
    if width > NARROW:
        found.append(f"{width} pixels wide on a phone")
    if wide is not None:
        await page.set_viewport_size(wide)
    return found
