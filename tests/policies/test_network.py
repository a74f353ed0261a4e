from typing import Any

import msgspec
import pytest
import yaml

from contracts.surroundings import Surroundings
from policies.exchange import Principal
from policies.network import EXAMPLE, NetworkConfig, bind, check
from policies.policy import Setting
from policies.verdict import ALLOW, Deny, Verdict
from tests.support.policy_world import World, exchange, operation, version


def config(**settings: Any) -> NetworkConfig:
    return msgspec.convert(settings, NetworkConfig)


def call(peer: str, consumer: str = "", **settings: Any) -> Verdict:
    stage = bind(config(**settings), version(), operation(), World().ports())
    assert stage is not None
    request = exchange()
    request.peer = peer
    if consumer:
        request.principal = Principal("https://as", "shop", "shop", consumer, frozenset(), 0.0, "t", {})
    verdict = stage(request)
    assert verdict is ALLOW or isinstance(verdict, Deny)
    return verdict


@pytest.mark.parametrize(
    ("peer", "admitted"),
    [
        ("198.51.100.7", True),
        ("::ffff:198.51.100.7", True),
        ("198.51.100.9", False),
        ("203.0.113.1", False),
        ("2001:db8:4::1", True),
        ("2001:db8:5::1", False),
        ("", False),
        ("not an address", False),
    ],
)
def test_what_is_not_denied_and_in_a_listed_network_is_let_in(peer: str, admitted: bool) -> None:
    verdict = call(peer, allow=["198.51.100.0/24", "2001:db8:4::/48"], deny=["198.51.100.9"])
    assert (verdict is ALLOW) is admitted
    if isinstance(verdict, Deny):
        assert (verdict.policy, verdict.problem.type.id, verdict.problem.status) == (
            "network",
            "network-denied",
            403,
        )
        assert peer not in verdict.problem.detail or not peer


def test_without_an_allow_list_all_else_is_let_in() -> None:
    assert call("192.0.2.1", deny=["203.0.113.0/24"]) is ALLOW
    assert call("203.0.113.200", deny=["203.0.113.0/24"]) is not ALLOW


def test_a_consumer_with_networks_of_its_own_is_let_in_from_those_alone() -> None:
    settings = {"allow": ["192.0.2.0/24"], "by-consumer": {"acme": {"allow": ["198.51.100.0/24"]}}}
    assert call("198.51.100.1", "acme", **settings) is ALLOW
    assert call("192.0.2.1", "acme", **settings) is not ALLOW
    assert call("192.0.2.1", "globex", **settings) is ALLOW
    assert call("198.51.100.1", "globex", **settings) is not ALLOW
    assert call("198.51.100.1", **settings) is not ALLOW


def test_what_is_denied_to_all_stays_denied_to_a_consumer() -> None:
    settings = {
        "deny": ["198.51.100.9"],
        "by-consumer": {"acme": {"allow": ["198.51.100.0/24"], "deny": ["198.51.100.8"]}},
    }
    assert call("198.51.100.9", "acme", **settings) is not ALLOW
    assert call("198.51.100.8", "acme", **settings) is not ALLOW
    assert call("198.51.100.8", "globex", **settings) is ALLOW


def test_nothing_is_bound_where_nothing_is_listed() -> None:
    assert bind(config(), version(), operation(), World().ports()) is None


@pytest.mark.parametrize(
    ("settings", "pointer", "said"),
    [
        ({"allow": ["10.0.0.1/8"]}, "/allow/0", "has host bits set"),
        ({"deny": ["10.0.0.0/33"]}, "/deny/0", "does not appear to be"),
        ({"allow": ["::ffff:10.0.0.0/104"]}, "/allow/0", "write them as IPv4"),
        ({"allow": ["10.1.0.0/16"], "deny": ["10.0.0.0/8"]}, "/allow/0", "denied as a whole"),
        ({"by-consumer": {"a/b": {"deny": ["1.2.3"]}}}, "/by-consumer/a~1b/deny/0", "does not appear to be"),
    ],
    ids=str,
)
def test_what_is_no_network_is_found(settings: dict[str, Any], pointer: str, said: str) -> None:
    (fault,) = check(Setting(config(**settings), "enforce"), version(), operation())
    assert fault.pointer == pointer
    assert said in fault.message


def test_consumers_of_a_public_operation_are_nobody() -> None:
    setting = Setting(config(**{"by-consumer": {"acme": {"allow": ["10.0.0.0/8"]}}}), "enforce")
    (fault,) = check(setting, version(), operation(public=True, scopes=()))
    assert fault.pointer == "/by-consumer"


def test_a_consumer_that_there_is_not_is_found() -> None:
    around = Surroundings({}, ("acme",))
    settings = config(**{"by-consumer": {"acne": {"deny": ["10.0.0.0/8"]}, "acme": {"deny": ["10.0.0.0/8"]}}})
    (fault,) = check(Setting(settings, "enforce", around=around), version(), operation())
    assert (fault.pointer, fault.message) == ("/by-consumer/acne", "there is no consumer 'acne'")


def test_the_example_works() -> None:
    setting = Setting(config(**yaml.safe_load(EXAMPLE)), "enforce")
    assert list(check(setting, version(), operation())) == []
