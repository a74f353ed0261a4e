"""`ostiary check` on limits: what is wrong with one is told with its line, before anything starts."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.cli.main import build
from policies import concurrency, rate_limit
from tests.support.estates import write_estate

API = "apis/books/api.yaml"


def checked(root: Path, *changes: tuple[str, str, str]) -> list[str]:
    """The findings, one a line."""
    result = CliRunner().invoke(build(), ["check", str(write_estate(root, *changes))])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stdout.splitlines()[:-1]


def policies(settings: str) -> tuple[str, str, str]:
    """In `api.yaml`, from line 7 on."""
    return API, "title: Books\n", f"title: Books\npolicies:\n{settings}"


def trial(burst: str) -> tuple[str, str, str]:
    """Of the plan `trial`, in line 32."""
    return "ostiary.yaml", "burst: 5/second", f"burst: {burst}"


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def test_limits_that_are_right_have_no_findings(tmp_path: Path) -> None:
    settings = f"  rate-limit:\n{indented(rate_limit.EXAMPLE)}  concurrency:\n{indented(concurrency.EXAMPLE)}"
    plan = trial("{ limit: 5/second, by: consumer, window: gcra, burst: 3, on-unavailable: open }")
    assert checked(tmp_path, policies(settings), plan) == []


@pytest.mark.parametrize(
    ("settings", "place", "said"),
    [
        ("  rate-limit: {limits: {a: {limit: 5/second}}}\n", "8:28", "the key 'by' is missing in 'a'"),
        ("  rate-limit: {limits: {a: 5/second}}\n", "8:28", "'a' takes a mapping, not '5/second'"),
        ("  rate-limit: {limits: {a: {limit: 5/s, by: api}}}\n", "8:36", "'5/s' should be such as `100/minute`"),
        ("  rate-limit: {limits: {a: {limit: 0/day, by: api}}}\n", "8:28", "'0/day' admits no call at all"),
        (
            "  rate-limit: {limits: {a: {limit: 5/day, by: apis}}}\n",
            "8:47",
            "'apis' should be one of sub",
        ),
        (
            "  rate-limit:\n    limits:\n      a: {limit: 5/hour, by: api, window: calendar}\n",
            "10:10",
            "a calendar's window is one day or one month",
        ),
        ("  concurrency: {}\n", "8:16", "required field `limits`"),
        ("  concurrency: {limits: {a: {most: 0, by: api}}}\n", "8:36", "0 should be >= 1 and <= 1000000"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, settings: str, place: str, said: str) -> None:
    lines = [line for line in checked(tmp_path, policies(settings)) if ": error: " in line]
    assert any(line.startswith(f"{API}:{place}: error: ") and said in line for line in lines), lines


@pytest.mark.parametrize(
    ("burst", "place", "said"),
    [
        ("{ limit: 5/second, burst: 3 }", "32:14", "a 'gcra' window needs a burst, and no other has one"),
        ("{ limit: 5/second, windows: log }", "32:33", "unknown key 'windows' (did you mean 'window'?)"),
        ("{ limit: 1/day, window: calendar, time-zone: Europe/Bruges }", "32:14", "no time zone 'Europe/Bruges'"),
    ],
)
def test_what_is_wrong_with_a_plan_too(tmp_path: Path, burst: str, place: str, said: str) -> None:
    lines = checked(tmp_path, trial(burst))
    assert any(line.startswith(f"ostiary.yaml:{place}: error: ") and said in line for line in lines), lines


def test_a_call_that_costs_more_than_a_limit_ever_gives(tmp_path: Path) -> None:
    cost = (
        "apis/books/v1.openapi.yaml",
        "      operationId: getBook\n",
        "      operationId: getBook\n      x-ostiary-limit: {cost: 6}\n",
    )
    line, of_plan = checked(tmp_path, policies("  rate-limit: {limits: {a: {limit: 5/day, by: api}}}\n"), cost)
    assert "limit 'burst' of plan 'trial' never gives the 6 units" in of_plan
    assert line.startswith(f"{API}:8:28: error: ")
    assert "limit 'a' never gives the 6 units that one call costs (on GET /books/v1/books/{isbn})" in line


def test_a_call_that_costs_more_than_a_limit_of_its_plan_ever_gives(tmp_path: Path) -> None:
    """Found where the plan has a subscription to the version."""
    plan = trial("5/second\n      dear: { limit: 90/minute, window: gcra, burst: 1 }")
    (line,) = checked(tmp_path / "used", plan)
    assert line.startswith(
        "ostiary.yaml:33:13: error: limit 'dear' of plan 'trial' never gives the 2 units that one "
    )
    assert "(on POST /books/v1/books)" in line
    (line,) = checked(tmp_path / "unused", plan, ("consumers.yaml", "plan: trial", "plan: standard"))
    assert "plan 'trial' has no subscription" in line


BRISK = "  rate-limit:\n    limits:\n      brisk: {limit: 9/second, by: consumer}\n"


def named_brisk(more: str = "") -> tuple[str, str, str]:
    """The first limit of the plan `trial`, with what else the plan says."""
    return "ostiary.yaml", "burst: 5/second\n      daily: 1000/day\n", f"brisk: 5/second\n{more}"


def test_a_name_that_a_plan_and_a_policy_give_to_two_limits_on_one_operation(tmp_path: Path) -> None:
    (line,) = checked(tmp_path, policies(BRISK), named_brisk())
    assert line.startswith(
        f"{API}:10:14: error: rate-limit: limit 'brisk' is also a limit of plan 'trial' (ostiary"
    )
    assert (
        "(ostiary.yaml:32:7), and both would hold: name one otherwise (on GET /books/v1/books and 2 more)" in line
    )


def test_a_name_of_two_limits_of_which_one_is_off(tmp_path: Path) -> None:
    assert checked(tmp_path, policies(f"{BRISK}    mode: off\n"), named_brisk()) == []
    consumers = "    mode: off\n    consumers: {reading-club: report}\n"
    (line,) = checked(tmp_path, policies(f"{BRISK}{consumers}"), named_brisk())
    assert "both would hold" in line


def test_a_name_of_two_limits_of_which_the_plan_replaces_one(tmp_path: Path) -> None:
    instead = "    policies: {rate-limit: {limits: {total: {limit: 9/second, by: consumer}}}}\n"
    assert checked(tmp_path, policies(BRISK), named_brisk(instead)) == []


def test_a_name_that_a_plan_gives_to_two_of_its_own_limits(tmp_path: Path) -> None:
    twice = "    policies: {rate-limit: {limits: {brisk: {limit: 9/second, by: plan}}}}\n"
    (line,) = checked(tmp_path, named_brisk(twice))
    assert line.startswith(
        "ostiary.yaml:33:45: error: rate-limit: limit 'brisk' is also a limit of plan 'trial' (ost"
    )
    assert "and 2 more)" in line
