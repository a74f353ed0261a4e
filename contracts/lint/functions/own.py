"""Our own functions, for what paths and the core functions cannot ask."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from contracts.lint.functions.base import PROPERTY, Check, Context, Fault, Function
from contracts.lint.functions.odoo import ODOO
from contracts.lint.jsonpath.values import UNDEFINED
from contracts.lint.patterns import matcher

_LIMITS: Final = frozenset(
    ("limit", "$limit", "$top", "top", "size", "pagesize", "perpage", "first", "maxresults", "maxitems", "count")
)
_NEXT: Final = frozenset(
    (
        *("offset", "page", "cursor", "after", "before", "pagetoken", "nexttoken", "continuationtoken", "skip"),
        *("$skip", "$skiptoken", "startingafter", "pagenumber", "marker", "since", "start"),
    )
)
_MOST_TEXTS: Final = 5_000


def _choice(*values: str, key: str = "requires") -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key],
        "properties": {key: {"enum": list(values)}},
    }


def _paged_list(options: Any) -> Check:
    requires = options["requires"]

    def check(value: Any, context: Context) -> Iterable[Fault]:
        shape = _list_shape(value, context)
        if shape is None:
            return
        if requires == "object":
            if shape == "array":
                yield Fault("The answer is a bare array, to which nothing can be added later")
            return
        parameters = list(_query_parameters(value, context))
        limits = [each for each in parameters if _plain(each[0]) in _LIMITS]
        if requires == "limit" and not limits:
            yield Fault("The list has no parameter that limits it, such as `limit`")
        elif requires == "next" and limits and not any(_plain(name) in _NEXT for name, _ in parameters):
            yield Fault("The list has no parameter to go on with, such as `cursor` or `offset`")
        elif requires == "bound":
            for name, schema in limits:
                if (
                    context.get(schema, "maximum") is UNDEFINED
                    and context.get(schema, "exclusiveMaximum") is UNDEFINED
                ):
                    yield Fault(f"The parameter `{name}` of the list has no `maximum`")

    return check


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace("[", "").replace("]", "")


def _list_shape(operation: Any, context: Context) -> str | None:
    """`array` or `object` where the answer 200 is a list of records, else None."""
    content = context.get(operation, "responses", "200", "content")
    for media, raw in content.items() if isinstance(content, dict) else ():
        schema = context.get(context.follow(raw), "schema")
        if "json" not in media or not isinstance(schema, dict):
            continue
        if _is_records(schema, context):
            return "array"
        properties = context.get(schema, "properties")
        names = list(properties) if isinstance(properties, dict) else []
        # An envelope has its records and little else; a record that has a list in it has more.
        if 1 <= len(names) <= 8 and any(
            name in _ENVELOPES and _is_records(context.follow(properties[name]), context) for name in names
        ):
            return "object"
    return None


_ENVELOPES: Final = frozenset(
    ("data", "items", "results", "records", "values", "content", "entries", "elements", "value", "list", "rows")
)


def _is_records(schema: Any, context: Context) -> bool:
    kind = context.get(schema, "type")
    if kind != "array" and not (isinstance(kind, list) and "array" in kind):
        return False
    items = context.get(schema, "items")
    of = context.get(items, "type")
    return isinstance(items, dict) and of not in ("string", "number", "integer", "boolean")


def _query_parameters(operation: Any, context: Context) -> Iterator[tuple[str, Any]]:
    path = context.graph.locate(context.path[:-1])
    for holder in (operation, path.value):
        parameters = context.get(holder, "parameters")
        for raw in parameters if isinstance(parameters, list) else ():
            parameter = context.follow(raw)
            if context.get(parameter, "in") == "query" and isinstance(parameter.get("name"), str):
                yield parameter["name"], context.get(parameter, "schema")


def _secured(options: Any) -> Check:
    requires = options["requires"]

    def check(value: Any, context: Context) -> Iterable[Fault]:
        own = context.get(value, "security")
        security = context.get(context.root, "security") if own is UNDEFINED else own
        if security is UNDEFINED or (security == [] and own is UNDEFINED):
            if requires in ("declared", "closed"):
                yield Fault("Neither the operation nor the document says what `security` it has")
            return
        if not isinstance(security, list):
            return
        if requires == "closed" and (not security or {} in security):
            yield Fault("The operation changes something and can be called by anybody")
        elif requires == "scopes":
            for requirement in security:
                for name, scopes in requirement.items() if isinstance(requirement, dict) else ():
                    kind = context.get(context.root, "components", "securitySchemes", name, "type")
                    if scopes == [] and kind in ("oauth2", "openIdConnect"):
                        yield Fault(f"The operation asks for no scope of `{name}`")

    return check


def _sunset_given(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        if (
            context.get(value, "deprecated") is True
            and "x-sunset" not in value
            and context.get(context.root, "x-sunset") is UNDEFINED
        ):
            yield Fault("The operation is deprecated and says not when it ends (`x-sunset`)")

    return check


def _example_given(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        schema = context.get(value, "schema")
        if not any(
            context.get(holder, key) is not UNDEFINED
            for holder in (value, schema)
            for key in ("example", "examples")
        ):
            yield Fault(f"{PROPERTY}has no example")

    return check


def _bounded(options: Any) -> Check:
    kind = options["kind"]

    def check(value: Any, context: Context) -> Iterable[Fault]:
        if isinstance(value, dict) and not _is_bounded(value, kind, context):
            yield Fault(_UNBOUNDED[kind])

    return check


_UNBOUNDED: Final = {
    "string": f"{PROPERTY}has no `maxLength`",
    "number": f"{PROPERTY}has no `minimum` and `maximum`",
    "array": f"{PROPERTY}has no `maxItems`",
    "object": f"{PROPERTY}admits any other property",
}
_FIXED_FORMATS: Final = frozenset(("date", "date-time", "time", "duration", "uuid", "ipv4", "ipv6", "binary"))


def _is_bounded(schema: dict[str, Any], kind: str, context: Context) -> bool:
    if "enum" in schema or "const" in schema:
        return True
    if kind == "string":
        # A pattern bounds if it is anchored and repeats nothing without an end.
        pattern = schema.get("pattern")
        return (
            "maxLength" in schema
            or schema.get("format") in _FIXED_FORMATS
            or (isinstance(pattern, str) and bool(_FINITE.fullmatch(pattern)))
        )
    if kind == "number":
        low = {"minimum", "exclusiveMinimum"} & schema.keys()
        high = {"maximum", "exclusiveMaximum"} & schema.keys()
        return bool(low and high)
    if kind == "array":
        return "maxItems" in schema or schema.get("items") is False
    closed = schema.get("additionalProperties"), schema.get("unevaluatedProperties")
    # Composed schemas are closed where they are put together.
    return (
        closed[0] is False or isinstance(closed[0], dict) or closed[1] is False or bool(_COMPOSED & schema.keys())
    )


_FINITE: Final = re.compile(r"\^(?:[^*+{}\\]|\\.|\{\d+(?:,\d+)?\})*\$")
_COMPOSED: Final = frozenset(("allOf", "anyOf", "oneOf"))

_SECRETS: Final = (
    ("a JSON Web Token", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    ("a Slack token", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    ("a Stripe key", r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("a bearer token", r"(?i)\bbearer\s+[A-Za-z0-9._~+/-]{20,}=*"),
    ("a password in a URL", r"\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@]{3,}@"),
)
_MATCHERS: Final = tuple((what, matcher(pattern)) for what, pattern in _SECRETS)


def _secret_free(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        for text, path in _texts(value):
            for what, found in _MATCHERS:
                if found(text):
                    # The text itself is not repeated: a report is published too.
                    yield Fault(f"This looks like {what}", (*context.path, *path))
                    break

    return check


def _texts(value: Any) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    stack: list[tuple[Any, tuple[str | int, ...]]] = [(value, ())]
    number = 0
    while stack and number < _MOST_TEXTS:
        each, path = stack.pop()
        number += 1
        if isinstance(each, str):
            if len(each) > 15:
                yield each[:20_000], path
        elif isinstance(each, dict):
            stack += [(member, (*path, key)) for key, member in each.items()]
        elif isinstance(each, list):
            stack += [(member, (*path, index)) for index, member in enumerate(each)]


OWN: Final[tuple[Function, ...]] = (
    Function(
        "bounded",
        "What is sent has a bound: a length, a range, a number of items, no other properties.",
        _bounded,
        _choice("string", "number", "array", "object", key="kind"),
    ),
    Function("exampleGiven", "A media type or its schema has an example.", _example_given),
    Function(
        "pagedList",
        "An operation that answers a list has a limit, a bound for it, a way to go on, an object around it.",
        _paged_list,
        _choice("limit", "bound", "next", "object"),
    ),
    Function("secretFree", "No text looks like a key, a token or a password.", _secret_free),
    Function(
        "securedOperation",
        "An operation's security is declared, not public, or asks for scopes.",
        _secured,
        _choice("declared", "closed", "scopes"),
    ),
    Function("sunsetGiven", "What is deprecated has an end.", _sunset_given),
    *ODOO,
)
