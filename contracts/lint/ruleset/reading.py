"""From a ruleset file to its `Definition`, strictly: every fault at once, each at its place."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from contracts.documents.builder import quote
from contracts.documents.document import Document, Node
from contracts.estate.decode import suggestion
from contracts.findings import Finding, Place
from contracts.lint.functions.base import BadOptions, Function
from contracts.lint.jsonpath.ast import PathSyntaxError
from contracts.lint.jsonpath.parser import parse
from contracts.lint.ruleset.aliases import check_givens
from contracts.lint.ruleset.catalogue import ruleset_finding
from contracts.lint.ruleset.formats import OPENAPI_FORMATS, format_of
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
from contracts.openapi.errors import StructureCheck

Extend = Callable[[Node, str], Definition | None]
"""Finds the ruleset that is named at a place; None for one that is already being read. Reports what it misses."""

_KEYS: Final = (
    *("extends", "rules", "aliases", "formats", "overrides", "documentationUrl", "description"),
    *("functions", "functionsDir", "parserOptions"),
)
_RULE_KEYS: Final = (
    *("given", "then", "severity", "message", "description", "documentationUrl", "recommended", "resolved"),
    *("formats", "type", "tags", "extensions"),
)
_LEVELS: Final[Mapping[Any, Level]] = {
    "error": "error",
    "warn": "warning",
    "info": "info",
    "hint": "info",
    "off": "off",
    0: "error",
    1: "warning",
    2: "info",
    3: "info",
    -1: "off",
}
_LEVEL_WORDS: Final = "error, warn, info, hint, off, or a number from -1 to 3"


class RulesetReader:
    """Reads one document. What is broken is left out; the findings forbid its use anyway."""

    def __init__(
        self, document: Document, folder: Path, functions: Mapping[str, Function], extend: Extend
    ) -> None:
        self.document, self.folder, self.functions, self.extend = document, folder, functions, extend
        self.findings: list[Finding] = []

    def read(self) -> Definition:
        """The definition; complete if `findings` is empty."""
        root = self.document.root
        if not isinstance(root.value, dict):
            self.report(
                "ruleset-invalid", root.place, "a ruleset is a mapping with `extends`, `rules` or `overrides`"
            )
            return Definition(self.document.file, self.folder)
        definition = self._definition(root, None)
        overrides = self._overrides(root, definition.aliases)
        if not {"extends", "rules", "overrides"} & root.value.keys():
            self.report("ruleset-invalid", root.place, "the ruleset has no `extends`, `rules` or `overrides`")
        return Definition(
            self.document.file,
            self.folder,
            definition.extends,
            definition.aliases,
            definition.rules,
            definition.formats,
            definition.documentation_url,
            overrides,
            definition.rule_places,
        )

    def report(self, rule: str, place: Place, message: str) -> None:
        self.findings.append(ruleset_finding(rule, place, message))

    def _definition(
        self, node: Node, inherited: Mapping[str, Alias] | None, *, override: bool = False
    ) -> Definition:
        known = ("files", "extends", "rules", "aliases", "formats", "parserOptions") if override else _KEYS
        for key, member in node.members():
            if key not in known and not key.startswith("x-"):
                self.report(
                    "ruleset-unknown-key",
                    member.key_place,
                    f"a ruleset has no key {quote(key)}{suggestion(key, known)}",
                )
        self._refuse_javascript(node)
        aliases = self._aliases(node.get("aliases"))
        if inherited is not None:
            aliases = {**inherited, **(aliases or {})}
        rules, places = self._rules(node.get("rules"))
        check_givens(rules or {}, aliases or {}, self.report)
        formats = node.get("formats")
        return Definition(
            self.document.file,
            self.folder,
            self._extends(node.get("extends")),
            aliases,
            rules,
            None if formats is None else self._formats(formats),
            self._text(node, "documentationUrl"),
            (),
            places,
        )

    def _refuse_javascript(self, node: Node) -> None:
        functions = node.get("functions")
        if functions is not None and isinstance(functions.value, list):
            for item in functions.items():
                name = item.value[0] if isinstance(item.value, list) and item.value else item.value
                self.report(
                    "ruleset-unknown-function",
                    item.place,
                    f"the custom function {quote(str(name))} is written in JavaScript, which is not run; say the "
                    "same with the functions that there are, or leave the rules out that need it",
                )
        elif functions is not None:
            self.report("ruleset-invalid", functions.place, "`functions` is a list")

    def _extends(self, node: Node | None) -> tuple[Extension, ...]:
        if node is None:
            return ()
        if isinstance(node.value, str):
            return self._extension(node, node.value, "recommended", explicit=False)
        if not isinstance(node.value, list):
            self.report("ruleset-invalid", node.place, "`extends` is a ruleset's name or file, or a list of them")
            return ()
        found: list[Extension] = []
        for item in node.items():
            if isinstance(item.value, str):
                found += self._extension(item, item.value, "recommended", explicit=False)
            elif isinstance(item.value, list) and len(item.value) == 2 and isinstance(item.value[0], str):
                mode = item.value[1]
                if mode in get_args(Mode):
                    found += self._extension(item, item.value[0], mode, explicit=True)
                else:
                    self.report(
                        "ruleset-invalid", item.place, f"{quote(str(mode))} is none of recommended, all and off"
                    )
            else:
                self.report("ruleset-invalid", item.place, "an entry is a ruleset, or a pair of it and a mode")
        return tuple(found)

    def _extension(self, node: Node, name: str, mode: Mode, *, explicit: bool) -> tuple[Extension, ...]:
        ruleset = self.extend(node, name)
        return () if ruleset is None else (Extension(ruleset, mode, explicit),)

    def _formats(self, node: Node) -> frozenset[str]:
        if not isinstance(node.value, list):
            self.report("ruleset-invalid", node.place, "`formats` is a list of formats")
            return frozenset()
        found = set()
        for item in node.items():
            name = format_of(item.value) if isinstance(item.value, str) else None
            if name is None:
                hint = suggestion(str(item.value), OPENAPI_FORMATS)
                self.report("ruleset-invalid", item.place, f"there is no format {quote(str(item.value))}{hint}")
            else:
                found.add(name)
        return frozenset(found)

    def _text(self, node: Node, key: str) -> str | None:
        member = node.get(key)
        if member is None or isinstance(member.value, str):
            return None if member is None else str(member.value)
        self.report("ruleset-invalid", member.place, f"`{key}` is text")
        return None

    def _flag(self, node: Node, key: str) -> bool | None:
        member = node.get(key)
        if member is None or isinstance(member.value, bool):
            return None if member is None else bool(member.value)
        self.report("ruleset-invalid", member.place, f"`{key}` is true or false")
        return None

    def _given(self, node: Node, what: str) -> tuple[str, ...]:
        items = list(node.items()) if isinstance(node.value, list) else [node]
        found = []
        for item in items:
            if isinstance(item.value, str) and item.value[:1] in ("$", "#"):
                found.append(item.value)
            else:
                self.report(
                    "ruleset-path-invalid", item.place, f"{what} is a JSONPath (`$…`) or an alias (`#Name`)"
                )
        if not items:
            self.report("ruleset-invalid", node.place, f"{what} is empty")
        return tuple(found)

    def _aliases(self, node: Node | None) -> dict[str, Alias] | None:
        if node is None:
            return None
        if not isinstance(node.value, dict):
            self.report("ruleset-invalid", node.place, "`aliases` maps names to paths")
            return None
        aliases: dict[str, Alias] = {}
        for name, member in node.members():
            if (
                not (name[:1].isascii() and name[:1].isalpha())
                or not name.replace("-", "").replace("_", "").isalnum()
            ):
                message = f"an alias is called by letters, digits, `-` and `_`, unlike {quote(name)}"
                self.report("ruleset-invalid", member.key_place, message)
            if not isinstance(member.value, dict):
                aliases[name] = Alias(self._given(member, "an alias"))
                continue
            targets = member.get("targets")
            if targets is None or not isinstance(targets.value, list) or not targets.value:
                self.report("ruleset-invalid", member.place, "an alias by format has a list of `targets`")
                continue
            aliases[name] = Alias(targets=tuple(self._target(item) for item in targets.items()))
        return aliases

    def _target(self, node: Node) -> tuple[frozenset[str], tuple[str, ...]]:
        formats, given = node.get("formats"), node.get("given")
        if formats is None or given is None:
            self.report("ruleset-invalid", node.place, "a target has `formats` and `given`")
            return frozenset(), ()
        return self._formats(formats), self._given(given, "`given`")

    def _rules(self, node: Node | None) -> tuple[dict[str, RuleEntry] | None, dict[str, Place]]:
        if node is None:
            return None, {}
        if not isinstance(node.value, dict):
            self.report("ruleset-invalid", node.place, "`rules` maps names to rules")
            return None, {}
        rules: dict[str, RuleEntry] = {}
        places = {}
        for name, member in node.members():
            places[name] = member.key_place
            if isinstance(member.value, dict):
                rules[name] = self._rule(member)
            elif isinstance(member.value, bool):
                rules[name] = member.value
            else:
                rules[name] = self._level(member)
        return rules, places

    def _level(self, node: Node) -> Level:
        value = node.value
        if isinstance(value, str | int) and not isinstance(value, bool) and value in _LEVELS:
            return _LEVELS[value]
        self.report("ruleset-invalid", node.place, f"{quote(str(value))} is no severity: {_LEVEL_WORDS}")
        return "warning"

    def _rule(self, node: Node) -> RuleBody:
        for key, member in node.members():
            if key not in _RULE_KEYS and not key.startswith("x-"):
                self.report(
                    "ruleset-unknown-key",
                    member.key_place,
                    f"a rule has no key {quote(key)}{suggestion(key, _RULE_KEYS)}",
                )
        given, then, severity, formats = (node.get(key) for key in ("given", "then", "severity", "formats"))
        return RuleBody(
            node.key_place,
            self._text(node, "description"),
            self._text(node, "message"),
            None if severity is None else self._level(severity),
            self._text(node, "documentationUrl"),
            self._flag(node, "recommended"),
            self._flag(node, "resolved"),
            None if formats is None else self._formats(formats),
            None if given is None else self._given(given, "`given`"),
            None if then is None else self._thens(then),
        )

    def _thens(self, node: Node) -> tuple[Then, ...]:
        items = list(node.items()) if isinstance(node.value, list) else [node]
        return tuple(then for item in items if (then := self._then(item)) is not None)

    def _then(self, node: Node) -> Then | None:
        name = node.text("function")
        if name is None:
            self.report("ruleset-invalid", node.place, "`then` names a `function`")
            return None
        for key, member in node.members():
            if key not in ("function", "field", "functionOptions"):
                self.report("ruleset-unknown-key", member.key_place, f"`then` has no key {quote(key)}")
        function = self.functions.get(name)
        place = node.document.place(f"{node.pointer}/function")
        if function is None:
            near = suggestion(name, self.functions)
            hint = near if "did you mean" in near else "; one in JavaScript is not run"
            self.report("ruleset-unknown-function", place, f"there is no function {quote(name)}{hint}")
            return None
        field, path = self._text(node, "field"), None
        # `$ref` is a key: JSONPath-Plus, by which Spectral reads a path, takes the whole of it for a name.
        if field is not None and field.startswith("$") and not field[1:2].isalnum():
            try:
                path = parse(field)
            except PathSyntaxError as error:
                self.report(
                    "ruleset-path-invalid",
                    node.document.place(f"{node.pointer}/field"),
                    f"{quote(field)}: {error.message} at character {error.position + 1}",
                )
        options = node.get("functionOptions")
        value = None if options is None else options.value
        where = node if options is None else options
        faults = len(self.findings)
        self._check_options(function, where, value)
        if len(self.findings) > faults:
            return None
        try:
            return Then(name, function.bind(value), field, path)
        except BadOptions as error:
            self.report("ruleset-options-invalid", where.place, f"{name}: {error}")
            return None

    def _check_options(self, function: Function, node: Node, value: Any) -> None:
        if function.options is None:
            if value is not None:
                self.report("ruleset-options-invalid", node.place, f"{function.name} takes no options")
            return
        for error in StructureCheck({"$schema": _DIALECT, **function.options}).errors(value):
            pointer = "".join(f"/{part}" for part in error.path)
            place = (
                node.document.place_of_key(node.pointer + pointer)
                if error.at_key
                else node.document.place(node.pointer + pointer)
            )
            self.report("ruleset-options-invalid", place, f"{function.name}: {error.message}")

    def _overrides(self, root: Node, aliases: Mapping[str, Alias] | None) -> tuple[Override, ...]:
        node = root.get("overrides")
        if node is None:
            return ()
        if not isinstance(node.value, list) or not node.value:
            self.report("ruleset-invalid", node.place, "`overrides` is a list of changes for some files")
            return ()
        return tuple(override for item in node.items() if (override := self._override(item, aliases)) is not None)

    def _override(self, node: Node, aliases: Mapping[str, Alias] | None) -> Override | None:
        files = node.get("files")
        if files is None or not isinstance(files.value, list) or not files.value:
            self.report("ruleset-invalid", node.place, "an override has `files`, a list of globs")
            return None
        globs = [item.value for item in files.items() if isinstance(item.value, str) and item.value]
        if len(globs) != len(files.value):
            self.report("ruleset-invalid", files.place, "`files` is a list of globs")
        pointers = tuple((glob.partition("#")[0], glob.partition("#")[2]) for glob in globs if "#" in glob)
        changes = self._definition(node, aliases, override=True)
        if pointers:
            faulty = [name for name, entry in (changes.rules or {}).items() if isinstance(entry, bool | RuleBody)]
            if set(node.value) - {"files", "rules"} or faulty or not changes.rules:
                message = "where `files` have pointers, `rules` gives severities and nothing else is overridden"
                self.report("ruleset-invalid", node.place, message)
                return None
        elif not {"rules", "extends"} & set(node.value):
            self.report("ruleset-invalid", node.place, "an override has `rules` or `extends`")
        return Override(tuple(glob for glob in globs if "#" not in glob), changes, pointers)


_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
