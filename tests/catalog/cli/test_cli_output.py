from catalog.cli.output import count, table
from contracts.findings import Finding, Place

HEADER = ("A", "NAME")
ROWS = [("x", "one two three"), ("yyyy", "four")]


def test_without_a_width_every_row_is_one_line() -> None:
    assert table(HEADER, ROWS, None) == ["A     NAME", "x     one two three", "yyyy  four"]


def test_cells_fold_between_words_to_keep_the_width() -> None:
    assert table(HEADER, ROWS, 13) == ["A     NAME", "x     one two", "      three", "yyyy  four"]


def test_a_word_is_broken_only_where_nothing_else_helps() -> None:
    lines = table(HEADER, ROWS, 6)
    assert max(map(len, lines)) <= 6
    assert "".join("".join(line.split()) for line in lines).count("e") == "one two three four".count("e")


def test_a_width_below_the_columns_number_ends() -> None:
    assert table(HEADER, ROWS, 1)


def test_findings_are_counted_by_severity() -> None:
    place = Place("f")
    assert count([]) == "no findings"
    assert count([Finding(place, "r", "m"), Finding(place, "s", "m", "info")]) == "1 error, 1 remark"
    assert count([Finding(place, "r", "m", "warning")] * 2) == "2 warnings"
