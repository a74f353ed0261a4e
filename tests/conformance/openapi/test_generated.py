"""Our request check beside openapi-core's, on requests that are generated over contracts that are.

Every place and style of OpenAPI, with each kind of value in it: admitted, not admitted, drawn, and written as
nobody should; some in the dialect of OAS 3.0 too. Two independent readers should say the same of each; where
they do not, one of DISAGREEMENTS must say why, and each of those must be needed in every place that it names.
"""

import json
from itertools import groupby

import pytest

from tests.conformance.openapi.generated.bodies import Body
from tests.conformance.openapi.generated.disagreements import DISAGREEMENTS
from tests.conformance.openapi.generated.requests import Request, requests
from tests.conformance.openapi.generated.subjects import SUBJECTS, Subject, contract
from tests.conformance.openapi.readers import Ours, Outcome, Theirs

PLACES = {
    place: tuple(subjects)
    for place, subjects in groupby(sorted(SUBJECTS, key=lambda each: each.place), lambda each: each.place)
}


def same(subject: Subject, ours: Outcome, theirs: Outcome) -> bool:
    """Of JSON bodies the verdict alone: there is nothing to read in them."""
    if ours.accepted != theirs.accepted or not ours.accepted or isinstance(subject.kind, Body):
        return ours.accepted == theirs.accepted
    read = ["body"] if subject.method == "post" else ["path", "query", "header", "cookie"]
    return all((ours.values.get(place) or {}) == (theirs.values.get(place) or {}) for place in read)


@pytest.mark.parametrize(
    ("place", "openapi"), [*((place, "3.1.0") for place in PLACES), ("query", "3.0.3"), ("parts", "3.0.3")]
)
def test_both_say_the_same_or_it_is_argued_why_not(place: str, openapi: str) -> None:
    ours = Ours(json.dumps(contract(PLACES[place], openapi)))
    theirs = Theirs(ours)
    unexplained: list[str] = []
    seen: set[str] = set()
    for subject in PLACES[place]:
        for request in requests(subject):
            mine, other = ours(request), theirs(request)
            if same(subject, mine, other):
                continue
            why = next(
                (
                    each.name
                    for each in DISAGREEMENTS
                    if place in each.places.split() and each.applies(subject, request, mine, other)
                ),
                "",
            )
            seen.add(why)
            if not why:
                unexplained.append(f"{request}: ours {mine}, theirs {other}")
    assert unexplained == []
    assert {each.name for each in DISAGREEMENTS if place in each.places.split()} - seen == set()


def test_there_are_five_thousand_requests_and_both_verdicts_about_every_subject() -> None:
    made: dict[str, list[Request]] = {subject.operation: requests(subject) for subject in SUBJECTS}
    assert sum(map(len, made.values())) >= 5_000
    one_sided: set[str] = set()
    for subjects in PLACES.values():
        ours = Ours(json.dumps(contract(subjects)))
        for subject in subjects:
            verdicts = {ours(request).accepted for request in made[subject.operation]}
            if len(verdicts) < 2:
                one_sided.add(subject.operation)
    assert one_sided == set()


def test_the_draw_is_the_same_every_time() -> None:
    first, again = ([list(map(str, requests(subject))) for subject in SUBJECTS[:40]] for _ in range(2))
    assert first == again
