"""What is said to whoever made a call that failed."""

import pytest

from catalog.reporting.explaining import ADVICE, TEXTS, explain
from contracts.problems import CATALOGUE
from tests.catalog.reporting.test_failures_store import failure


def test_advice_is_about_problems_that_there_are() -> None:
    assert set(ADVICE) <= set(CATALOGUE)


@pytest.mark.parametrize(
    ("found", "title", "advice"),
    [
        (failure(problem="scope-insufficient", status=403), "Scope insufficient", "scope"),
        (failure(problem="mediation-failed", status=502), "Mediation failed", "owner"),
        (failure(problem="of-a-plug-in", status=409), "Refused by a policy", "Mend"),
        (failure(problem="", policy="", status=404, upstream="answered"), "Answered with an error", "Mend"),
        (failure(problem="", policy="", status=503, upstream="answered"), "Answered with an error", "owner"),
        (failure(problem="", policy="", status=499), "Client went away", "time"),
        (
            failure(problem="upstream-malformed", status=200, aborted=True),
            "Answer broken off",
            "may have been done",
        ),
    ],
)
def test_each_says_what_to_do(found: object, title: str, advice: str) -> None:
    said = explain(found)  # type: ignore[arg-type]
    assert said.title == title
    assert said.happened
    assert advice in said.advice
    assert {said.title, said.happened, said.advice} <= TEXTS, "what is not there is not translated"
