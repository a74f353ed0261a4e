"""A plug-in is as good as one of ours, or nothing starts: none is left out in silence."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from policies.installed import Origin, PluginError, find, installed, origins
from policies.policy import NoConfig, Phase, Policy, PolicyConfig
from policies.stages import ORDER
from tests.support.plugins import plugged_in


class Odd(PolicyConfig, frozen=True):
    value: int | str = 0


class Foreign(msgspec.Struct, frozen=True):
    """No PolicyConfig."""


def bind(*_: object) -> None:
    """Binds nothing."""


GOOD: Policy[Any] = Policy(
    id="guard", why="For a test.", failure="It cannot fail.", config=NoConfig, phase=Phase.HEAD, bind=bind
)


def order() -> list[str]:
    return [each.id for each in installed()]


def test_it_runs_at_the_end_of_its_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    last = [each.id for each in ORDER if each.phase is Phase.HEAD][-1]
    with plugged_in(monkeypatch, GOOD):
        assert order().index("guard") == order().index(last) + 1
        assert find("guard") is GOOD


def test_what_judges_bodies_comes_before_what_may_answer_without_an_upstream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = next(place for place, each in enumerate(ORDER) if each.phase is Phase.BODY)
    with plugged_in(monkeypatch, replace(GOOD, phase=Phase.BODY)):
        between = installed()[first : order().index("guard")]
    assert {each.phase for each in between} == {Phase.BODY}


def test_it_runs_after_the_one_that_it_names_which_may_be_a_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    second = replace(GOOD, id="a-guard", after="guard")
    with plugged_in(monkeypatch, second, replace(GOOD, after="subscription")):
        place = order().index("subscription")
        assert order()[place : place + 3] == ["subscription", "guard", "a-guard"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "rate-limit"}, "the id of another policy"),
        ({"id": "Guard"}, "not in kebab-case"),
        ({"bind": None}, "binds nothing"),
        ({"phase": Phase.RESPONSE}, "judges requests, and says of itself that it runs on answers"),
        ({"why": ""}, "does not say why"),
        ({"failure": ""}, "does not say why"),
        ({"modes": ("enforce",), "mode": "report"}, "has the mode 'report', and admits enforce"),
        ({"config": Foreign}, "no PolicyConfig"),
        ({"config": Odd}, "the key 'value' has the type int | str"),
        ({"after": "nobody"}, "no such policy of the phase 'head'"),
        ({"after": "request-schema"}, "no such policy of the phase 'head'"),
    ],
    ids=str,
)
def test_one_that_cannot_be_used_stops_everything(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    broken = replace(GOOD, **changes)
    with plugged_in(monkeypatch, broken), pytest.raises(PluginError) as raised:
        installed()
    assert said in str(raised.value)
    assert f"the plug-in {broken.id!r} (tests:{broken.id})" in str(raised.value)


def test_two_that_wait_for_each_other_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    circle = (replace(GOOD, after="b-guard"), replace(GOOD, id="b-guard", after="guard"))
    with plugged_in(monkeypatch, *circle), pytest.raises(PluginError, match="to run after"):
        installed()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (ImportError("no module named 'acme'"), "cannot be loaded: ImportError: no module named 'acme'"),
        ("a text", "is a str, and no Policy"),
        (replace(GOOD, id="another"), "says of itself that it is 'another'"),
    ],
    ids=["import", "type", "id"],
)
def test_an_entry_point_that_leads_to_no_policy_stops_everything(
    monkeypatch: pytest.MonkeyPatch, found: Any, said: str
) -> None:
    with plugged_in(monkeypatch, the_guard=found), pytest.raises(PluginError) as raised:
        installed()
    assert said in str(raised.value)


def test_where_it_comes_from_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert origins() == {}
    with plugged_in(monkeypatch, GOOD):
        assert origins() == {"guard": Origin("", "")}
