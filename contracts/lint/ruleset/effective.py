"""From definitions to the rules that are in force for a file: extension and overrides as Spectral does them.

The order of things follows Spectral's own merging, with what may surprise in it: a rule that is extended keeps
whether it is enabled unless the extension says `all`, `recommended` or `off`; a changed rule is enabled; aliases
are those of the ruleset that wrote the `given`; and an override is a ruleset that extends the one it overrides.
"""

import os.path
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from contracts.findings import Finding, Place
from contracts.lint.ruleset.catalogue import ruleset_finding
from contracts.lint.ruleset.globs import matches
from contracts.lint.ruleset.model import (
    Alias,
    Definition,
    Extension,
    Level,
    Mode,
    Override,
    RuleBody,
    RuleEntry,
    Then,
)

_NO_ALIASES: Mapping[str, Alias] = {}


@dataclass(frozen=True, slots=True)
class LintRule:
    """A rule in force. `pointers` are severities for parts of the file, the longest pointer deciding."""

    name: str
    owner: Definition
    description: str | None
    message: str | None
    severity: Level
    documentation_url: str | None
    recommended: bool
    resolved: bool
    formats: frozenset[str] | None
    given: tuple[str, ...]
    aliases: Mapping[str, Alias]
    then: tuple[Then, ...]
    enabled: bool
    pointers: tuple[tuple[str, Level], ...] = ()

    def severity_at(self, pointer: str) -> Level:
        """The severity of a finding at a JSON pointer."""
        severity, closest = self.severity, ""
        for prefix, level in self.pointers:
            if len(prefix) >= len(closest) and (pointer == prefix or pointer.startswith(f"{prefix}/")):
                severity, closest = level, prefix
        return severity


Rules = dict[str, LintRule]


def effective(definition: Definition, file: Path | None = None) -> tuple[Rules, list[Finding]]:
    """The rules of a ruleset for a file (absolute; None: without overrides), enabled and not, by name."""
    findings: list[Finding] = []
    applied = [] if file is None else _applied(definition, file)
    whole = [override for override, files, _ in applied if files]
    base = replace(definition, overrides=())
    if whole:
        changes = whole[0].changes
        for each in whole[1:]:
            changes = _merged(changes, each.changes)
        base = _overridden(base, changes)
    rules = _rules(base, "recommended", explicit=False, above=(), findings=findings)
    for _, _, pointers in applied:
        for name, pointer, level in pointers:
            if (rule := rules.get(name)) is not None:
                rules[name] = replace(rule, enabled=True, pointers=(*rule.pointers, (pointer, level)))
    return rules, findings


def overrides_of(definition: Definition, file: Path) -> tuple[int, ...]:
    """Which overrides are for a file, by their index: files of the same ones have the same rules."""
    return tuple(
        index
        for index, override in enumerate(definition.overrides)
        if any(
            _fits(definition, file, glob) for glob in (*override.files, *(glob for glob, _ in override.pointers))
        )
    )


def _fits(definition: Definition, file: Path, glob: str) -> bool:
    # `..` where the file is not below the ruleset, as Node's `path.relative` has it.
    return matches(Path(os.path.relpath(file, definition.folder)).as_posix(), glob)


def _applied(definition: Definition, file: Path) -> list[tuple[Override, bool, list[tuple[str, str, Level]]]]:
    found = []
    for override in definition.overrides:
        files = any(_fits(definition, file, glob) for glob in override.files)
        pointers = [
            (name, pointer, level)
            for glob, pointer in override.pointers
            if _fits(definition, file, glob)
            for name, level in (override.changes.rules or {}).items()
            if isinstance(level, str)
        ]
        if files or pointers:
            found.append((override, files, pointers))
    return found


