"""The operations of a document, and questions about it as a whole, as Spectral's OpenAPI ruleset asks them."""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from contracts.lint.functions.base import Check, Context, Fault, Path
from contracts.lint.functions.core import unreferenced
from contracts.lint.jsonpath.values import UNDEFINED, text_of

METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
_TEMPLATE: Final = re.compile(r"\{;?\??[a-zA-Z0-9_-]+\*?\}")
_MARKS: Final = re.compile(r"[{}?*;]")
_COMPONENTS: Final = (
    *("schemas", "responses", "parameters", "examples", "requestBodies", "headers", "links", "callbacks"),
)
_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")
_MOST_SUBSTITUTIONS: Final = 50
_FORM: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


def operations(paths: Any, context: Context) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Each operation of a `paths` object with its path from the root."""
    if not isinstance(paths, dict):
        return
    for template, raw in paths.items():
        item = context.follow(raw)
        if not isinstance(item, dict):
            continue
        for method, member in item.items():
            operation = context.follow(member)
            if method in METHODS and isinstance(operation, dict):
                yield ("paths", template, method), operation


def unique_operation_ids(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        seen: set[str] = set()
        for path, operation in operations(value, context):
            if "operationId" not in operation:
                continue
            name = text_of(operation["operationId"])
            if name in seen:
                yield Fault("operationId must be unique.", (*path, "operationId"))
            seen.add(name)

    return check


def success_response(_: Any) -> Check:
    fault = Fault("Operation must define at least a single 2xx or 3xx response")

    def check(value: Any, context: Context) -> Iterable[Fault]:
        if not isinstance(value, dict):
            return
        for status in value:
            if "oas3" in context.formats and status in ("2XX", "3XX"):
                return
            if status.isdecimal() and 200 <= int(status) < 400:
                return
        yield fault

    return check


def defined_tags(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        if not isinstance(value, dict):
            return
        tags = value.get("tags")
        known = {tag.get("name") for tag in tags if isinstance(tag, dict)} if isinstance(tags, list) else set()
        for path, operation in operations(context.follow(value.get("paths")), context):
            used = operation.get("tags")
            for index, tag in enumerate(used if isinstance(used, list) else ()):
                if not isinstance(tag, str) or tag not in known:
                    message = "Operation tags must be defined in global tags."
                    yield Fault(message, (*path, "tags", index))

    return check


def unique_tags(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        if not isinstance(value, list) or not all(
            isinstance(tag, dict) and isinstance(tag.get("name"), str) for tag in value
        ):
            return
        seen: set[str] = set()
        for index, tag in enumerate(value):
            if tag["name"] in seen:
                message = f'"tags" object contains duplicate tag name "{tag["name"]}".'
                yield Fault(message, (*context.path, index, "name"))
            seen.add(tag["name"])

    return check


def unused_components(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        components = value.get("components") if isinstance(value, dict) else None
        if isinstance(components, dict):
            for kind in _COMPONENTS:
                yield from unreferenced(components.get(kind), f"/components/{kind}", context)

    return check


def operation_parameters(_: Any) -> Check:
    def check(value: Any, context: Context) -> Iterable[Fault]:
        if not isinstance(value, list) or len(value) < 2:
            return
        seen: set[str] = set()
        duplicates: list[int] = []
        places: dict[str, list[int]] = {"body": [], "formData": []}
        for index, raw in enumerate(value):
            parameter = context.follow(raw)
            if not isinstance(parameter, dict) or "$ref" in parameter:
                continue
            where = text_of(parameter.get("in", UNDEFINED))
            name = f"{where}-{text_of(parameter.get('name', UNDEFINED))}"
            if name in seen:
                duplicates.append(index)
            seen.add(name)
            if where in places:
                places[where].append(index)
        for index in duplicates:
            message = (
                'A parameter in this operation already exposes the same combination of "name" and "in" values.'
            )
            yield Fault(message, (*context.path, index))
        if places["body"] and places["formData"]:
            yield Fault('Operation must not have both "in:body" and "in:formData" parameters.')
        for index in places["body"][1:]:
            message = 'Operation must not have more than a single instance of the "in:body" parameter.'
            yield Fault(message, (*context.path, index))

    return check


def path_parameters(_: Any) -> Check:
    return _path_parameters


def _path_parameters(value: Any, context: Context) -> Iterable[Fault]:
    if not isinstance(value, dict):
        return
    shapes: dict[str, str] = {}
    for template, raw in value.items():
        item = context.follow(raw)
        if not isinstance(item, dict):
            continue
        path: Path = ("paths", template)
        first = shapes.setdefault(_TEMPLATE.sub("%", template), template)
        if first != template:
            yield Fault(f'Paths "{first}" and "{template}" must not be equivalent.', path)
        named: list[str] = []
        for part in _TEMPLATE.findall(template):
            name = _MARKS.sub("", part)
            if name in named:
                yield Fault(f'Path "{template}" must not use parameter "{{{name}}}" multiple times.', path)
            else:
                named.append(name)
        shared: dict[str, Path] = {}
        yield from _collect(item.get("parameters"), (*path, "parameters"), shared, context)
        for method, member in item.items():
            operation = context.follow(member)
            if method not in METHODS or not isinstance(operation, dict):
                continue
            own: dict[str, Path] = {}
            at = (*path, method)
            yield from _collect(operation.get("parameters"), (*at, "parameters"), own, context)
            defined = {**shared, **own}
            for name, place in defined.items():
                if name not in named:
                    yield Fault(f'Parameter "{name}" must be used in path "{template}".', place)
            for name in named:
                if name not in defined:
                    message = f'Operation must define parameter "{{{name}}}" as expected by path "{template}".'
                    yield Fault(message, at)


def _collect(parameters: Any, path: Path, into: dict[str, Path], context: Context) -> Iterable[Fault]:
    for index, raw in enumerate(parameters if isinstance(parameters, list) else ()):
        parameter = context.follow(raw)
        if not isinstance(parameter, dict) or parameter.get("in") != "path" or "name" not in parameter:
            continue
        name, at = text_of(parameter["name"]), (*path, index)
        if parameter.get("required") is not True:
            message = f'Path parameter "{name}" must have "required" property that is set to "true".'
            yield Fault(message, at)
        if name in into:
            yield Fault(f'Path parameter "{name}" must not be defined multiple times.', at)
        else:
            into[name] = at


def security_defined(options: Any) -> Check:
    version = (options or {}).get("oasVersion", 3)
    with_roles = (options or {}).get("roles", False)

    def check(value: Any, context: Context) -> Iterable[Fault]:
        if not isinstance(value, dict) or not all(
            isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes)
            for scopes in value.values()
        ):
            return
        keys = ("securityDefinitions",) if version == 2 else ("components", "securitySchemes")
        schemes = context.get(context.root, *keys)
        for name, scopes in value.items():
            if not isinstance(schemes, dict) or name not in schemes:
                whose = "API" if len(context.path) == 2 else "Operation"
                message = (
                    f'{whose} "security" values must match a scheme defined in the "{".".join(keys)}" object.'
                )
                yield Fault(message, (*context.path, name))
                continue
            scheme = context.follow(schemes[name])
            if with_roles and _may_list_roles(scheme, context):
                continue
            known = _scopes(scheme, context, version)
            for index, scope in enumerate(scopes):
                if scope not in known:
                    yield Fault(f'"{scope}" must be listed among scopes.', (*context.path, name, index))

    return check


def _may_list_roles(scheme: Any, context: Context) -> bool:
    """OAS 3.1 §4.8.30: of a scheme that is not OAuth's, the list may hold names of roles; in 3.0 it is empty."""
    return "oas3_0" not in context.formats and context.get(scheme, "type") not in ("oauth2", "openIdConnect")


