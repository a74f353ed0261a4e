"""An old version, served by the new one's upstream: its requests become those of the new, and the answers of old.

Requests are changed as one JSON object with the members `path`, `query` and `header` (parameters by name, as
values) and `body`; answers as one with `body`. That every request of the old contract becomes one of the new, and
every answer of the new one of the old, is checked offline (`policies.adapting.check`).
"""

from collections.abc import Iterator
from typing import Annotated, Final, TypeAlias

import msgspec

from contracts.estate.adapting import ADAPTER
from contracts.operations import AdaptedTo, ApiVersion, Operation
from policies.adapting.answers import AnswerAdapter
from policies.adapting.requests import PLACES, RequestAdapter
from policies.mapping.faults import step_faults
from policies.mapping.mapping import Mapping
from policies.mapping.places import parse_place
from policies.mapping.steps import ACTS, Step
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Ports
from policies.verdict import AnswerFilter, Stage

POLICY: Final = ADAPTER

EXAMPLE: Final = """\
version: v2
operation: createOrder
request:
- { rename: /body/customer_id, to: customerId }
- { rename: /body/lines/*/qty, to: quantity }
- { default: /body/currency, value: EUR }
response:
- { rename: /body/customerId, to: customer_id }
- { convert: /body/state, values: { draft: new, sent: quoted } }
- { drop: /body/currency }
statuses: { "201": 200 }
"""


FromStatus: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[2-5]\d\d$", description="a status, quoted")]
ToStatus: TypeAlias = Annotated[int, msgspec.Meta(ge=200, le=599)]


class VersionAdapterConfig(PolicyConfig, frozen=True):
    """How calls of an old version are served by another one of the same API."""

    version: Annotated[str, msgspec.Meta(pattern=r"^v[1-9][0-9]{0,3}$", description="v1, v2, …")]
    """The version that serves them."""
    operation: str = ""
    """The id of its operation; without it, the one with the same id."""
    request: tuple[Step, ...] = ()
    """What is changed in a request, below `/path`, `/query`, `/header` and `/body`."""
    response: tuple[Step, ...] = ()
    """What is changed in an answer that is no error, below `/body`."""
    errors: tuple[Step, ...] = ()
    """What is changed in an error, below `/body`. One that the old contract then does not admit becomes a plain
    problem document with the same status."""
    statuses: dict[FromStatus, ToStatus] = msgspec.field(default_factory=dict)
    """The status that the client gets, by the one that came."""


def bind(config: VersionAdapterConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage:
    """Raises ValueError for what `check` finds."""
    return RequestAdapter(version, operation, _target(config, operation), Mapping(config.request)).check


def bind_answer(
    config: VersionAdapterConfig, version: ApiVersion, operation: Operation, ports: Ports
) -> AnswerFilter:
    """Raises ValueError for what `check` finds."""
    return AnswerAdapter(
        version,
        operation,
        _target(config, operation),
        Mapping(config.response),
        Mapping(config.errors),
        _statuses(config),
    )


def reads_whole(config: VersionAdapterConfig, version: ApiVersion, operation: Operation) -> bool:
    """A body that stays as it is may stream."""
    return bool(config.request) and operation.body is not None


def check(setting: Setting[VersionAdapterConfig], version: ApiVersion, operation: Operation) -> Iterator[Fault]:
    """What cannot be served, and what the other version, or the client, would not understand."""
    # A gateway checks nothing, and does without all that compares schemas.
    from policies.adapting.check import both_ways, missing

    config = setting.config
    if setting.plan or setting.consumers:
        yield Fault("", "a version is served in one way to all callers, whatever their plan")
        return
    if setting.mode == "off":
        return
    why = missing(setting.around.versions, version, operation)
    if why is not None:
        yield why
        return
    faults = [
        *_steps("request", config.request, PLACES),
        *_steps("response", config.response, ("body",)),
        *_steps("errors", config.errors, ("body",)),
    ]
    yield from faults
    if not faults:
        target = _target(config, operation)
        there = setting.around.versions[target.version]
        yield from both_ways(version, operation, there, target, config.request, config.response, _statuses(config))


def _target(config: VersionAdapterConfig, operation: Operation) -> AdaptedTo:
    if operation.adapted is None:
        raise ValueError(f"no operation of {config.version} serves {operation.id}")
    return operation.adapted


def _statuses(config: VersionAdapterConfig) -> dict[int, int]:
    return {int(status): other for status, other in config.statuses.items()}


def _steps(name: str, steps: tuple[Step, ...], places: tuple[str, ...]) -> Iterator[Fault]:
    found = list(step_faults(steps, f"/{name}"))
    yield from found
    for index, step in enumerate(() if found else steps):
        for act in (*ACTS, "to"):
            text = getattr(step, act)
            if text is None or (act == "to" and step.rename is not None):
                continue
            place = parse_place(text)
            if place.tokens[0] not in places:
                known = ", ".join(f"/{each}" for each in places)
                yield Fault(f"/{name}/{index}/{act}", f"{text!r} is below none of {known}")
