from pathlib import Path

import pytest

from contracts.atomic import write_files


def contents(root: Path) -> dict[str, str]:
    return {str(each.relative_to(root)): each.read_text() for each in root.rglob("*") if each.is_file()}


def test_files_appear_below_a_root_that_is_made(tmp_path: Path) -> None:
    files = {"a": "1", "b/c": "2", "b/d/e": "3"}
    write_files(tmp_path / "x" / "y", files)
    assert contents(tmp_path / "x" / "y") == files
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


def test_files_join_and_replace_those_that_are_there(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": "1", "b/c": "2"})
    write_files(tmp_path, {"a": "new", "b/d/e": "3", "f/g": "4", "f/h": "5"})
    assert contents(tmp_path) == {"a": "new", "b/c": "2", "b/d/e": "3", "f/g": "4", "f/h": "5"}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "b", "f"]


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": "1"})
    with pytest.raises(UnicodeEncodeError):
        write_files(tmp_path, {"a": "2", "b": "\ud800"})
    assert contents(tmp_path) == {"a": "1"}


def test_a_failure_while_putting_in_place_takes_the_new_ones_away(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").mkdir()
    (tmp_path / "in-the-way" / "kept").write_text("1")
    with pytest.raises(OSError):
        write_files(tmp_path, {"b": "2", "c/d": "3", "in-the-way": "4"})
    assert contents(tmp_path) == {"in-the-way/kept": "1"}
    assert [each.name for each in tmp_path.iterdir()] == ["in-the-way"]


def test_a_new_directory_appears_with_all_its_files_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    replace = Path.replace

    def watched(source: Path, target: Path) -> Path:
        result = replace(source, target)
        seen.append(contents(tmp_path / "api") if (tmp_path / "api").exists() else {})
        return result

    monkeypatch.setattr(Path, "replace", watched)
    write_files(tmp_path, {"first": "0", "api/one": "1", "api/two": "2"})
    assert seen == [{}, {"one": "1", "two": "2"}]


def test_directories_are_as_open_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    write_files(tmp_path / "made", {"a/b": "1"})
    mode = (tmp_path / "plain").stat().st_mode
    assert (tmp_path / "made").stat().st_mode == mode
    assert (tmp_path / "made" / "a").stat().st_mode == mode
