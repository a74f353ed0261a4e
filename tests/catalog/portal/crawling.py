"""Every page that somebody gets to: by following the links of the portal from its start, as a person would."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from starlette.routing import BaseRoute, Route

from catalog.composition import Catalog
from tests.catalog.browser import Page

START: Final = "/portal"
_OF_A_KIND: Final = 3
"""Pages of one route that are looked at: those after them are like them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A page: the route that it is of, its path with its query, and what came."""

    route: str
    path: str
    page: Page = field(repr=False)

    @property
    def offers(self) -> frozenset[str]:
        """Where its forms lead, by which the pages of two people differ."""
        return frozenset(urlsplit(each.action).path for each in self.page.forms)


def portal_routes(catalog: Catalog) -> tuple[Route, ...]:
    """The routes of all pages that are looked at; without the one that says that there is no page."""
    routes: Iterable[BaseRoute] = catalog.app.routes
    return tuple(
        each
        for each in routes
        if isinstance(each, Route)
        and each.path.startswith(START)
        and "GET" in (each.methods or ())
        and not each.path.endswith(":path}")
    )


async def crawl(get: Callable[[str], Awaitable[Page]], routes: Iterable[Route]) -> list[Seen]:
    """Follows links breadth first, to a few pages of each route, with a query and without."""
    routes = tuple(routes)
    waiting, known, taken = [START], {START}, Counter[tuple[str, bool]]()
    seen: list[Seen] = []
    while waiting:
        path = waiting.pop(0)
        parts = urlsplit(path)
        route = next((each.path for each in routes if each.path_regex.match(parts.path)), "")
        kind = (route, bool(parts.query))
        if not route or taken[kind] == _OF_A_KIND:
            continue
        taken[kind] += 1
        page = await get(path)
        seen.append(Seen(route, path, page))
        if not page.headers.get("content-type", "").startswith("text/html"):
            continue
        links = _Links()
        links.feed(page.html)
        for link in links.found:
            target = urldefrag(urljoin(page.url, link)).url
            split = urlsplit(target)
            if split.netloc != urlsplit(page.url).netloc or not split.path.startswith(START):
                continue
            wanted = split.path + (f"?{split.query}" if split.query else "")
            if wanted not in known:
                known.add(wanted)
                waiting.append(wanted)
    return seen


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        href = dict(attributes).get("href")
        if tag == "a" and href:
            self.found.append(href)
