from typing import Annotated, Any

import msgspec
import pytest

from contracts.odoo_guard import OdooGuard
from contracts.operations import OdooBackend
from contracts.policy_settings import PolicyUse
from contracts.problems import problem
from policies.answer import Answer, Wish
from policies.binding import BODY_ARRIVAL, SettingsError, bind_all
from policies.exchange import Exchange
from policies.policy import Phase, Policy, PolicyConfig
from policies.verdict import ALLOW, Deny, Reply
from tests.support.plugins import plugged_in
from tests.support.policy_world import World, operation, version


class Room(PolicyConfig, frozen=True):
    most: Annotated[int, msgspec.Meta(ge=1)]


class Filter:
    def head(self, exchange: Exchange, answer: Answer) -> Wish:
        return Wish.PASS

    def body(self, exchange: Exchange, answer: Answer) -> None: ...


def policy(name: str, **changes: Any) -> Policy[Room]:
    def bind(config: Room, *_: object) -> Any:
        refusal = Deny(name, problem("scope-insufficient", f"{config.most}"))
        return lambda exchange: refusal

    members: dict[str, Any] = {
        "id": name,
        "why": "For a test.",
        "failure": "It cannot fail.",
        "config": Room,
        "phase": Phase.HEAD,
        "bind": bind,
    }
    return Policy(**{**members, **changes})


def use(name: str, **changes: Any) -> PolicyUse:
    return PolicyUse(name, sources=(f"ostiary.yaml#/policies/{name}",), **{"config": {"most": 3}, **changes})


def test_a_policy_is_bound_where_it_is_named_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = World().ports()
    with plugged_in(monkeypatch, policy("room")):
        assert "room" not in bind_all(version(), operation(), ports).policies
        bound = bind_all(version(), operation(policies=(use("room"),)), ports)
    # A plug-in that names no place comes after all of its phase.
    assert bound.policies[bound.body_at - 1] == "room"


def test_a_body_with_the_password_comes_before_authentication() -> None:
    ports = World().ports()
    plain = OdooBackend("erp", "", "rpc", dialect="jsonrpc", guard=OdooGuard({}))
    bound = bind_all(version(), operation(backend=plain), ports)
    assert "authentication" in bound.policies[: bound.body_at]
    guard = OdooGuard({}, password=True)
    for dialect, first in (("jsonrpc", True), ("xmlrpc-common", True), ("json2", False)):
        backend = msgspec.structs.replace(plain, guard=guard, dialect=dialect)
        bound = bind_all(version(), operation(backend=backend), ports)
        assert ("authentication" in bound.policies[bound.body_at :]) is first
        assert bound.timed.index(BODY_ARRIVAL) == bound.body_at


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"config": {"most": 0}}, "Expected `int` >= 1"),
        ({"config": {"most": 1, "least": 1}}, "unknown field `least`"),
        ({"config": {}}, "missing required field `most`"),
        ({"mode": "report"}, "has no mode 'report'"),
        ({"consumers": {"acme": "off"}}, "has no mode 'off'"),
    ],
    ids=["bound", "unknown", "missing", "mode", "consumer"],
)
def test_settings_that_cannot_be_enforced_bind_nothing(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any], said: str
) -> None:
    with plugged_in(monkeypatch, policy("room", modes=("enforce",))), pytest.raises(SettingsError) as raised:
        bind_all(version(), operation(policies=(use("room", **wrong),)), World().ports())
    assert said in str(raised.value)
    assert "(set in ostiary.yaml#/policies/room)" in str(raised.value)


def test_a_policy_that_is_not_installed_is_not_left_out() -> None:
    with pytest.raises(SettingsError, match="no policy 'room' is installed"):
        bind_all(version(), operation(policies=(use("room"),)), World().ports())


def test_answers_pass_the_policies_backwards_and_a_reply_only_those_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def filtering(*_: object) -> Filter:
        return Filter()

    def replying(*_: object) -> Any:
        return lambda exchange: Reply("inner", Answer(200, []))

    policies = (
        policy("outer", bind_answer=filtering, after="websocket"),
        policy("seen", bind=None, bind_answer=filtering, phase=Phase.RESPONSE, after="response-schema"),
        policy("inner", bind=replying, bind_answer=filtering, phase=Phase.BODY, after="request-schema"),
    )
    with plugged_in(monkeypatch, *policies):
        bound = bind_all(
            version(), operation(policies=tuple(map(use, ("outer", "seen", "inner")))), World().ports()
        )
    assert [each.policy for each in bound.filters] == ["seen", "inner", "outer"]
    at = dict(zip(bound.policies, bound.outside, strict=True))
    assert bound.filters[at["inner"] :] == bound.filters[2:]
    assert at["outer"] == 3
    assert bound.every[bound.policies.index("outer")](None) is not ALLOW  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "changed", "reports", "filters"),
    [
        ({"mode": "report"}, False, 1, []),
        ({"mode": "enforce"}, False, 0, ["seen"]),
        ({"mode": "report", "consumers": {"acme": "enforce"}}, False, 0, ["seen"]),
        # Where another changes the answer first, what that makes of it is what there is to report on.
        ({"mode": "report"}, True, 0, ["inner", "seen"]),
    ],
    ids=["reports", "enforces", "for some", "after another"],
)
def test_where_a_policy_does_no_more_than_report_no_answer_is_held_for_it(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], changed: bool, reports: int, filters: list[str]
) -> None:
    seen = policy(
        "seen",
        bind=None,
        bind_answer=lambda *_: Filter(),
        report_answer=lambda *_: object(),
        phase=Phase.RESPONSE,
        after="response-schema",
    )
    inner = policy("inner", bind=None, bind_answer=lambda *_: Filter(), phase=Phase.BODY, after="canary")
    with plugged_in(monkeypatch, seen, inner):
        uses = (use("seen", **settings), *((use("inner"),) if changed else ()))
        bound = bind_all(version(), operation(policies=uses), World().ports())
    assert len(bound.reports) == reports
    assert [each.policy for each in bound.filters] == filters
    assert bound.plain is bool(filters)
