"""The `fault-injection` policy: simulated failures, by which partners try out how they handle real ones.

It acts at gateways that are started as a sandbox, and is not there at any other. A client asks for a fault by its
name in a header field; some may happen to a share of the calls by themselves. What was simulated says so, in the
answer's `X-Ostiary-Fault` and as `simulated` in a problem. Nothing that is simulated reaches an upstream, but for
calls that are only slow.
"""

from collections.abc import Awaitable, Iterable, Mapping
from typing import Annotated, Final

from msgspec import Meta

from contracts.operations import ApiVersion, Operation
from contracts.problems import CATALOGUE, problem
from policies.exchange import Exchange
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Ports, Sandbox
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "fault-injection"

HEADER: Final = b"x-ostiary-fault"

EXAMPLE: Final = """\
faults:
  slow: {delay: 5}
  out-of-quota: {problem: quota-exceeded, retry-after: 30}
  flaky: {problem: upstream-unreachable, percent: 2}
  cut-off: {abort: true}
"""


class InjectedFault(PolicyConfig, frozen=True):
    """What happens to a call: it is delayed, and then goes on, is answered with a problem, or is broken off."""

    delay: Annotated[float, Meta(ge=0, le=60)] = 0.0
    """Seconds that the call waits first."""
    problem: str = ""
    """The id of the problem type with which it is answered, as the gateway itself would."""
    retry_after: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    """Seconds that the answer asks the client to wait (`Retry-After`)."""
    abort: bool = False
    """Whether the connection is broken off, without an answer."""
    percent: Annotated[float, Meta(ge=0, le=100)] = 0.0
    """The share of calls to which it happens unasked, in percent."""


class FaultInjectionConfig(PolicyConfig, frozen=True):
    """The faults that there are, by the names by which clients ask for them."""

    faults: dict[str, InjectedFault] = {}  # noqa: RUF012  (msgspec copies it)
    """Without any: `slow` (5 seconds), `rate-limited`, `unavailable`, `timeout` and `cut-off`."""


BUILT_IN: Final[Mapping[str, InjectedFault]] = {
    "slow": InjectedFault(delay=5.0),
    "rate-limited": InjectedFault(problem="quota-exceeded", retry_after=1),
    "unavailable": InjectedFault(problem="upstream-open", retry_after=1),
    "timeout": InjectedFault(delay=5.0, problem="upstream-timeout"),
    "cut-off": InjectedFault(abort=True),
}


def bind(config: FaultInjectionConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None where the gateway is no sandbox. Raises KeyError for a problem that there is not."""
    sandbox = ports.sandbox
    if sandbox is None:
        return None
    faults = {name: _Injection(name, fault, sandbox) for name, fault in (config.faults or BUILT_IN).items()}
    unasked = [each for each in faults.values() if each.share]

    def inject(exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        asked = exchange.fields.get(HEADER)
        if asked is not None:
            found = faults.get(asked.decode("latin-1"))
            return _unknown(faults) if found is None else found.happens(exchange)
        drawn = sandbox.chance() if unasked else 1.0
        for each in unasked:
            if drawn < each.share:
                return each.happens(exchange)
            drawn -= each.share
        return ALLOW

    return inject


class _Injection:
    """One fault, ready to happen. `share` is the part of all calls to which it does unasked."""

    __slots__ = ("_delay", "_header", "_pause", "_verdict", "share")

    def __init__(self, name: str, fault: InjectedFault, sandbox: Sandbox) -> None:
        self.share = fault.percent / 100.0
        self._delay = fault.delay
        self._pause = sandbox.pause
        self._header = (HEADER, name.encode("latin-1"))
        self._verdict = _verdict(fault)

    def happens(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        exchange.answer_headers.append(self._header)
        return self._later() if self._delay else self._verdict

    async def _later(self) -> Verdict:
        await self._pause(self._delay)
        return self._verdict


def _verdict(fault: InjectedFault) -> Verdict:
    if fault.abort:
        broken = problem("simulated-fault", "The connection was broken off, as was asked for.", simulated=True)
        return Deny(POLICY, broken, silent=True)
    if not fault.problem:
        return ALLOW
    headers: list[tuple[str, str]] = []
    if fault.retry_after is not None:
        headers.append(("retry-after", str(fault.retry_after)))
    if CATALOGUE[fault.problem].status == 401:
        headers.append(
            ("www-authenticate", 'Bearer error="invalid_token"')
        )  # RFC 9110 §15.5.2: it has to have one
    return Deny(POLICY, problem(fault.problem, "This is simulated.", headers=tuple(headers), simulated=True))


def _unknown(faults: Iterable[str]) -> Deny:
    # The name that was sent is not echoed.
    return Deny(POLICY, problem("unknown-fault", "There is no fault of that name.", faults=sorted(faults)))


def check(setting: Setting[FaultInjectionConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """That faults are faults, and have names that stand in a header field."""
    total = 0.0
    for name, fault in setting.config.faults.items():
        place = f"/faults/{name.replace('~', '~0').replace('/', '~1')}"
        total += fault.percent
        if not (name.isascii() and name.isprintable() and name.strip() == name and name):
            yield Fault(place, f"{name!r} cannot be sent in a header field")
        if fault.problem and fault.problem not in CATALOGUE:
            yield Fault(f"{place}/problem", f"there is no problem type {fault.problem!r}")
        if fault.problem and fault.abort:
            yield Fault(place, "a call that is broken off has no answer: 'abort' and 'problem' exclude each other")
        if not (fault.problem or fault.abort or fault.delay):
            yield Fault(place, f"nothing happens with {name!r}: it has no 'delay', no 'problem' and no 'abort'")
        if fault.retry_after is not None and not fault.problem:
            yield Fault(f"{place}/retry-after", "only an answer can say when to try again")
    if total > 100:
        yield Fault("/faults", f"the shares come to {total:g} percent of all calls")
