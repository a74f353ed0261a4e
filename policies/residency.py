"""Where the data of calls may go: upstreams have tags (`residency: eu`), and settings say which of them may serve.

A call for which no upstream may serve is answered with 503. It is not 451: that says that a legal demand stands in
the way (RFC 7725), and all that is known here is that the estate has no server in the right place. Nor is it 403:
nothing is wrong with who calls.

Policies that send calls elsewhere (a canary, a mirror) ask `admitting` before they do, and leave it where they may
not. An upstream without a tag may be anywhere, and serves only where nothing is said.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, field

from contracts.operations import ApiVersion, Operation
from contracts.policy_settings import PolicyUse, over
from contracts.problems import problem
from policies.exchange import Exchange
from policies.modes import Variant, Variants
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Ports
from policies.validation.violations import escape
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "residency"

EXAMPLE: Final = """\
allow: [eu, ch]
by-consumer:
  acme: [eu]
"""

_REFUSED: Final = Deny(POLICY, problem("residency-unavailable", "No upstream that may serve this call is there."))

Tags = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,62}$", description="a tag, such as `eu`")], ...],
    Meta(max_length=50),
]
Admits: TypeAlias = Callable[[Exchange, str], bool]
"""Whether the call may go to an upstream."""


class ResidencyConfig(PolicyConfig, frozen=True):
    """Settings of `residency`."""

    allow: Tags = ()
    """The tags of upstreams that may serve; none: any upstream, with a tag or without."""
    by_consumer: dict[str, Tags] = field(default_factory=dict)
    """The tags of upstreams that may serve single consumers, in place of those for all."""


def bind(config: ResidencyConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None where nothing is said."""
    if not (config.allow or config.by_consumer):
        return None
    own, tags = operation.backend.upstream, ports.residency

    def residency(exchange: Exchange) -> Verdict:
        forward = exchange.forward
        upstream = own if forward is None or not forward.upstream else forward.upstream
        return ALLOW if _admits(config, exchange, tags.get(upstream)) else _REFUSED

    return residency


def admitting(operation: Operation, ports: Ports) -> Admits | None:
    """What other policies ask before they send a call of an operation to another upstream; None where all may
    serve. Only what is enforced counts: to report means to change nothing."""
    base = next((use for use in operation.policies if use.policy == POLICY), None)
    plans = {plan: use for plan, uses in ports.plan_policies.items() for use in uses if use.policy == POLICY}
    if base is None and not plans:
        return None
    chosen = Variants(
        _variant(base or PolicyUse(POLICY)),
        {plan: _variant(use if base is None else over(base, use)) for plan, use in plans.items()},
    )
    tags = ports.residency

    def admits(exchange: Exchange, upstream: str) -> bool:
        config, mode = chosen.choose(exchange)
        return config is None or mode != "enforce" or _admits(config, exchange, tags.get(upstream))

    return admits


def check(setting: Setting[ResidencyConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """Upstreams that could never serve, and consumers that there are not."""
    config, around = setting.config, setting.around
    own = operation.backend.upstream
    if config.allow:
        yield from _barred("/allow", config.allow, around.serving)
    for consumer, allowed in config.by_consumer.items():
        pointer = f"/by-consumer/{escape(consumer)}"
        if around.consumers and consumer not in around.consumers:
            yield Fault(pointer, f"there is no consumer {consumer!r}")
        # To others than its own the calls of this consumer are not sent; that one serves, or nobody does.
        yield from _barred(pointer, allowed, {name: tag for name, tag in around.serving.items() if name == own})


def _barred(pointer: str, allowed: tuple[str, ...], serving: Mapping[str, str | None]) -> Iterator[Fault]:
    for name, tag in serving.items():
        if tag not in allowed:
            where = "has no `residency`" if tag is None else f"is in {tag!r}"
            yield Fault(pointer, f"the upstream {name!r} {where}, and {', '.join(allowed) or 'nothing'} may serve")


def _admits(config: ResidencyConfig, exchange: Exchange, tag: str | None) -> bool:
    principal = exchange.principal
    if principal is not None:
        its = config.by_consumer.get(principal.consumer)
        if its is not None:
            return tag in its
    return not config.allow or tag in config.allow


def _variant(use: PolicyUse) -> Variant[ResidencyConfig]:
    return Variant(msgspec.convert(use.config, ResidencyConfig), use.mode or "enforce", use.consumers)
