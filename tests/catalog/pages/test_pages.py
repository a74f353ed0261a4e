"""What holds for every page, form and asset."""

import base64
import hashlib
import re
from pathlib import Path

import jinja2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from catalog.pages.assets import STATIC, Assets
from catalog.pages.forms import MAX_BODY, MEDIA_TYPE, Form, from_us, read_form, refuse_forged
from catalog.pages.pages import TEMPLATES, Pages
from contracts.problems import Problem, problem
from tests.catalog.serving import World

ORIGIN = "https://catalog.example"


def request(body: bytes = b"", *, media_type: str = MEDIA_TYPE, **headers: str) -> Request:
    """A form that was sent, with these header fields (`_` for `-`)."""
    fields = {"content-type": media_type, **{name.replace("_", "-"): value for name, value in headers.items()}}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "method": "POST",
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        "state": {"request_id": "r-1"},
        "app": Starlette(),
    }
    return Request(scope, receive)


async def test_a_form_is_read_as_browsers_send_it() -> None:
    form = await read_form(request(b"name=Anna+B%C3%A4r&empty=&password=+x+"))
    assert isinstance(form, Form)
    assert (form.text("name"), form.text("empty"), form.text("absent")) == ("Anna Bär", "", "")
    assert (form.text("password"), form.secret("password")) == ("x", " x ")
    assert "Anna" not in repr(form)


@pytest.mark.parametrize(
    ("body", "media_type", "id"),
    [
        (b"a=1", "application/json", "unsupported-media-type"),
        (b"a=1", "multipart/form-data; boundary=x", "unsupported-media-type"),
        (b"a=1", "", "unsupported-media-type"),
        (b"a=" + b"x" * MAX_BODY, MEDIA_TYPE, "body-too-large"),
        (b"a=1&a=2", MEDIA_TYPE, "malformed-request"),
        (b"a=%ff", MEDIA_TYPE, "malformed-request"),
        (b"a=\xff", MEDIA_TYPE, "malformed-request"),
        (b"a=%00", MEDIA_TYPE, "malformed-request"),
        (b"&".join(b"a%d=1" % number for number in range(200)), MEDIA_TYPE, "malformed-request"),
    ],
)
async def test_what_no_browser_sends_is_refused(body: bytes, media_type: str, id: str) -> None:  # noqa: A002
    refused = await read_form(request(body, media_type=media_type))
    assert isinstance(refused, Problem)
    assert refused.type.id == id


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "same-origin", "origin": "https://evil.example"}, True),
        ({"sec_fetch_site": "same-site", "origin": ORIGIN}, False),
        ({"sec_fetch_site": "cross-site", "origin": ORIGIN}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"origin": ORIGIN}, True),
        ({"origin": ORIGIN + "."}, False),
        ({"origin": "http://catalog.example"}, False),
        ({"origin": "null"}, False),
        ({"referer": ORIGIN + "/login"}, False),
        ({}, False),
    ],
)
def test_the_browsers_word_says_whose_page_it_was(headers: dict[str, str], ours: bool) -> None:
    assert from_us(request(**headers), ORIGIN) is ours


@pytest.mark.parametrize(
    ("sent", "wanted", "good"), [("t", "t", True), ("t", "u", False), ("", "", False), ("é", "t", False)]
)
def test_the_token_has_to_be_the_sessions(sent: str, wanted: str, good: bool) -> None:
    refusal = refuse_forged(request(sec_fetch_site="same-origin"), Form({"csrf": sent}), ORIGIN, wanted)
    assert (refusal is None) is good


def test_no_template_has_anything_inline_or_from_elsewhere() -> None:
    for file in TEMPLATES.glob("*.html"):
        text = file.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text), file.name
        assert not re.search(r"""(src|href|action)=["'](https?:)?//""", text), file.name
        for form in re.findall(r'<form method="post".*?</form>', text, re.DOTALL):
            assert "token(" in form or "csrf" in form, file.name


def test_every_script_and_style_sheet_is_bound_to_its_content() -> None:
    for file in TEMPLATES.glob("*.html"):
        for tag in re.findall(r"<script[^>]*>|<link rel=\"stylesheet\"[^>]*>", file.read_text()):
            assert "integrity=" in tag, file.name
    assets = Assets().by_name
    for name, asset in assets.items():
        digest = base64.b64encode(hashlib.sha384((STATIC / name).read_bytes()).digest()).decode()
        assert asset.integrity == f"sha384-{digest}"


def test_what_a_template_lacks_is_a_fault_and_not_an_empty_place() -> None:
    with pytest.raises(jinja2.UndefinedError):
        Pages(ORIGIN, Assets()).page("error.html", title="x")


def test_a_catalog_below_a_path_has_its_links_there() -> None:
    pages = Pages("https://example.com/catalog", Assets())
    page = pages.page("error.html", title="x", detail="<b>", request_id="r")
    assert b'href="/catalog/assets/' in page.body
    assert b"&lt;b&gt;" in page.body
    assert pages.redirect("/login").headers["location"] == "/catalog/login"
    assert pages.origin == "https://example.com"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Catalog.Example:443/x", "https://catalog.example"),
        ("http://localhost:80", "http://localhost"),
        ("https://catalog.example:8443", "https://catalog.example:8443"),
        ("http://[::1]:8081", "http://[::1]:8081"),
    ],
)
def test_an_origin_is_spelled_as_browsers_do(url: str, origin: str) -> None:
    assert Pages(url, Assets()).origin == origin


def test_a_forms_further_targets_stand_in_the_policy() -> None:
    pages = Pages(ORIGIN, Assets())
    page = pages.page("error.html", form_targets=("https://app.example",), title="", detail="", request_id="")
    assert "form-action 'self' https://app.example;" in page.headers["content-security-policy"]


def test_a_refusal_has_its_status_its_fields_and_the_requests_id() -> None:
    pages = Pages(ORIGIN, Assets())
    refused = pages.refusal(request(), problem("store-unavailable", "Gone.", headers=(("Retry-After", "5"),)))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert b"r-1" in refused.body


async def test_an_asset_is_kept_by_its_version_and_another_version_is_not(world: World) -> None:
    asset = Assets().by_name["ostiary.css"]
    async with world.session.get(world.url + asset.path) as answer:
        assert (answer.status, await answer.read()) == (200, asset.data)
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith("text/css")
    async with world.session.get(f"{world.url}/assets/0000/ostiary.css") as answer:
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    for path in ("/assets/0000/none.css", "/assets/0000/..%2fpages.py", "/assets/0000/base.html"):
        async with world.session.get(world.url + path) as answer:
            assert answer.status == 404, path


def test_only_what_browsers_are_given_is_an_asset(tmp_path: Path) -> None:
    for name in ("a.css", "b.js", "c.py", ".d.css.swp"):
        (tmp_path / name).write_text("x")
    assert set(Assets(tmp_path).by_name) == {"a.css", "b.js"}
