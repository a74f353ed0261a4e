"""What calls met that does not fit their Odoo: told once in an interval, however many they were."""

from gateway.upstreams.odoo.mismatch import NOTE, mismatch
from gateway.usage.failures import Failures
from gateway.usage.mismatches import Mismatches
from policies.exchange import Exchange
from tests.gateway.usage.test_failures import failed


def met(part: str = "field", name: str = "tax_id") -> Exchange:
    exchange = failed(502, "mediation-failed")
    exchange.note(NOTE, mismatch(part, name))  # type: ignore[arg-type]
    return exchange


def test_each_kind_is_told_once() -> None:
    mismatches = Mismatches()
    for exchange in (met(), met(), met("method", "action_bless"), failed()):
        mismatches.record(exchange)
    field, method = mismatches.take()
    assert (field.api, field.version, field.operation) == ("orders", "v1", "placeOrder")
    assert (field.part, field.name, field.calls) == ("field", "tax_id", 2)
    assert (method.part, method.name, method.calls) == ("method", "action_bless", 1)
    assert mismatches.take() == ()


def test_it_is_told_also_of_a_call_beyond_the_sample() -> None:
    failures = Failures(most=1, of_one=1)
    failures.record(failed())
    failures.record(met())
    assert [each.name for each in failures.mismatches.take()] == ["tax_id"]


def test_there_is_an_end_to_how_many() -> None:
    mismatches = Mismatches()
    for number in range(150):
        mismatches.record(met(name=f"x_{number}"))
    mismatches.record(met(name="x_1"))
    taken = mismatches.take()
    assert (len(taken), taken[1].calls) == (100, 2)
