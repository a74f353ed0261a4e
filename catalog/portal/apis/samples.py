"""Code that calls an operation and runs as it is pasted: for curl, Python and JavaScript."""

import json
import mimetypes
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import quote

from catalog.portal.apis.reference import Row, Shown

TOKEN: Final = "OSTIARY_TOKEN"  # noqa: S105  (a variable's name)
"""The environment variable that holds the access token."""

_TEXT: Final = re.compile(r"^text/|json|xml|yaml|javascript|x-www-form-urlencoded|\*")

Fields: TypeAlias = Sequence[tuple[str, str]]
"""Header fields with their values."""


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
    name, _, value = chosen.partition(": ")
    fields = [(name, value)] if chosen else []
    needed = (row for place, row in operation.parameters if place == "header" and row.required)
    fields += [(row.name, value_of(row)) for row in needed]
    if body is not None:
        fields.append(("Content-Type", body.media_type))
    authorised, file = operation.scopes is not None, _file_of(operation)
    return (
        Sample("curl", _curl(operation.method, url, text, authorised, fields, file)),
        Sample("Python", _python(operation.method, url, text, authorised, fields, file)),
        Sample("JavaScript", _javascript(operation.method, url, text, authorised, fields, file)),
    )


def _file_of(operation: Shown) -> str:
    """The name of a file for an answer that no terminal shows, such as a PDF; empty for one that is text."""
    good = (each for each in operation.answers if each.status.startswith("2"))
    media = next((body.media_type for each in good for body in each.bodies), "")
    if not media or _TEXT.search(media):
        return ""
    name = re.sub(r"[^A-Za-z0-9_-]", "", operation.id) or "answer"
    return name + (mimetypes.guess_extension(media.partition(";")[0].strip()) or ".bin")


def _members(fields: Fields) -> list[str]:
    """Of Python's and JavaScript's mappings."""
    return [f"    {json.dumps(name)}: {json.dumps(value)}," for name, value in fields]


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
    if row.example or row.values:
        return row.example or row.values[0]
    if row.type.startswith(("integer", "number")):
        return "1"
    known = {"string (date)": "2026-03-02", "string (date-time)": "2026-03-02T09:30:00Z", "boolean": "true"}
    return known.get(row.type, "example")


def _curl(method: str, url: str, body: str | None, authorised: bool, fields: Fields, file: str) -> str:
    lines = [f"curl --request {method} {shlex.quote(url)}"]
    lines += [f"  --header {shlex.quote(f'{name}: {value}')}" for name, value in fields]
    if authorised:
        lines.append(f'  --header "Authorization: Bearer ${TOKEN}"')
    if body is not None:
        lines.append(f"  --data {shlex.quote(body)}")
    if file:
        lines.append(f"  --fail --output {file}")
    return " \\\n".join(lines)


def _python(method: str, url: str, body: str | None, authorised: bool, fields: Fields, file: str) -> str:
    members = _members(fields)
    if authorised:
        members.append(f'    "Authorization": "Bearer " + os.environ["{TOKEN}"],')
    data = "None" if body is None else f"{json.dumps(body)}.encode()"
    return "\n".join(
        (
            *(["import os"] if authorised else []),
            "import urllib.error",
            "import urllib.request",
            "",
            "request = urllib.request.Request(",
            f"    {json.dumps(url)},",
            f"    data={data},",
            f'    method="{method}",',
            "    headers={",
            *(f"    {line}" for line in members),
            "    },",
            ")",
            "try:",
            "    answer = urllib.request.urlopen(request)",
            "except urllib.error.HTTPError as refused:",
            "    answer = refused",
            "with answer:",
            *(_python_file(file) if file else [_PYTHON_TEXT]),
        )
    )


_PYTHON_TEXT: Final = '    print(answer.status, answer.read().decode(errors="replace"))'


def _python_file(file: str) -> list[str]:
    return [
        "    if answer.status < 300:",
        f'        with open("{file}", "wb") as kept:',
        "            kept.write(answer.read())",
        f'        print(answer.status, "{file}")',
        "    else:",
        f"    {_PYTHON_TEXT}",
    ]


def _javascript(method: str, url: str, body: str | None, authorised: bool, fields: Fields, file: str) -> str:
    members = _members(fields)
    if authorised:
        members.append(f"    Authorization: `Bearer ${{process.env.{TOKEN}}}`,")
    sent = [] if body is None else [f"  body: {json.dumps(body)},"]
    return "\n".join(
        (
            f"const answer = await fetch({json.dumps(url)}, {{",
            f'  method: "{method}",',
            "  headers: {",
            *members,
            "  },",
            *sent,
            "});",
            *(_javascript_file(file) if file else [_JAVASCRIPT_TEXT]),
        )
    )


_JAVASCRIPT_TEXT: Final = "console.log(answer.status, await answer.text());"


def _javascript_file(file: str) -> list[str]:
    return [
        "if (answer.ok) {",
        '  const { writeFile } = await import("node:fs/promises");',
        f'  await writeFile("{file}", new Uint8Array(await answer.arrayBuffer()));',
        f'  console.log(answer.status, "{file}");',
        "} else {",
        f"  {_JAVASCRIPT_TEXT}",
        "}",
    ]
