"""Whether a page can be read and used by everyone, as far as a script can tell (WCAG 2.2 AA)."""

import json
from pathlib import Path

from tests.browser.chromium import Tab

CONTRASTS = """
(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3).map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const worst = {};
  for (const node of document.querySelectorAll("body *")) {
    const words = [...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    if (!words || !node.getClientRects().length || node.closest(".skip")) continue;
    const [one, other] = [light(getComputedStyle(node).color), light(ground(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) worst[node.tagName + ": " + node.textContent.trim().slice(0, 30)] = ratio.toFixed(2);
  }
  return JSON.stringify(worst);
})()
"""

UNLABELLED = """
JSON.stringify([...document.querySelectorAll("input:not([type=hidden]):not([hidden]), button")]
  .filter((each) => !(each.labels?.length || each.textContent.trim()))
  .map((each) => each.outerHTML))
"""

SMALL = """
JSON.stringify([...document.querySelectorAll("button, input:not([type=hidden]):not([hidden]), .button")]
  .map((each) => [each.outerHTML.slice(0, 60), each.getBoundingClientRect()])
  .filter(([_, box]) => box.height < 24 || box.width < 24)
  .map(([what]) => what))
"""


async def look(tab: Tab, picture: Path, width: int = 1000) -> None:
    """Fails where the page that a tab shows has text of too little contrast, a field without a label, something
    too small to be hit, or more than its width; and keeps a picture of it."""
    await tab.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
    )
    faults = [json.loads(await tab.run(script)) for script in (CONTRASTS, UNLABELLED, SMALL)]
    assert faults == [{}, [], []], picture.stem
    assert await tab.run("document.documentElement.lang") == "en"
    assert await tab.run("document.querySelectorAll('h1').length") == 1, picture.stem
    assert await tab.run("document.documentElement.scrollWidth") <= width, picture.stem
    await tab.picture(picture)
