"""Settings of policies: what an estate, an API, a contract and a plan say of each, and which of them holds.

A layer is a mapping from a policy's id to its settings: the policy's own keys, beside two that all policies have,
`mode` and `consumers`. Layers stand in `ostiary.yaml`, in `api.yaml` (for the API, and for one version), in a
contract (`x-ostiary-policies`, at the document and at an operation) and at a plan. Of a key, the nearest that has
it holds: the operation before the document, the version, the API and the estate; and a plan before all of them,
for those who are under it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec

Mode: TypeAlias = Literal["off", "report", "enforce"]
"""`report`: what would be refused is counted, and let through."""

MODES: Final[tuple[Mode, ...]] = get_args(Mode)

MODE: Final = "mode"
CONSUMERS: Final = "consumers"

Layer: TypeAlias = Mapping[str, Any]


class PolicyUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is set of one policy. `mode` is None where nothing was said of it; `consumers` are those for whom
    another holds. `sources` say where it was set, the nearest last: `apis/orders/api.yaml#/policies/cors`."""

    policy: str
    mode: Mode | None = None
    config: dict[str, Any] = {}
    consumers: dict[str, Mode] = {}
    sources: tuple[str, ...] = ()


def used(source: str, layer: Layer) -> tuple[PolicyUse, ...]:
    """A layer's settings; `source` is where it stands, a file and a JSON pointer. What is of a wrong form is left
    out: it has its finding."""
    found: list[PolicyUse] = []
    for policy, given in layer.items():
        settings = given if isinstance(given, Mapping) else {}
        mode, consumers = settings.get(MODE), settings.get(CONSUMERS)
        found.append(
            PolicyUse(
                policy,
                mode if mode in MODES else None,
                {key: value for key, value in settings.items() if key not in (MODE, CONSUMERS)},
                {name: each for name, each in consumers.items() if each in MODES}
                if isinstance(consumers, Mapping)
                else {},
                (f"{source}/{_escaped(policy)}",),
            )
        )
    return tuple(found)


def _escaped(token: str) -> str:
    """A reference token of a JSON pointer (RFC 6901 §3)."""
    return token.replace("~", "~0").replace("/", "~1")


def joined(layers: Iterable[tuple[PolicyUse, ...]]) -> tuple[PolicyUse, ...]:
    """Layers one over the other, the nearest last, by policy in the order in which they were first named."""
    found: dict[str, PolicyUse] = {}
    for layer in layers:
        for use in layer:
            below = found.get(use.policy)
            found[use.policy] = use if below is None else over(below, use)
    return tuple(found.values())


def over(below: PolicyUse, use: PolicyUse) -> PolicyUse:
    """`use` on top of what is `below` it."""
    return PolicyUse(
        use.policy,
        use.mode or below.mode,
        {**below.config, **use.config},
        {**below.consumers, **use.consumers},
        (*below.sources, *use.sources),
    )
