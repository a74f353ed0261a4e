"""A browser without scripts: it keeps cookies as browsers do, fills the forms that a page has, and follows
redirects."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL


@dataclass
class Form:
    """A form of a page: where it leads, and what its fields hold."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """What came, and the forms in it."""

    url: str
    status: int
    headers: dict[str, str]
    html: str
    forms: list[Form] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What a person reads."""
        without = re.sub(r"<(style|script|svg|head)\b.*?</\1>|<[^>]+>", " ", self.html, flags=re.DOTALL)
        return " ".join(unescape(without).split())

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def form(self, action: str) -> Form:
        """The form that leads to a path."""
        return next(each for each in self.forms if urlsplit(urljoin(self.url, each.action)).path == action)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(values["action"]))
        elif tag == "input" and self.forms and "name" in values:
            self.forms[-1].fields[values["name"]] = values.get("value", "")


class Browser:
    """One browser at one catalog. `page` is what it shows."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        # A catalog on this machine is reached by http, which browsers take as secure there.
        jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=URL(origin))
        self._session = aiohttp.ClientSession(cookie_jar=jar, headers={"User-Agent": "Test/1"})
        self.page = Page("", 0, {}, "")

    async def close(self) -> None:
        await self._session.close()

    def cookies(self) -> dict[str, str]:
        return {each.key: each.value for each in self._session.cookie_jar}

    def plant(self, name: str, value: str) -> None:
        """Sets a cookie as somebody else would."""
        self._session.cookie_jar.update_cookies({name: value}, URL(self.origin))

    async def get(self, path: str, *, follow: bool = True) -> Page:
        return await self._go("GET", urljoin(self.origin, path), {}, {"Sec-Fetch-Site": "none"}, follow)

    async def part(self, path: str) -> Page:
        """As a script of a page asks for a part of another."""
        headers = {"Sec-Fetch-Site": "same-origin", "HX-Request": "true"}
        return await self._go("GET", urljoin(self.origin, path), {}, headers, True)

    async def send(self, action: str, /, *, follow: bool = True, site: str = "same-origin", **typed: str) -> Page:
        """Fills the form of the page that leads to `action`, and sends it."""
        values = self.page.form(action).fields | typed
        headers = {"Sec-Fetch-Site": site, "Origin": self.origin}
        return await self._go("POST", urljoin(self.origin, action), values, headers, follow)

    async def post(self, path: str, values: dict[str, str], headers: dict[str, str]) -> Page:
        """Sends what no page asked for."""
        return await self._go("POST", urljoin(self.origin, path), values, headers, False)

    async def _go(
        self, method: str, url: str, values: dict[str, str], headers: dict[str, str], follow: bool
    ) -> Page:
        data = values if method == "POST" else None
        async with self._session.request(
            method, URL(url, encoded=True), data=data, headers=headers, allow_redirects=False
        ) as answer:
            html = await answer.text()
            fields = {name.lower(): value for name, value in answer.headers.items()}
            page = Page(url, answer.status, fields, html)
        if follow and 300 <= page.status < 400:
            return await self._go(
                "GET", urljoin(url, fields["location"]), {}, {"Sec-Fetch-Site": "same-origin"}, True
            )
        reader = _Reader()
        reader.feed(html)
        page.forms = reader.forms
        self.page = page
        onward = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', html)
        if follow and onward:
            target = onward.group(1).replace("&amp;", "&")
            return await self._go("GET", urljoin(url, target), {}, {"Sec-Fetch-Site": "same-origin"}, True)
        return page
