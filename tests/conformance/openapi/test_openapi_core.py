"""Our request check beside openapi-core's, on a corpus of requests over one contract with every style.

Two independent readers of one contract should say the same. Where they do not, one of the rows of KNOWN must say
why, and each row must be needed by at least one request. Forms, cookies, and the styles `label` and `matrix` are
compared on generated requests.
"""

import itertools

import pytest

from tests.conformance.openapi.corpus import CASES
from tests.conformance.openapi.differences import KNOWN
from tests.conformance.openapi.readers import Ours, Theirs


@pytest.fixture(scope="module")
def readers() -> tuple[Ours, Theirs]:
    ours = Ours()
    return ours, Theirs(ours)


@pytest.mark.parametrize("group", CASES)
def test_both_say_the_same_or_we_know_why(group: str, readers: tuple[Ours, Theirs]) -> None:
    unexplained: list[str] = []
    seen: set[str] = set()
    for case in CASES[group]:
        ours, theirs = (reader(case) for reader in readers)
        # Of bodies the verdict alone: openapi-core fills in defaults.
        locations = ("path", "query", "header") if ours.accepted and theirs.accepted else ()
        if ours.accepted == theirs.accepted and all(ours.values[at] == theirs.values[at] for at in locations):
            continue
        names = {known.name for known in KNOWN if group in known.groups and known.applies(case, ours, theirs)}
        seen |= names
        if not names:
            unexplained.append(f"{case}: ours {ours}, theirs {theirs}")
    assert unexplained == []
    assert {known.name for known in KNOWN if group in known.groups.split()} - seen == set()


def test_the_corpus_is_large_and_has_both_verdicts_for_every_subject(readers: tuple[Ours, Theirs]) -> None:
    assert sum(map(len, CASES.values())) >= 500
    verdicts: dict[tuple[str, str], set[bool]] = {}
    for case in itertools.chain.from_iterable(CASES.values()):
        verdicts.setdefault((case.operation, case.subject), set()).add(readers[0](case).accepted)
    one_sided = {subject for subject, found in verdicts.items() if len(found) < 2}
    # A number or a string is everything, and nothing is good where a member is not declared or JSON is none.
    assert one_sided == {("query", "either"), ("createOrder", "unknown"), ("createOrder", "body")}
