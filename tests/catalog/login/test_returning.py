"""Where a log-in may lead back to."""

import pytest
from starlette.requests import Request

from catalog.login.returning import HOME, login_redirect, safe_path
from catalog.pages.assets import Assets
from catalog.pages.pages import Pages

PAGES = Pages("https://catalog.example/base", Assets())


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/account",
        "/oauth/authorize?client_id=a&redirect_uri=https%3A%2F%2Fapp.example%2F&scope=a+b",
        "/x?claims={%22a%22:[1]}&y=a|b",
        "/a//b",
        "/x#part",
    ],
)
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "account",
        "//evil.example",
        "/\\evil.example",
        "///evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/a b",
        '/"onload',
        "/<b>",
        "/é",
        "/\x00",
        "/a\\b",
        "/" + "x" * 9000,
    ],
)
def test_anything_else_leads_home(text: str) -> None:
    assert safe_path(text) == HOME


def test_the_redirect_asks_to_come_back_to_what_was_asked_for() -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/oauth/authorize",
        "raw_path": b"/oauth/authorize",
        "query_string": b"client_id=a&state=%2Fx",
        "headers": [],
    }
    found = login_redirect(Request(scope), PAGES, again=True)
    assert found.status_code == 303
    wanted = "%2Foauth%2Fauthorize%3Fclient_id%3Da%26state%3D%252Fx"
    assert found.headers["location"] == f"/base/login?next={wanted}&again=1"
