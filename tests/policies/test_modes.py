import pytest

from contracts.policy_settings import Mode
from contracts.problems import problem
from contracts.snapshot import Subscription
from policies.exchange import Exchange, Principal
from policies.modes import Variant, staged
from policies.verdict import ALLOW, Deny, Stage, Verdict
from tests.support.policy_world import exchange

DENY = Deny("guard", problem("scope-insufficient", "No."))


def deny(_: Exchange) -> Verdict:
    return DENY


async def later(_: Exchange) -> Verdict:
    return DENY


def request(consumer: str = "", plan: str = "") -> Exchange:
    made = exchange()
    if consumer:
        made.principal = Principal("https://as", "shop", "shop", consumer, frozenset(), 0.0, "t", {})
    if plan:
        made.subscription = Subscription("orders", "v1", plan, ())
    return made


def test_what_holds_for_everybody_is_the_stage_itself() -> None:
    assert staged("guard", Variant(deny, "enforce", {}), {}) is deny


def test_what_never_does_anything_is_not_there() -> None:
    off: Variant[Stage] = Variant(deny, "off", {"acme": "off"})
    assert staged("guard", off, {"gold": Variant(None, "enforce", {})}) is None


@pytest.mark.parametrize(
    ("mode", "consumers", "denied", "noted"),
    [
        ("enforce", {"globex": "off"}, True, ()),
        ("report", {}, False, ("guard",)),
        ("off", {"globex": "enforce"}, False, ()),
        ("enforce", {"acme": "report"}, False, ("guard",)),
        ("report", {"acme": "enforce"}, True, ()),
        ("report", {"acme": "off"}, False, ()),
    ],
    ids=str,
)
def test_a_consumers_own_mode_holds_before_that_of_all(
    mode: Mode, consumers: dict[str, Mode], denied: bool, noted: tuple[str, ...]
) -> None:
    stage = staged("guard", Variant(deny, mode, consumers), {})
    assert stage is not None
    made = request("acme")
    assert stage(made) is (DENY if denied else ALLOW)
    assert made.would_refuse == noted


def test_a_plans_settings_hold_for_those_under_it() -> None:
    stage = staged("guard", Variant(None, "off", {}), {"gold": Variant(deny, "enforce", {})})
    assert stage is not None
    assert stage(request("acme", "gold")) is DENY
    assert stage(request("acme", "silver")) is ALLOW
    assert stage(request()) is ALLOW


async def test_a_stage_that_waits_reports_when_it_has_decided() -> None:
    stage = staged("guard", Variant(later, "report", {}), {})
    assert stage is not None
    made = request("acme")
    pending = stage(made)
    assert not isinstance(pending, Deny)
    assert await pending is ALLOW  # type: ignore[misc]
    assert made.would_refuse == ("guard",)


def test_what_lasts_is_asked_again_and_noted_once() -> None:
    stage = staged("guard", Variant(deny, "report", {}), {})
    assert stage is not None
    made = request()
    assert [stage(made), stage(made)] == [ALLOW, ALLOW]
    assert made.would_refuse == ("guard",)
