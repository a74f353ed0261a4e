"""The `context` of a mapping: constants, and what a request chooses among values that the contract names.

::

    context:
      allowed_company_ids: [1]                                 # a constant
      lang: {header: Accept-Language, of: [en_US, nl_BE], default: en_US}
      tz: {query: tz}                                          # a parameter with an `enum`, a flag, or a number
      warehouse: {claim: warehouse, as: reference-id}          # text, integer, reference-id, reference-ids

A context switches what Odoo checks and shows, so that nothing else of a request ever becomes a part of it.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.odoo.names import field_fault
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schema_types import types_of
from contracts.operations import OdooChoice, OdooChosen

_SOURCES: Final = ("claim", "query", "header")
_CLAIMS: Final = ("text", "integer", "reference-id", "reference-ids")
_KINDS: Final[dict[str, OdooChosen]] = {"string": "text", "integer": "integer", "boolean": "boolean"}

Parameters = dict[tuple[str, str], Node]


def compile_context(
    node: Node | None,
    parameters: Parameters,
    used: set[tuple[str, str]],
    references: References,
    report: Report,
) -> tuple[dict[str, Any], tuple[OdooChoice, ...]]:
    """The constants, and what is chosen. Adds the parameters that it uses to `used`; what is wrong is reported."""
    if node is None:
        return {}, ()
    if not isinstance(node.value, dict):
        report.add("odoo-mapping-invalid", node.place, "`context` is a mapping")
        return {}, ()
    constants: dict[str, Any] = {}
    choices = []
    for key, member in node.members():
        if field_fault(key):
            report.add("odoo-mapping-invalid", member.key_place, f"{quote(key)} is no key of a context")
        if not isinstance(member.value, dict):
            constants[key] = member.value
            continue
        faults = list(_faults(member.value))
        for fault in faults:
            report.add("odoo-mapping-invalid", member.place, f"{quote(key)}: {fault}")
        if not faults:
            choices.append(_choice(key, member, parameters, used, references, report))
    return constants, tuple(choices)


def _faults(given: dict[str, Any]) -> Iterator[str]:
    sources = [each for each in _SOURCES if each in given]
    if len(sources) != 1:
        yield f"the value is a constant, or comes from one of {', '.join(_SOURCES)}"
        return
    source = sources[0]
    taken = (source, "as") if source == "claim" else (source, "of", "default")
    for key in sorted(given.keys() - set(taken)):
        yield f"there is no key {quote(str(key))}; with `{source}` it takes {', '.join(taken[1:])}"
    if not isinstance(given[source], str) or not given[source]:
        yield f"`{source}` is a name"
    if source == "claim" and given.get("as", "text") not in _CLAIMS:
        yield f"`as` is one of {', '.join(_CLAIMS)}"
    of = given.get("of")
    if of is not None and (not isinstance(of, list) or not of or not all(isinstance(each, str) for each in of)):
        yield "`of` is an array of texts"
    elif source == "header" and of is None:
        yield "of a header only the texts that `of` names become part of a context"
    elif of is not None and "default" in given and given["default"] not in of:
        yield "`default` is one of `of`"


def _choice(
    key: str,
    node: Node,
    parameters: Parameters,
    used: set[tuple[str, str]],
    references: References,
    report: Report,
) -> OdooChoice:
    given = node.value
    if "claim" in given:
        return OdooChoice(key, "claim", given["claim"], given.get("as", "text"))
    source: Literal["query", "header"] = "query" if "query" in given else "header"
    name, of = given[source], tuple(given.get("of", ()))
    kind: OdooChosen = "text"
    location = _declared(source, name, parameters)
    if location is None:
        report.add("odoo-parameter-undeclared", node.place, f"there is no {source} parameter {quote(name)}")
        return OdooChoice(key, source, name, "text", of, given.get("default"))
    used.add(location)
    if source == "query":
        schema = parameters[location]
        names = types_of(schema, references).names - {"null"}
        known = _KINDS.get(next(iter(names))) if len(names) == 1 else None
        followed = references.follow(schema)
        closed = followed is not None and (followed.get("enum") is not None or followed.get("const") is not None)
        if known is None or (known == "text" and not of and not closed):
            message = f"{quote(name)} chooses a part of the context: a text of an `enum`, a number or a flag"
            report.add("odoo-field-type", schema.place, message)
        kind = known or "text"
    return OdooChoice(key, source, name, kind, of, given.get("default"))


def _declared(source: str, name: str, parameters: Parameters) -> tuple[str, str] | None:
    """The parameter, as it is written: names of header fields have no case (RFC 9110 §5.1)."""
    for location, written in parameters:
        same = written.lower() == name.lower() if source == "header" else written == name
        if location == source and same:
            return location, written
    return None
