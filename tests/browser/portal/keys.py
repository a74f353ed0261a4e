"""A person without a mouse: keys alone, and the eye on where the focus is."""

from typing import Final

from playwright.async_api import Page

_MOST: Final = 150

_FOCUSED: Final = """
() => {
  const focused = document.activeElement;
  if (focused === document.body) return ["", true];
  const style = getComputedStyle(focused);
  const label = focused.labels?.[0]?.textContent || focused.getAttribute("aria-label") || focused.textContent;
  const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return [(label || "").replace(/\\s+/g, " ").trim(), seen];
}
"""


async def tab_to(page: Page, name: str) -> None:
    """Presses Tab until what is called so has the focus. Each stop on the way must be seen as such."""
    passed: list[str] = []
    for _ in range(_MOST):
        await page.keyboard.press("Tab")
        found, seen = await page.evaluate(_FOCUSED)
        assert seen, f"the focus on {found!r} cannot be seen"
        if found == name:
            return
        passed.append(found)
    raise AssertionError(f"Tab does not lead to {name!r}: {passed}")


async def follow(page: Page, name: str) -> None:
    """Goes to a link or button by Tab, and presses Enter."""
    await tab_to(page, name)
    await page.keyboard.press("Enter")


async def write(page: Page, name: str, text: str) -> None:
    """Goes to a field by Tab, and types."""
    await tab_to(page, name)
    await page.keyboard.type(text)
