"""The router, against a plain reading of OpenAPI's rule."""

import re
import weakref
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import routing
from policies.routing import Router

SEGMENT = st.sampled_from(["a", "b", "c", "{x}", "{y}"])
TEMPLATES = st.lists(
    st.lists(SEGMENT, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts)), max_size=12
)
PATHS = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)


def shape(template: str) -> str:
    return re.sub(r"\{\w+\}", "{}", template)


def matches(template: str, path: str) -> bool:
    mine, theirs = template.split("/")[1:], path.split("/")[1:]
    return len(mine) == len(theirs) and all(
        (a.startswith("{") and b != "") or a == b for a, b in zip(mine, theirs, strict=True)
    )


@given(TEMPLATES, PATHS)
def test_the_most_concrete_template_wins_from_left_to_right(templates: list[str], path: str) -> None:
    unique = list({shape(template): template for template in templates}.values())
    router = Router(("GET", template, template) for template in unique)
    candidates = [template for template in unique if matches(template, path)]
    best = min(
        candidates, key=lambda template: [part.startswith("{") for part in template.split("/")], default=None
    )
    found = router.match(path)
    if best is None:
        assert found is None
    else:
        assert found is not None
        methods, values = found
        assert methods == {"GET": best}
        expected = [b for a, b in zip(best.split("/"), path.split("/"), strict=True) if a.startswith("{")]
        assert list(values) == expected


def test_methods_of_one_path_are_together() -> None:
    router = Router([("GET", "/a/{id}", 1), ("PUT", "/a/{key}", 2)])
    assert router.match("/a/7") == ({"GET": 1, "PUT": 2}, ("7",))


def test_a_semicolon_leads_to_parameters_of_the_style_matrix_and_to_no_others() -> None:
    router = Router([("GET", "/a/{;id}", 1), ("PUT", "/a/{id}", 2), ("GET", "/b/{id}", 3), ("GET", "/{;x}/c", 4)])
    assert router.match("/a/;id=7") == ({"GET": 1}, (";id=7",))
    assert router.match("/a/7") == ({"GET": 1, "PUT": 2}, ("7",))
    assert router.match("/b/;id=7") is None
    assert router.match("/;x=1/c") == ({"GET": 4}, (";x=1",))
    assert len(router) == 4
    router.remove("GET", "/a/{;id}")
    assert router.match("/a/;id=7") is None
    assert router.match("/a/7") == ({"PUT": 2}, ("7",))
    with pytest.raises(ValueError, match="claimed twice"):
        router.add("PUT", "/a/{;id}", 5)
    assert router.match("/a/;id=7") is None


def test_a_trailing_slash_is_another_path() -> None:
    router = Router([("GET", "/a", 1)])
    assert router.match("/a/") is None
    assert router.match("/") is None


def test_a_claim_made_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"GET /a/\{y\} is claimed twice"):
        Router([("GET", "/a/{x}", 1), ("GET", "/a/{y}", 2)])


def test_a_literal_in_disguise_is_nobodys() -> None:
    router = Router((("GET", "/items/{item}", "item"), ("GET", "/items/me:keys", "keys")))
    assert router.match("/items/me:keys") == ({"GET": "keys"}, ())
    assert router.match("/items/me%3Akeys") is None
    assert router.match("/items/me%3Aother") == ({"GET": "item"}, ("me%3Aother",))


@given(TEMPLATES, TEMPLATES, PATHS)
def test_what_is_taken_back_was_never_there(kept: list[str], passing: list[str], path: str) -> None:
    routes = {shape(template): template for template in kept}
    others = {shape(template): template for template in passing if shape(template) not in routes}
    router, plain = Router[str](), Router(("GET", template, template) for template in routes.values())
    for template in (*routes.values(), *others.values()):
        router.match(path)  # what was found at a path is known until a route comes or goes
        router.add("GET", template, template)
    for template in others.values():
        router.match(path)
        router.remove("GET", template)
    assert router.match(path) == plain.match(path) == router.match(path)
    assert len(router) == len(plain) == len(routes)
    with pytest.raises(KeyError):
        router.remove("GET", "/never/there")


def test_a_bounded_number_of_paths_without_parameters_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "KNOWN", 2)
    router = Router([("GET", f"/{name}", name) for name in "abc"] + [("GET", "/a/{id}", "one")])
    for _ in range(2):
        for name in "abc":
            assert router.match(f"/{name}") == ({"GET": name}, ())
            assert router.match(f"/a/{name}") == ({"GET": "one"}, (name,))
        assert router.match("/d") is None
        assert router.known == 2


def test_a_router_is_taken_apart_in_small_steps() -> None:
    class Target:
        pass

    targets = [Target() for _ in range(500)]
    router = Router(("GET", f"/a/{number}/{{id}}", target) for number, target in enumerate(targets))
    alive = weakref.WeakSet(targets)
    del targets
    left = [len(alive), *(len(alive) for _ in router.dismantle())]
    assert len(router) == len(alive) == 0
    assert max(before - after for before, after in pairwise(left)) <= 1
