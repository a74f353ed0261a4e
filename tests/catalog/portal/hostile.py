"""An estate whose every text was written by a stranger who means harm, and what tells that none of it did any."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import yaml

from catalog.refusal import Refusal
from tests.catalog.changes.office import Office, office
from tests.catalog.changes.served import Served, served
from tests.support.migrated import sqlite_store
from tests.support.two_apis import BOOKS

MARK: Final = "harm7f3a"
PAYLOAD: Final = (
    f"""'"><img src=x onerror="window.{MARK}=1"><script>window.{MARK}=2</script>"""
    f"""<svg/onload=window.{MARK}=3><a href="javascript:window.{MARK}=4">x</a>"""
    f"""[y](javascript:window.{MARK}=5) ![z](https://tracker.example/{MARK}.png) {{{{7*7}}}} </textarea></title>"""
    f"""<style>*{{display:none}}</style><base href="https://{MARK}.example/"><form action="https://{MARK}.example/">"""
)

_NEVER_OURS: Final = frozenset({"img", "iframe", "object", "embed", "base", "style"})
_TEXTS: Final = frozenset({"title", "description", "summary", "example", "reason", "name"})


def poison(root: Path) -> None:
    """Puts the payload into every text of an estate that is anybody's to write, and into names of fields, tags,
    values and media types' examples of its contracts."""
    for path in sorted(root.rglob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        _walk(document, in_contract=path.name.endswith(".openapi.yaml"))
        path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


@asynccontextmanager
async def hostile_office(directory: Path) -> AsyncIterator[Served]:
    """A catalog of such an estate, with a change that waits, and what people wrote to it."""
    async with office(directory, sqlite_store(directory / "catalog.db"), poison) as made, served(made) as world:
        await _write(made)
        yield world


async def _write(made: Office) -> None:
    """A change with a message that breaks who asks for more, and a comment on it."""
    proposed = await made.pushed("ada", (BOOKS, "maximum: 100\n", "maximum: 50\n"), message=f"Why? {PAYLOAD}")
    otto = await made.who("otto")
    assert not isinstance(await made.room.decisions.comment(otto, proposed.change, f"Because. {PAYLOAD}"), Refusal)


def _walk(node: Any, *, in_contract: bool, inside: str = "") -> None:
    if isinstance(node, list):
        for each in node:
            _walk(each, in_contract=in_contract)
    if not isinstance(node, dict):
        return
    for key, value in list(node.items()):
        if isinstance(value, str) and key in _TEXTS and _is_free(node, key, in_contract):
            node[key] = f"{value} {PAYLOAD}"
        elif key == "properties" and in_contract and isinstance(value, dict) and inside != "properties":
            value[f"field {PAYLOAD}"] = {"type": "string", "enum": [PAYLOAD], "default": PAYLOAD}
        elif key in ("system-of-record-for", "business-objects") and isinstance(value, list):
            value.append(PAYLOAD)
        _walk(node[key], in_contract=in_contract, inside=key)


def _is_free(node: dict[str, Any], key: str, in_contract: bool) -> bool:
    """Whether it is a text, and no name by which something is found."""
    if key == "name":
        return "email" in node  # a member's
    return not (in_contract and key == "example")


class Active(HTMLParser):
    """What is active in a page and not ours: elements the portal never uses, handlers, scripts as addresses."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.found += [f"<{tag} {name}>" for name in given if name.startswith("on") or name == "style"]
        self.found += [
            f"<{tag} {name}={value[:40]}>"
            for name, value in given.items()
            if name in ("href", "src", "action") and value.strip().lower().startswith(("javascript:", "data:"))
        ]
        if tag in _NEVER_OURS or (tag == "script" and "src" not in given):
            self.found.append(f"<{tag}>")
        if tag == "form" and MARK in given.get("action", ""):
            self.found.append("<form>")
