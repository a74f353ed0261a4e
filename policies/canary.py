"""The `canary` policy: some of the calls go to another upstream, and none any more once it does worse.

Who goes there is a share of the applications or consumers (the same ones as long as the settings stay, and none of
them back when the share grows), those that are named, and whoever asks for it by a header field. A call that did
not reach the canary, or that may be made twice, goes to the contract's own upstream in its place; it counts as
failed all the same (`policies.canaries`).
"""

import random
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Annotated, Final, Literal

from msgspec import Meta

from contracts.operations import ApiVersion, Operation
from policies import residency
from policies.canaries import Bounds, Canary, CanaryName
from policies.exchange import Exchange
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Ports
from policies.verdict import ALLOW, Stage, Verdict

POLICY: Final = "canary"

EXAMPLE: Final = """\
to: orders-next
percent: 5
always-for: [acme]
header: {name: X-Preview, value: next}
back-out: {error-rate: 0.02, minimum-calls: 100}
"""

_WHOLE: Final = 1 << 32


class HeaderTrigger(PolicyConfig, frozen=True):
    """A header field by which a client asks for the canary."""

    name: Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", max_length=64)]
    """The field's name."""
    value: Annotated[str, Meta(min_length=1, max_length=200)]
    """The value that it has to have."""


class BackOut(PolicyConfig, frozen=True):
    """When nobody is sent to the canary any more."""

    error_rate: Annotated[float, Meta(gt=0, le=1)] = 0.05
    """The share of failed calls by which the canary exceeds the contract's own upstream: 0.05 is five in a hundred
    more. A call fails with a 5xx, with no answer, or when its client does not wait for one."""
    minimum_calls: Annotated[int, Meta(ge=1, le=1_000_000)] = 50
    """Calls to the canary within the window before it is judged, of one operation or of all together."""
    window: Annotated[float, Meta(ge=1, le=86_400)] = 60.0
    """Seconds that are looked back."""
    cool_down: Annotated[float, Meta(ge=1, le=86_400)] = 300.0
    """Seconds until the canary is tried anew. Each further back-out lasts twice as long, up to a day."""


class CanaryConfig(PolicyConfig, frozen=True):
    """Where some of the calls go, and which."""

    to: Annotated[str, Meta(min_length=1)]
    """The other upstream, of the same kind as the operation's own."""
    percent: Annotated[float, Meta(ge=0, le=100)] = 0.0
    """The share of callers (or of calls) that goes there, in percent."""
    by: Literal["application", "consumer", "call"] = "application"
    """What the share is of. Applications and consumers stay where they are from call to call."""
    always_for: tuple[str, ...] = ()
    """Consumers of which every call goes there."""
    header: HeaderTrigger | None = None
    """A header field with which a client asks for it."""
    back_out: BackOut = BackOut()
    """When nobody is sent there any more."""


def bind(config: CanaryConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage:
    """Sends the chosen calls to the other upstream, while it does well."""
    bounds = Bounds(**{name: getattr(config.back_out, name) for name in config.back_out.__struct_fields__})
    name = CanaryName(version.api, version.version, config.to)
    canary = ports.canaries.find(name, config, bounds)
    chosen = _choice(config, name)
    admits = residency.admitting(operation, ports)

    def ended(exchange: Exchange) -> None:
        _ended(canary, operation.id, exchange)

    def send(exchange: Exchange) -> Verdict:
        if exchange.forward is not None and exchange.forward.upstream:
            return ALLOW  # another policy has decided where it goes
        there = not canary.backed_out and chosen(exchange) and (admits is None or admits(exchange, config.to))
        if there:
            forward = exchange.forwarded()
            forward.upstream, forward.fall_back = config.to, True
        exchange.note(POLICY, there)
        exchange.when_ended(ended)
        return ALLOW

    return send


def _ended(canary: Canary, operation: str, exchange: Exchange) -> None:
    if not exchange.upstream_sent_at:
        return
    there, forward = bool(exchange.noted(POLICY)), exchange.forward
    if there and forward is not None and forward.fell_back:
        canary.ended(operation, True, True)
        return
    # 499: a canary that hangs would never be found out, if those who give it up did not count.
    broken_off = exchange.refusal is not None and exchange.status < 400
    canary.ended(operation, there, exchange.status >= 499 or broken_off)


def _choice(config: CanaryConfig, name: CanaryName) -> Callable[[Exchange], bool]:
    """Whether an exchange is one of those."""
    limit = config.percent / 100.0
    salt = "\0".join((name.api, name.version, name.upstream, "")).encode()
    header = config.header
    field, value = (b"", b"") if header is None else (header.name.lower().encode(), header.value.encode())

    def share_of(exchange: Exchange) -> float:
        principal = exchange.principal
        if config.by == "call":
            return random.random()  # noqa: S311
        if principal is None:
            who = exchange.peer
        else:
            who = principal.client_id if config.by == "application" else principal.consumer
        return int.from_bytes(blake2b(salt + who.encode(), digest_size=4).digest(), "big") / _WHOLE

    def chosen(exchange: Exchange) -> bool:
        if field and exchange.fields.get(field) == value:
            return True
        if exchange.principal is not None and exchange.principal.consumer in config.always_for:
            return True
        return limit > 0.0 and share_of(exchange) < limit

    return chosen


def upstreams(config: CanaryConfig) -> dict[str, str]:
    """The canary."""
    return {"/to": config.to}


def check(setting: Setting[CanaryConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """That there is somebody to send, and somewhere else."""
    config, known = setting.config, setting.around.consumers
    for index, consumer in enumerate(config.always_for):
        if known and consumer not in known:
            yield Fault(f"/always-for/{index}", f"there is no consumer {consumer!r}")
    if config.to == operation.backend.upstream:
        yield Fault("/to", f"{config.to!r} is the operation's own upstream")
    if not config.percent and not config.always_for and config.header is None and setting.mode != "off":
        yield Fault("", "nobody is sent to the canary: it has no 'percent', no 'always-for' and no 'header'")
