"""Runs a ruleset over documents: one walk for all rules that see references resolved, one for the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.findings import Finding, Severity
from contracts.lint.fields import parts_of, targets
from contracts.lint.functions.base import Context, Fault, Key
from contracts.lint.graph import Graph, Located
from contracts.lint.jsonpath.ast import Path as JsonPath
from contracts.lint.jsonpath.automaton import Automaton, Emit
from contracts.lint.jsonpath.parser import parse
from contracts.lint.jsonpath.values import UNDEFINED
from contracts.lint.messages import formatted, variables
from contracts.lint.ruleset.aliases import expand
from contracts.lint.ruleset.effective import LintRule, effective, overrides_of
from contracts.lint.ruleset.formats import formats_of
from contracts.lint.ruleset.model import Definition, Then

Rules = Mapping[str, LintRule]


@dataclass(frozen=True, slots=True)
class Violation:
    """What a rule found: where in which file, and the last keys of the path that are not there."""

    rule: LintRule
    severity: Severity
    message: str
    located: Located
    missing: tuple[str, ...]


@dataclass(slots=True)
class _Run:
    """What the automata's callbacks write to, while one document is linted."""

    graph: Graph
    resolved: Context
    unresolved: Context
    violations: dict[tuple[str, str, str, str], Violation] = field(default_factory=dict)


@dataclass(slots=True)
class _Compiled:
    resolved: Automaton
    unresolved: Automaton


class Engine:
    """A ruleset that is ready to run; what is compiled for one kind of document is kept for the next.

    Raises TooMuchWork from `lint` where a document and the paths are beyond bounds.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._rules: dict[tuple[int, ...], Rules] = {}
        self._compiled: dict[tuple[tuple[int, ...], frozenset[str]], _Compiled] = {}
        self._run: _Run | None = None

    def faults(self) -> list[Finding]:
        """What is wrong with the ruleset once everything it extends is merged, for any file."""
        return effective(self.definition)[1]

    def rules(self, file: Path | None = None) -> Rules:
        """The rules for a file (absolute), enabled or not, by name."""
        key = () if file is None else overrides_of(self.definition, file)
        if key not in self._rules:
            self._rules[key] = effective(self.definition, file)[0]
        return self._rules[key]

    def lint(self, graph: Graph, file: Path | None = None) -> list[Violation]:
        """What the rules find in a document, in no particular order, each thing once."""
        formats = formats_of(graph.entry.value)
        key = () if file is None else overrides_of(self.definition, file), formats
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = self._compile(self.rules(file), formats)
        run = self._run = _Run(
            graph,
            Context(graph, formats, True, graph.follow),
            Context(graph, formats, False, _itself),
        )
        compiled.resolved.run(graph.entry.value, graph.follow)
        compiled.unresolved.run(graph.entry.value, _itself)
        self._run = None
        return list(run.violations.values())

    def _compile(self, rules: Rules, formats: frozenset[str]) -> _Compiled:
        entries: dict[bool, list[tuple[JsonPath, Emit]]] = {True: [], False: []}
        for rule in rules.values():
            if not rule.enabled or (rule.severity == "off" and not rule.pointers):
                continue
            if rule.formats is not None and not rule.formats & formats:
                continue
            for given in rule.given:
                for expression in expand(given, rule.aliases, formats):
                    for then in rule.then:
                        emit = self._emitter(rule, then)
                        entries[rule.resolved].append((parse(expression), emit))
        return _Compiled(Automaton(entries[True]), Automaton(entries[False]))

    def _emitter(self, rule: LintRule, then: Then) -> Emit:
        """Asks the function about what a path found; the plain ways of naming a field go without detours."""
        check, resolved, name = then.check, rule.resolved, then.field
        plain = name is not None and then.path is None and name != "@key" and parts_of(name) == (name,)

        def ask(value: Any, path: tuple[Key, ...]) -> None:
            run = self._run
            assert run is not None
            context = run.resolved if resolved else run.unresolved
            if name is None:
                context.path = path
                for fault in check(value, context):
                    self._take(run, rule, context, fault)
            elif plain and isinstance(value, dict):
                context.path = (*path, name)
                member = context.follow(value[name]) if name in value else UNDEFINED
                for fault in check(member, context):
                    self._take(run, rule, context, fault)
            else:
                for target, keys in targets(value, then, context):
                    context.path = (*path, *keys)
                    for fault in check(target, context):
                        self._take(run, rule, context, fault)

        return ask

    def _take(self, run: _Run, rule: LintRule, context: Context, fault: Fault) -> None:
        path = context.path if fault.path is None else fault.path
        located = run.graph.locate(path, resolved=rule.resolved)
        severity = rule.severity_at(located.pointer) if rule.pointers else rule.severity
        if severity == "off":
            return
        names = variables(located, located.missing, rule.description)
        error = formatted(fault.message, names)
        message = error
        if rule.message is not None:
            message = formatted(rule.message, {**names, "error": error})
        elif rule.description is not None:
            message = rule.description
        key = rule.name, located.document.file, located.pointer, message
        run.violations.setdefault(key, Violation(rule, severity, message.strip(), located, located.missing))


def _itself(value: Any) -> Any:
    return value
