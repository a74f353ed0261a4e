"""A ruleset as it is written: one value a file, with every rule's parts in their types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from contracts.findings import Place, Severity
from contracts.lint.functions.base import Check
from contracts.lint.jsonpath.ast import Path as JsonPath

Level = Severity | Literal["off"]
Mode = Literal["recommended", "all", "off"]


@dataclass(frozen=True, slots=True)
class Then:
    """One check of a rule: what is looked at in the value that `given` found, and the bound function.

    `field` is a key, a dotted path, `@key`, or a JSONPath, which is then in `path` too.
    """

    function: str
    check: Check
    field: str | None = None
    path: JsonPath | None = None


@dataclass(frozen=True, slots=True)
class RuleBody:
    """A rule that is defined, or the parts in which one that exists is changed. None: not said."""

    place: Place
    description: str | None = None
    message: str | None = None
    severity: Level | None = None
    documentation_url: str | None = None
    recommended: bool | None = None
    resolved: bool | None = None
    formats: frozenset[str] | None = None
    given: tuple[str, ...] | None = None
    then: tuple[Then, ...] | None = None


RuleEntry = RuleBody | Level | bool


@dataclass(frozen=True, slots=True)
class Alias:
    """Paths by name: the same for all documents, or by format."""

    given: tuple[str, ...] = ()
    targets: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Extension:
    """Another ruleset that is taken over; `explicit` if it was said how much of it."""

    ruleset: "Definition"
    mode: Mode = "recommended"
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """Changes for some files. `pointers`: severities for parts of them, as (glob, pointer)."""

    files: tuple[str, ...]
    changes: "Definition"
    pointers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Definition:
    """One ruleset file. `folder` is where its globs begin; `rule_places` is where each rule is named."""

    file: str
    folder: Path
    extends: tuple[Extension, ...] = ()
    aliases: Mapping[str, Alias] | None = None
    rules: Mapping[str, RuleEntry] | None = None
    formats: frozenset[str] | None = None
    documentation_url: str | None = None
    overrides: tuple[Override, ...] = ()
    rule_places: Mapping[str, Place] = field(default_factory=dict)
