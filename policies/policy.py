"""What a policy is: its settings, when it runs, what binds it to an operation. Ours and a plug-in's alike.

A policy judges requests (`bind`), answers (`bind_answer`), or both. Everything that can be computed before the
first request is computed in binding; None says that it has nothing to do on this operation.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Generic, TypeVar

import msgspec

from contracts.operations import ApiVersion, Operation
from contracts.policy_settings import MODES, Mode
from contracts.surroundings import Surroundings
from policies.ports import Ports
from policies.verdict import AnswerFilter, AnswerReport, Stage


class Phase(Enum):
    """When a stage runs."""

    HEAD = "head"
    """On the request's head, before a byte of its body is read."""
    BODY = "body"
    """When the body is there, or the request is known to have none."""
    RESPONSE = "response"
    """On the answer, before the client gets any of it where that is needed."""


class PolicyConfig(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True, kw_only=True
):
    """The base of all settings. Keys are kebab-case in the files."""


class NoConfig(PolicyConfig, frozen=True):
    """A policy that has nothing to set but its mode."""


C = TypeVar("C", bound=PolicyConfig)


@dataclass(frozen=True, slots=True)
class Setting(Generic[C]):
    """A policy's settings on an operation, for those under `plan` where it is not empty. `consumers` are those for
    whom another mode holds."""

    config: C
    mode: Mode
    plan: str = ""
    consumers: Mapping[str, Mode] = field(default_factory=dict)
    around: Surroundings = field(default_factory=Surroundings)
    """What there is around the operation, as far as that is known."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with settings of the right form. `pointer` leads to it from the policy's own settings. What is
    not `certain` could not be decided: nobody is kept from publishing."""

    pointer: str
    message: str
    certain: bool = True


def _no_faults(setting: Setting[C], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    return ()


def no_upstreams(config: PolicyConfig) -> Mapping[str, str]:
    """Of a policy that sends nothing anywhere."""
    return {}


def _reads_nothing(config: PolicyConfig, version: ApiVersion, operation: Operation) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Generic[C]):
    """A policy as it is installed.

    `always`: it is bound to every operation, named or not; others only where settings name them. `mode` is what
    holds where no mode is set, and `modes` are those that it admits. `failure` says what happens where it cannot
    decide. `check` finds, offline, what is wrong with settings on an operation; `upstreams` names those that
    settings may have an exchange sent to, by the pointers at which the settings have the names; they have to be of
    the kind of the operation's own. `report_answer` is bound in place of `bind_answer` where the policy reports
    for everybody and no other changes the answer before: it looks at answers of which none is held. `watches`:
    its filter never asks for more than copies of answers, which may then come encoded, or in parts. Where
    `reads_whole`, the request's body has to be there before the BODY stages run; else it streams.
    `after` (a policy of the same phase) is a plug-in's place in the order. `example` is YAML: a mapping of
    settings as it stands below the policy's id.
    """

    id: str
    why: str
    """Why it stands where it does in the order."""
    failure: str
    config: type[C]
    phase: Phase = Phase.RESPONSE
    bind: Callable[[C, ApiVersion, Operation, Ports], Stage | None] | None = None
    bind_answer: Callable[[C, ApiVersion, Operation, Ports], AnswerFilter | None] | None = None
    always: bool = False
    mode: Mode = "enforce"
    modes: tuple[Mode, ...] = MODES
    check: Callable[[Setting[C], ApiVersion, Operation], Iterable[Fault]] = _no_faults
    upstreams: Callable[[C], Mapping[str, str]] = no_upstreams
    report_answer: Callable[[C, ApiVersion, Operation, Ports], AnswerReport | None] | None = None
    watches: bool = False
    reads_whole: Callable[[C, ApiVersion, Operation], bool] = _reads_nothing
    after: str = ""
    example: str = ""


SWITCHED: Final[tuple[Mode, ...]] = ("off", "enforce")
"""The modes of a policy that refuses nothing: there is nothing to report."""

ENFORCED: Final[tuple[Mode, ...]] = ("enforce",)
"""The modes of a policy that is never off: without it nobody would know who calls."""
