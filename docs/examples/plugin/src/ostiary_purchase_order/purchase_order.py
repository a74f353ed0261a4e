"""Calls that cost money name the purchase order that they are charged to, in a header field.

A purchase order is the partner's own number: a prefix that was agreed upon, and digits. Whether it is a good one
is for the invoice to say; the policy refuses calls that could be charged to nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from msgspec import Meta, field

from contracts.operations import ApiVersion, Operation
from contracts.problems import Problem, ProblemType
from policies.exchange import Exchange
from policies.policy import Fault, Phase, Policy, PolicyConfig, Setting
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

ID: Final = "purchase-order"

MISSING: Final = ProblemType(
    "purchase-order-missing",
    400,
    "Purchase order missing",
    "The call names no purchase order, or none of this partner.",
    uri="https://acme.example/problems/purchase-order-missing",
)
"""Problem types of a plug-in are its own, under a URI of its own. The id is what logs and metrics have."""

_GATEWAYS_OWN: Final = frozenset({"authorization", "cookie", "dpop", "host", "x-request-id"})

FieldName = Annotated[
    str, Meta(pattern="^[a-z][a-z0-9-]{0,63}$", description="the name of a header field, in lower case")
]
Prefix = Annotated[str, Meta(pattern="^[A-Z0-9-]{1,16}$", description="capitals, digits and dashes, 16 at most")]
Length = Annotated[int, Meta(ge=1, le=32)]


class PurchaseOrderConfig(PolicyConfig, frozen=True):
    """Settings of `purchase-order`."""

    prefixes: dict[str, Prefix] = field(default_factory=dict)
    """What the purchase orders of each consumer begin with. A consumer that is not here needs none."""
    header: FieldName = "purchase-order"
    """The field that has the purchase order."""
    digits: Length = 8
    """How many digits follow the prefix, at most."""


def bind(config: PurchaseOrderConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """Everything that can be computed before the first request is computed here."""
    if not config.prefixes:
        return None
    name, digits = config.header.encode(), config.digits
    prefixes: Mapping[str, bytes] = {consumer: each.encode() for consumer, each in config.prefixes.items()}
    refused = Deny(ID, Problem(MISSING, f"`{config.header}` takes a purchase order of yours."))

    def check(exchange: Exchange) -> Verdict:
        principal = exchange.principal
        prefix = None if principal is None else prefixes.get(principal.consumer)
        if prefix is None:
            return ALLOW
        order = exchange.fields.get(name, b"")
        number = order[len(prefix) :]
        if order.startswith(prefix) and number.isdigit() and len(number) <= digits:
            return ALLOW
        return refused

    return check


def check(setting: Setting[PurchaseOrderConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """What `ostiary check` finds in settings of the right form. Pointers start at the policy's settings."""
    config = setting.config
    if config.header in _GATEWAYS_OWN:
        yield Fault("/header", f"`{config.header}` means something else to a gateway")
    if operation.public:
        yield Fault("", "the operation is open to everyone: nobody can be charged")


policy: Final = Policy(
    id=ID,
    why="As soon as it is known who calls, and before the call takes anything from a limit.",
    failure="It depends on nothing else.",
    config=PurchaseOrderConfig,
    phase=Phase.HEAD,
    bind=bind,
    check=check,
    after="subscription",
    example="prefixes:\n  aurora: AU-\nmode: report\n",
)
