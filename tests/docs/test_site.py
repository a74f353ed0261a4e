"""The documentation as it is built: strictly, and for readers whose machine reaches nobody else."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FETCHING = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "object": "data",
    "embed": "src",
    "use": "href",
}
FOREIGN = re.compile(r"(?:[a-z]+:)?//", re.I)


class Fetches(HTMLParser):
    """Collects what a browser fetches of itself when it shows the page."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and values.get("rel") in ("canonical", "alternate", "next", "prev"):
            return
        if tag in FETCHING and (url := values.get(FETCHING[tag])):
            self.urls.append(url)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert not re.search(r"^(WARNING|ERROR)", built.stderr, re.M), built.stderr
    return target


def test_site(site: Path) -> None:
    """One test, so that one build serves it however the tests are spread."""
    pages = sorted(site.rglob("*.html"))
    names = {page.relative_to(site).as_posix() for page in pages}
    assert {"index.html", "guides/demo.html", "reference/problems.html", "reference/python.html"} <= names
    assert not list(site.rglob("*.py"))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetches = Fetches()
        fetches.feed(text)
        assert fetches.urls, page
        assert [url for url in fetches.urls if FOREIGN.match(url)] == [], page
        # The theme fetches Mermaid from a CDN as soon as a page has a diagram of that kind.
        assert 'class="mermaid"' not in text, page
        # A table, a fence or an emphasis that was not understood stands in the page as it was written.
        body = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", text, flags=re.S)
        assert not re.search(r"^\s*\|.*\|\s*$|```|\*\*", body, re.M), page
    for sheet in site.rglob("*.css"):
        found = re.findall(r"(?:url\(|@import )['\"]?([^'\")]+)", sheet.read_text(encoding="utf-8"))
        assert [url for url in found if FOREIGN.match(url)] == [], sheet
    assert "dataclass" in (site / "reference" / "python.html").read_text(encoding="utf-8")
