"""Whether a contract is valid OpenAPI, as openapi-spec-validator sees it; each error at its place, in few words.

The validator gets one self-contained document: what lies in other files is brought into `components` first,
so that it is checked as well, and errors are traced back to the file they came from. Nothing is fetched.
"""

from typing import Any, Final
from urllib.parse import quote, unquote

from contracts.documents.document import Node, escape, tokens_of
from contracts.findings import has_errors
from contracts.openapi.found_valid import FoundValid, digest_of
from contracts.openapi.grammar import SECTIONS
from contracts.openapi.references import Key, References, has_reference, key_of
from contracts.openapi.rules import Report
from contracts.openapi.structure import structure

_LONGEST: Final = 200
_FOUND_VALID: Final = FoundValid()
_SECTION_OF: Final = {kind: section for section, kind in SECTIONS.items()}


def check_openapi(references: References, minor: str, report: Report) -> None:
    """Reports every error under `openapi-invalid`. `minor` is `3.0`, `3.1` or `3.2`."""
    flat = _Flat(references, minor)
    digest = digest_of(flat.value, minor)
    if digest in _FOUND_VALID:
        return
    known = len(report.findings)
    _check(flat, minor, report)
    if len(report.findings) == known:
        _FOUND_VALID.add(digest)


def _check(flat: "_Flat", minor: str, report: Report) -> None:
    structural = structure(minor).errors(flat.value)
    for error in structural:
        flat.report(report, error.path, error.message, at_key=error.at_key)
    if structural:
        return
    # Imported here: the library takes a third of a second, which a diff and a lint need not wait for.
    from contracts.openapi.semantics import semantic_errors

    try:
        for found in semantic_errors(flat.without_strays(), minor):
            parts = flat.resolved([str(part) for part in getattr(found, "schema_parts", ())])
            message = found.message if len(found.message) <= _LONGEST else found.message[: _LONGEST - 1] + "…"
            inside = [str(part) for part in found.absolute_path]
            if flat.at([*parts, "default", *inside]) == found.instance:
                parts, message = [*parts, "default"], f"the default does not fit its schema: {message}"
            flat.report(report, [*parts, *inside], message)
    except Exception as fault:
        # What it trips over, rules of ours have their word on.
        if not has_errors(report.findings):
            flat.report(report, [], f"the document cannot be checked: {type(fault).__name__}: {fault}")


class _Flat:
    """The contract with everything from other files brought in, and the way back."""

    def __init__(self, references: References, minor: str) -> None:
        self._references = references
        self._inline_paths = minor == "3.0"
        self._names: dict[Key, tuple[str, str]] = {}
        self._origins: dict[tuple[str, str], Node] = {}
        foreign = references.foreign()
        if all(found.source.value["$ref"].startswith("#") for found in references.references.values()):
            self.value = references.entry.value
            return
        for number, reference in enumerate(foreign):
            place = (_SECTION_OF[reference.kind], f"ostiary.{number}")
            self._names[key_of(reference.target)] = place
            self._origins[place] = reference.target
        self.value = self._copy(references.entry.root, in_callback=False)
        components = self.value.setdefault("components", {})
        for (section, name), target in self._origins.items():
            if section == "pathItems" and self._inline_paths:
                continue
            if isinstance(components, dict) and isinstance(components.setdefault(section, {}), dict):
                components[section][name] = self._copy(target, in_callback=False)

    def _copy(self, node: Node, *, in_callback: bool) -> Any:
        if isinstance(node.value, dict):
            reference = self._references.references.get(key_of(node))
            if reference is None:
                return {
                    key: self._copy(child, in_callback=in_callback or key == "callbacks")
                    for key, child in node.members()
                }
            if reference.kind == "pathItem" and self._inline_paths:
                return {} if in_callback else self._copy(reference.target, in_callback=False)
            section, name = self._names.get(key_of(reference.target), ("", ""))
            pointer = f"/components/{section}/{name}" if name else reference.target.pointer
            rest = {
                key: self._copy(child, in_callback=in_callback) for key, child in node.members() if key != "$ref"
            }
            return {"$ref": "#" + quote(pointer, safe="/~!$&'()*+,;=:@"), **rest}
        if isinstance(node.value, list):
            return [self._copy(item, in_callback=in_callback) for item in node.items()]
        return node.value

    def without_strays(self) -> Any:
        """The document without each `$ref` that leads to nothing in it: broken ones, which are reported where
        they stand, and plain data that looks like one (in a default or an example)."""
        return self._without_strays(self.value)

    def _without_strays(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._without_strays(item) for item in value]
        if not isinstance(value, dict):
            return value
        text = value.get("$ref")
        stray = isinstance(text, str) and (not text.startswith("#") or self.at(tokens_of(unquote(text))) is None)
        return {key: self._without_strays(item) for key, item in value.items() if not (stray and key == "$ref")}

    def resolved(self, parts: list[str]) -> list[str]:
        """The place in the flat document that a path through its references leads to."""
        path: list[str] = []
        for part in parts:
            path = [*path, part]
            value = self.at(path)
            while has_reference(value):
                path = tokens_of(unquote(value["$ref"]))
                value = self.at(path)
        return path

    def at(self, path: list[str]) -> Any:
        """The value at a path in the flat document; None where there is none."""
        value = self.value
        for part in path:
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def report(self, report: Report, path: list[str], message: str, *, at_key: bool = False) -> None:
        document, pointer = self._references.entry, ""
        if path[:1] == ["components"] and (
            origin := self._origins.get((path[1], path[2]) if path[2:] else ("", ""))
        ):
            document, pointer, path = origin.document, origin.pointer, path[3:]
        pointer += "".join("/" + escape(part) for part in path)
        place = document.place_of_key(pointer) if at_key else document.place(pointer)
        report.add("openapi-invalid", place, message)
