"""Code that calls an operation and runs as it is pasted: for curl, Python and JavaScript."""

import json
import shlex
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from catalog.portal.apis.reference import Row, Shown

TOKEN: Final = "OSTIARY_TOKEN"  # noqa: S105  (a variable's name)
"""The environment variable that holds the access token."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample; `language` is its label."""

    language: str
    code: str


def samples_of(operation: Shown, base: str, chosen: str = "") -> tuple[Sample, ...]:
    """`base` is the version's address at the gateway; `chosen` the header field that says which version is meant,
    where the address does not."""
    url = base + _filled(operation)
    body = next((each for each in operation.bodies if "json" in each.media_type), None)
    text = None if body is None else body.example or "{}"
    authorised = operation.scopes is not None
    return (
        Sample("curl", _curl(operation.method, url, text, authorised, chosen)),
        Sample("Python", _python(operation.method, url, text, authorised, chosen)),
        Sample("JavaScript", _javascript(operation.method, url, text, authorised, chosen)),
    )


def _field(chosen: str) -> list[str]:
    """As a member of Python's and JavaScript's mappings."""
    name, _, value = chosen.partition(": ")
    return [f"    {json.dumps(name)}: {json.dumps(value)},"] if chosen else []


def _filled(operation: Shown) -> str:
    """The path with a value for each of its parameters, and the query parameters that have to be there."""
    path, query = operation.path, []
    for place, row in operation.parameters:
        value = quote(value_of(row), safe="")
        if place == "path":
            path = path.replace(f"{{{row.name}}}", value)
        elif place == "query" and row.required:
            query.append(f"{quote(row.name)}={value}")
    return path + ("?" + "&".join(query) if query else "")


def value_of(row: Row) -> str:
    """A value for a parameter that its schema admits, as far as that is easily told."""
    if row.values:
        return row.values[0]
    if row.type.startswith(("integer", "number")):
        return "1"
    known = {"string (date)": "2026-03-02", "string (date-time)": "2026-03-02T09:30:00Z", "boolean": "true"}
    return known.get(row.type, "example")


def _curl(method: str, url: str, body: str | None, authorised: bool, chosen: str) -> str:
    lines = [f"curl --request {method} {shlex.quote(url)}"]
    if chosen:
        lines.append(f"  --header {shlex.quote(chosen)}")
    if authorised:
        lines.append(f'  --header "Authorization: Bearer ${TOKEN}"')
    if body is not None:
        lines += ["  --header 'Content-Type: application/json'", f"  --data {shlex.quote(body)}"]
    return " \\\n".join(lines)


def _python(method: str, url: str, body: str | None, authorised: bool, chosen: str) -> str:
    fields = _field(chosen)
    if authorised:
        fields.append(f'    "Authorization": "Bearer " + os.environ["{TOKEN}"],')
    if body is not None:
        fields.append('    "Content-Type": "application/json",')
    data = "None" if body is None else f"{json.dumps(body)}.encode()"
    return "\n".join(
        (
            *(["import os"] if authorised else []),
            "import urllib.request",
            "",
            "request = urllib.request.Request(",
            f"    {json.dumps(url)},",
            f"    data={data},",
            f'    method="{method}",',
            "    headers={",
            *(f"    {line}" for line in fields),
            "    },",
            ")",
            "with urllib.request.urlopen(request) as answer:",
            "    print(answer.status, answer.read().decode())",
        )
    )


def _javascript(method: str, url: str, body: str | None, authorised: bool, chosen: str) -> str:
    fields = _field(chosen)
    if authorised:
        fields.append(f"    Authorization: `Bearer ${{process.env.{TOKEN}}}`,")
    if body is not None:
        fields.append('    "Content-Type": "application/json",')
    sent = [] if body is None else [f"  body: {json.dumps(body)},"]
    return "\n".join(
        (
            f"const answer = await fetch({json.dumps(url)}, {{",
            f'  method: "{method}",',
            "  headers: {",
            *fields,
            "  },",
            *sent,
            "});",
            "console.log(answer.status, await answer.text());",
        )
    )
