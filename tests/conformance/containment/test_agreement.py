"""How far the comparison agrees with the labels: the figures of `docs/contracts/quality.md`.

`-s` prints them; a failure lists every disagreement with both grounds.
"""

from pathlib import Path

import pytest

from tests.conformance.containment.judging import Agreement, Judged, judge_documents, judge_schemas
from tests.conformance.containment.labelled import document_pairs, schema_pairs

LEAST_AGREEING = 0.97
MOST_UNDECIDED = 0.03
PAGE = Path(__file__).resolve().parents[3] / "docs" / "contracts" / "quality.md"


@pytest.fixture(scope="module")
def agreements():
    schemas = schema_pairs()
    as_documents = [pair for pair in schemas if not pair.open_objects]
    return {
        "schemas": judge_schemas(schemas),
        "schemas as documents": judge_documents(as_documents),
        "documents": judge_documents(document_pairs()),
    }


@pytest.mark.parametrize("part", ["schemas", "schemas as documents", "documents"])
def test_the_comparison_agrees_with_the_labels(agreements, part):
    found = agreements[part]
    told = "\n".join([f"{part}: {found}", *map(str, found.disagreements)])
    print(told)
    assert not found.wrongly_compatible, told
    assert found.agreeing >= LEAST_AGREEING, told
    assert found.undecided < MOST_UNDECIDED, told


def test_the_whole_set_at_once(agreements):
    whole = Agreement((*agreements["schemas"].judged, *agreements["documents"].judged))
    assert len(whole.judged) >= 400
    assert whole.agreeing >= LEAST_AGREEING, str(whole)
    assert whole.undecided < MOST_UNDECIDED, str(whole)


def test_the_page_tells_the_figures(agreements):
    page = PAGE.read_text(encoding="utf-8")
    for part, found in agreements.items():
        labels = [one.label for one in found.judged]
        if part != "schemas as documents":
            counts = (len(labels), labels.count("compatible"), labels.count("breaking"))
            assert f"| {part.capitalize()} | {' | '.join(map(str, counts))} |" in page
        agreeing, undecided = (
            f"{share * 100:.1f}".removesuffix(".0") for share in (found.agreeing, found.undecided)
        )
        wrong = len(found.wrongly_compatible)
        assert f"| {part.capitalize()} | {agreeing} % | {undecided} % | {wrong} |" in page
    assert f"({len(agreements['schemas as documents'].judged)} of them)" in page


def test_the_figures_count_what_they_say():
    def one(label, verdict):
        return Judged("x", "theme", "request", label, verdict, "", "core §1")

    found = Agreement(
        (
            one("compatible", "compatible"),
            one("breaking", "compatible"),
            one("breaking", "undecided"),
            one("compatible", "breaking"),
        )
    )
    assert [pair.label for pair in found.wrongly_compatible] == ["breaking"]
    assert (found.agreeing, found.undecided) == (0.25, 0.25)
    assert "breaking judged compatible: 1" in str(found)
    assert "labelled breaking, judged compatible" in str(found.disagreements[0])
