import pytest

from contracts.openapi.paths import base_path_of, parameters_of, shape_of, template_fault


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a",
        "/a/",
        "/a/{b}",
        "/{a}/{b}/",
        "/a.b/c-d_e~f",
        "/a:b",
        "/a,b",
        "/a@b",
        "/$metadata",
        "/a(b)",
        "/...",
        "/{a b}",
    ],
)
def test_templates_that_are_safe(path):
    assert template_fault(path) == ""


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "a",
            "//",
            "//a",
            "/a//b",
            "/./a",
            "/a/.",
            "/a/..",
            "/a%2fb",
            "/a%20b",
            "/a b",
            "/a;b",
            "/a?b",
            "/a#b",
        ),
        *("/a\\b", "/é", "/a\n", "/v{x}", "/{x}.json", "/{x}{y}", "/{}", "/{", "/}", "/{x", "/{a}/{a}", "/{+a/b}"),
    ],
)
def test_templates_that_are_not(path):
    assert template_fault(path)


def test_templates_of_one_shape_match_the_same_paths():
    assert shape_of("/a/{b}/c") == shape_of("/a/{x}/c")
    assert shape_of("/a/{b}") != shape_of("/a/b")
    assert shape_of("/a/{b}") != shape_of("/a/{b}/")
    assert parameters_of("/a/{b}/{c}") == ["b", "c"]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.example/b/c/", "/b/c"),
        ("/b", "/b"),
        ("https://a.example", ""),
        ("https://[x/b", None),
        ("/b/./c", None),
    ],
)
def test_base_paths(url, path):
    assert base_path_of(url) == path