def _merged(left: Definition, right: Definition) -> Definition:
    """Two overrides of one file: the later one wins, rule by rule."""
    return replace(
        right,
        extends=right.extends or left.extends,
        aliases={**(left.aliases or {}), **(right.aliases or {})},
        rules={**(left.rules or {}), **(right.rules or {})},
        rule_places={**left.rule_places, **right.rule_places},
        formats=left.formats if right.formats is None else right.formats,
    )


def _overridden(left: Definition, right: Definition) -> Definition:
    extends = right.extends or left.extends
    merged = replace(
        left,
        aliases={**(left.aliases or {}), **(right.aliases or {})},
        formats=left.formats if right.formats is None else right.formats,
        rule_places={**left.rule_places, **right.rule_places},
        extends=extends,
    )
    if left.rules is None or right.rules is None:
        return replace(merged, rules=left.rules if right.rules is None else right.rules)
    return replace(merged, rules=right.rules, extends=(*extends, Extension(left)))


def _rules(
    definition: Definition,
    mode: Mode,
    *,
    explicit: bool,
    above: tuple[Definition, ...],
    findings: list[Finding],
) -> Rules:
    rules: Rules = {}
    for extension in definition.extends:
        if extension.ruleset in above:
            continue
        extended = _rules(
            extension.ruleset,
            extension.mode,
            explicit=extension.explicit,
            above=(*above, definition),
            findings=findings,
        )
        for name, rule in extended.items():
            rules[name] = replace(rule, enabled=_enabled(rule.recommended, mode)) if explicit else rule
    for name, entry in (definition.rules or {}).items():
        rule_or_none = _merge(rules.get(name), name, entry, definition, findings)
        if rule_or_none is None:
            continue
        rule = rule_or_none
        if rule.owner is definition or explicit:
            rule = replace(rule, enabled=_enabled(rule.recommended, mode))
        if rule.formats is None:
            rule = replace(rule, formats=rule.owner.formats)
        if rule.documentation_url is None and definition.documentation_url is not None:
            rule = replace(rule, documentation_url=f"{definition.documentation_url}#{name}")
        rules[name] = rule
    return rules


def _enabled(recommended: bool, mode: Mode) -> bool:
    return mode == "all" or (mode == "recommended" and recommended)


def _merge(
    existing: LintRule | None, name: str, entry: RuleEntry, definition: Definition, findings: list[Finding]
) -> LintRule | None:
    if isinstance(entry, RuleBody):
        return (
            _defined(name, entry, definition, findings)
            if existing is None
            else _changed(existing, entry, definition)
        )
    if existing is None:
        place = definition.rule_places.get(name, Place(definition.file))
        message = f"there is no rule `{name}` to change: it is neither defined nor extended"
        findings.append(ruleset_finding("ruleset-unknown-rule", place, message))
        return None
    if isinstance(entry, bool):
        return replace(existing, enabled=entry)
    return replace(existing, severity=entry, enabled=entry != "off")


def _defined(name: str, body: RuleBody, definition: Definition, findings: list[Finding]) -> LintRule | None:
    if body.given is None or body.then is None:
        message = f"the rule `{name}` is new here and needs `given` and `then`"
        findings.append(ruleset_finding("ruleset-invalid", body.place, message))
        return None
    return LintRule(
        name=name,
        owner=definition,
        description=body.description,
        message=body.message,
        severity=body.severity or "warning",
        documentation_url=body.documentation_url,
        recommended=body.recommended is not False,
        resolved=body.resolved is not False,
        formats=body.formats,
        given=body.given,
        aliases=definition.aliases or _NO_ALIASES,
        then=body.then,
        enabled=body.recommended is not False,
    )


def _changed(rule: LintRule, body: RuleBody, definition: Definition) -> LintRule:
    names = ("description", "message", "severity", "documentation_url", "recommended", "resolved", "formats")
    said = {name: value for name in (*names, "given", "then") if (value := getattr(body, name)) is not None}
    aliases = rule.aliases if body.given is None else definition.aliases or _NO_ALIASES
    return replace(rule, **said, aliases=aliases, enabled=True)