def _scopes(scheme: Any, context: Context, version: int) -> set[str]:
    if version == 2:
        scopes = context.get(scheme, "scopes")
        return set(scopes) if isinstance(scopes, dict) else set()
    flows = context.get(scheme, "flows")
    found: set[str] = set()
    for flow in flows.values() if isinstance(flows, dict) else ():
        scopes = context.get(context.follow(flow), "scopes")
        if isinstance(scopes, dict):
            found.update(scopes)
    return found


def form_data_consumed(_: Any) -> Check:
    message = "Consumes must include urlencoded, multipart, or form-data media type when using formData parameter."

    def check(value: Any, context: Context) -> Iterable[Fault]:
        consumes, parameters = context.get(value, "consumes"), context.get(value, "parameters")
        if not isinstance(consumes, list) or not isinstance(parameters, list):
            return
        if any(context.get(context.follow(each), "in") == "formData" for each in parameters) and not any(
            isinstance(each, str) and any(kind in each for kind in _FORM) for each in consumes
        ):
            yield Fault(message)

    return check


def server_variables(options: Any) -> Check:
    given = options or {}

    def check(value: Any, context: Context) -> Iterable[Fault]:
        url = context.get(value, "url")
        if not isinstance(url, str):
            yield Fault("Invalid Server Object")
            return
        raw = context.get(value, "variables")
        variables = raw if isinstance(raw, dict) else {}
        at = (*context.path, "variables")
        used = _VARIABLE.findall(url)
        for name in variables:
            if name not in used:
                message = f'Server\'s "variables" object has unused defined "{name}" url variable.'
                yield Fault(message, (*at, name))
        missing = [name for name in used if name not in variables]
        if missing:
            names = ", ".join(missing)
            yield Fault(f'Not all server\'s variables are described with "variables" object. Missed: {names}.', at)
        values: dict[str, list[str]] = {}
        for name in variables:
            if name in used:
                default = context.get(variables[name], "default")
                allowed = context.get(variables[name], "enum")
                choices = allowed if isinstance(allowed, list) else [] if default is UNDEFINED else [default]
                values[name] = [text_of(choice) for choice in choices]
                if isinstance(allowed, list) and default is not UNDEFINED and default not in allowed:
                    message = f'Server Variable "{name}" has a default not listed in the enum.'
                    yield Fault(message, (*at, name, "default"))
                if default is UNDEFINED and given.get("requireDefault"):
                    yield Fault(f'Server Variable "{name}" has a missing default.', (*at, name))
        if given.get("checkSubstitutions") and values:
            yield from _substituted(url, values, at)

    return check


def _substituted(url: str, values: dict[str, list[str]], path: Path) -> Iterable[Fault]:
    """Whether each URL that the variables make is an absolute one."""
    wrong: list[str] = []
    combinations = itertools.product(*([(name, each) for each in some] for name, some in values.items()))
    for pairs in itertools.islice(combinations, _MOST_SUBSTITUTIONS):
        text = url
        for name, each in pairs:
            text = text.replace(f"{{{name}}}", each)
        if not _absolute(text):
            wrong.append(text)
        if len(wrong) == 5:
            break
    shown = ", ".join(wrong)
    if len(wrong) == 5:
        message = f"At least 5 substitutions of server variables resulted in invalid URLs: {shown} and more"
        yield Fault(message, path)
    elif wrong:
        yield Fault(f"A few substitutions of server variables resulted in invalid URLs: {shown}", path)


def _absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.scheme) and (bool(parts.hostname) or parts.scheme not in ("http", "https"))
    except ValueError:
        return False
