"""Whatever stands in an estate's files, checking it and adopting it ends in findings, never in an exception."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.cli.init import scaffold
from contracts.adopt.adopt import adopt
from contracts.adopt.choices import CannotAdopt, EstateTexts, Wishes, choose
from contracts.adopt.yaml_text import dump
from contracts.documents.document import Document, parse
from contracts.estate.estate import access_applications, contracts_part, load_estate
from contracts.findings import has_errors
from tests.support.estates import write_estate

TEXTS = {name: text for name, text in scaffold("test-estate").items() if name.endswith(".yaml")}
CONTRACT = "apis/books/v1.openapi.yaml"
REMOVED = object()
VALUES = [None, 5, -1, 1.5, True, "x", "", [], {}, [None], {"a": None}, {"$ref": "#/x"}, REMOVED]


def document(text: str, name: str) -> Document:
    parsed, _ = parse(text, name)
    assert parsed is not None
    return parsed


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from paths_in(member, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    result = copy.deepcopy(value)
    parent = result
    for key in path[:-1]:
        parent = parent[key]
    if new is REMOVED:
        del parent[path[-1]]
    else:
        parent[path[-1]] = new
    return result


PLACES = [(name, path) for name, text in TEXTS.items() for path in paths_in(document(text, name).value) if path]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_estate(tmp_path_factory.mktemp("estate"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), new=st.sampled_from(VALUES))
def test_any_value_in_any_place_is_checked(root: Path, place: tuple[str, tuple[Any, ...]], new: Any) -> None:
    name, path = place
    (root / name).write_text(dump(changed(document(TEXTS[name], name).value, path, new)))
    try:
        estate, findings = load_estate(root)
    finally:
        (root / name).write_text(TEXTS[name])
    assert (estate is None) == has_errors(findings)
    if estate is not None:
        contracts_part(estate)
        access_applications(estate)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from([each for each in PLACES if each[0] == CONTRACT]), new=st.sampled_from(VALUES))
def test_any_contract_is_adopted_or_refused(place: tuple[str, tuple[Any, ...]], new: Any) -> None:
    text = dump(changed(document(TEXTS[CONTRACT], CONTRACT).value, place[1], new))
    source = document(text, "api.yaml")
    files = {name: (TEXTS[name], document(TEXTS[name], name)) for name in ("ostiary.yaml", "teams.yaml")}
    estate = EstateTexts(files["ostiary.yaml"], files["teams.yaml"][1], {})
    try:
        result = adopt(text, source, estate, choose(source, estate, Wishes()))
    except CannotAdopt:
        return
    for name, content in result.files.items():
        assert parse(content, name)[0] is not None
