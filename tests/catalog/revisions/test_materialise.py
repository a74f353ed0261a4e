"""From an estate on disk to units, and from units to directories that compile to the same."""

import re
from pathlib import Path

import msgspec
import pytest

from catalog.revisions.closure import units_of
from catalog.revisions.materialise import estate_tree, materialised, write_tree
from catalog.revisions.revision import BadRevision
from catalog.revisions.units import ESTATE_FILES, BadPath
from contracts.estate.estate import Estate, contracts_part, load_estate
from contracts.findings import Finding, has_errors
from contracts.operations import ApiVersion
from tests.support.estates import write_estate
from tests.support.two_apis import BOOKS, FILMS, SHARED, write_two_apis


def good(root: Path) -> Estate:
    estate, findings = load_estate(root)
    assert estate is not None, findings
    return estate


def test_units_are_the_apis_with_all_they_refer_to_and_the_estates_own_files(tmp_path: Path) -> None:
    root = write_two_apis(tmp_path / "estate")
    (root / "apis" / "books" / "notes.md").write_text("of nobody")
    (root / "rules.yaml").write_text("extends: [more/rules.yaml, 'ostiary:recommended']\nrules: {}\n")
    (root / "more").mkdir()
    (root / "more" / "rules.yaml").write_text("rules: {}\n")
    (root / "ignored.yaml").write_text("waivers: []\n")
    file = root / "ostiary.yaml"
    file.write_text(file.read_text() + "lint: { rulesets: [rules.yaml], ignore-file: ignored.yaml }\n")
    units = units_of(good(root))
    assert {unit: sorted(files) for unit, files in units.items()} == {
        "estate": sorted([*ESTATE_FILES, "rules.yaml", "more/rules.yaml", "ignored.yaml"]),
        "books": ["apis/books/api.yaml", BOOKS],
        "films": ["apis/films/api.yaml", FILMS, SHARED],
    }
    assert all((root / path).read_bytes() == data for files in units.values() for path, data in files.items())


def test_what_was_recorded_compiles_to_the_very_same(tmp_path: Path) -> None:
    estate = good(write_two_apis(tmp_path / "estate"))
    with materialised(units_of(estate)) as space:
        again, _ = load_estate(space.root, api_roots=space.api_roots)
        assert again is not None
        assert contracts_part(again) == contracts_part(estate)
        assert again.apis == estate.apis
        assert again.consumers == estate.consumers
    assert not space.root.exists()


def test_two_apis_may_stand_on_different_states_of_a_shared_file(tmp_path: Path) -> None:
    now = units_of(good(write_two_apis(tmp_path / "now", longest=13)))
    later = units_of(good(write_two_apis(tmp_path / "later", longest=14)))
    songs = {
        path.replace("films", "songs"): data.replace(b"/films", b"/songs") for path, data in later["films"].items()
    }
    with materialised({**now, "songs": songs}) as space:
        estate, findings = load_estate(space.root, api_roots=space.api_roots)
    assert estate is not None, findings
    lengths = {
        each.api: re.findall(rb'"maxLength":1[34]', msgspec.json.encode(each))
        for each in estate.versions
        if each.api != "books"
    }
    assert {api: set(found) for api, found in lengths.items()} == {
        "films": {b'"maxLength":13'},
        "songs": {b'"maxLength":14'},
    }


def test_an_api_that_is_held_stays_as_it_was_compiled(tmp_path: Path) -> None:
    estate = good(write_estate(tmp_path / "estate"))
    held: dict[str, tuple[ApiVersion, ...]] = {"books": estate.versions}
    with materialised({"estate": units_of(estate)["estate"]}) as space:
        again, findings = load_estate(space.root, api_roots={}, held=held)
        assert again is not None, findings
        assert again.versions == estate.versions
        _, without = load_estate(space.root, api_roots={})
    assert has_errors(without)


def test_no_api_can_be_called_as_the_estates_own_files_are(tmp_path: Path) -> None:
    root = write_estate(tmp_path / "estate")
    (root / "apis" / "books").rename(root / "apis" / "estate")
    findings: list[Finding] = load_estate(root)[1]
    assert "no API can be called 'estate'" in " ".join(each.message for each in findings)


def test_one_tree_of_several_units_has_the_first_ones_file_where_two_have_it(tmp_path: Path) -> None:
    with estate_tree({"a.yaml": b"1"}, {"a.yaml": b"2", "b/c.yaml": b"3"}) as tree:
        assert (tree / "a.yaml").read_bytes() == b"1"
        assert (tree / "b" / "c.yaml").read_bytes() == b"3"
    assert not tree.exists()


@pytest.mark.parametrize("path", ["../x", "/tmp/x", "a/../../x", ".git/x"])
def test_no_file_is_written_elsewhere(tmp_path: Path, path: str) -> None:
    with pytest.raises(BadPath):
        write_tree(tmp_path / "tree", {"good.yaml": b"", path: b""})
    assert list(tmp_path.rglob("*")) == []


def test_what_is_too_much_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(BadRevision, match="501 files"):
        write_tree(tmp_path / "tree", {f"{number}.yaml": b"" for number in range(501)})
    with pytest.raises(BadRevision, match="more than"):
        write_tree(tmp_path / "tree", {"a.yaml": bytes(10 * 1024 * 1024 + 1)})
    assert list(tmp_path.rglob("*")) == []
