"""Records that a claim chooses are not cached: one client may have tokens with several values of it."""

import msgspec

from contracts.operations import ApiVersion, OdooBackend, Operation
from policies.cache import CacheConfig, bind, bind_answer, check
from policies.policy import Setting
from tests.support.policy_world import World

FORCED = (["partner_id", "=", {"claim": "partner", "as": "reference-id"}],)


def bound(domain, method="GET"):
    backend = OdooBackend("erp", "sale.order", "list", domain=domain)
    operation = Operation("listOrders", method, "/orders", "", backend)
    version = ApiVersion("orders", "v1", "Orders", "sales", "/orders/v1", "0", (operation,))
    config, ports = msgspec.convert({"ttl": 60, "shared": True}, CacheConfig), World().ports()
    faults = list(check(Setting(config, "enforce"), version, operation))
    return bind(config, version, operation, ports), bind_answer(config, version, operation, ports), faults


def test_what_a_claim_chooses_is_neither_kept_nor_given():
    stage, answers, faults = bound(FORCED)
    assert stage is None
    assert answers is None
    assert ["claim" in fault.message for fault in faults] == [True]


def test_what_all_may_have_is():
    stage, answers, faults = bound((["state", "=", "sale"],))
    assert stage is not None
    assert answers is not None
    assert faults == []


def test_a_write_still_drops_what_was_kept():
    assert bound(FORCED, "POST")[1] is not None
