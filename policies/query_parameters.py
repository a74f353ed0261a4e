"""The query: its parameters of every style, in one pass over its pairs.

Most parameters are one pair and are read where they are met. What is spread over several pairs (exploded
arrays and objects, `deepObject`) is gathered first. The spellings of a name that clients use are known
beforehand; one in another spelling is decoded.
"""

import re
from collections.abc import Iterable
from typing import Any, Final, Literal
from urllib.parse import quote

from policies import parameter_styles as styles
from policies.exchange import Violation
from policies.parameter_slot import Slot
from policies.parameter_text import NOT_UTF8, Rejected, decode_query
from policies.violations import MAXIMUM, escape

# A name that the contract does not have is repeated only if it looks like a name and not like a value.
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}").fullmatch
_DEEP: Final = re.compile(r"([^\[\]]+)\[([^\[\]]+)\]").fullmatch

_ESCAPE: Final = re.compile(r"%[0-9A-F]{2}")


class QueryReader:
    """Reads an operation's query parameters."""

    __slots__ = (
        "_arrays",
        "_deep",
        "_empties",
        "_free",
        "_known_members",
        "_owners",
        "_refuse",
        "_required",
        "_singles",
    )

    def __init__(
        self, slots: Iterable[tuple[Slot, str, bool, bool]], unknown: Literal["ignore", "refuse"]
    ) -> None:
        """`slots` are (slot, style, explode, allow_empty)."""
        self._refuse = unknown == "refuse"
        self._singles: dict[str, Slot] = {}
        self._empties: dict[str, Slot] = {}
        self._arrays: dict[str, tuple[Slot, styles.Items]] = {}
        self._deep: dict[str, tuple[Slot, styles.Members]] = {}
        self._owners: dict[str, tuple[Slot, styles.Members]] = {}
        self._free: tuple[Slot, styles.Members] | None = None
        required: list[Slot] = []
        for slot, style, explode, allow_empty in slots:
            if slot.required:
                required.append(slot)
            if style == "deepObject":
                self._deep[slot.name] = (slot, styles.Members(slot.shape, decode_query))
            elif explode and style == "form" and styles.is_object(slot.shape):
                owner = (slot, styles.Members(slot.shape, decode_query))
                self._owners.update(dict.fromkeys(slot.shape.properties, owner))
                if slot.shape.extra is not None:
                    self._free = owner
            elif explode and style == "form" and styles.is_array(slot.shape):
                self._arrays[slot.name] = (slot, styles.Items(slot.shape, decode_query))
            elif allow_empty:
                self._empties[slot.name] = slot
            else:
                self._singles[slot.name] = slot
        self._required = tuple(required)
        self._singles |= {
            spelling: slot for slot in list(self._singles.values()) for spelling in _spellings(slot.name)
        }
        self._known_members = {
            spelling: (base, member)
            for base, (slot, _) in self._deep.items()
            for member in slot.shape.properties
            for spelling in _spellings(f"{base}[{member}]")
        }

    def __call__(self, query: bytes, violations: list[Violation]) -> dict[str, Any]:
        """The values by name; what is wrong is added to `violations`."""
        values: dict[str, Any] = {}
        if query:
            singles, members = self._singles, self._known_members
            gathered: dict[str, list[tuple[str, str]]] = {}
            for pair in query.decode("latin-1").split("&"):
                name, _, raw = pair.partition("=")
                slot = singles.get(name)
                if slot is None:
                    member = members.get(name)
                    if member is not None:
                        gathered.setdefault(member[0], []).append((member[1], raw))
                    elif pair:
                        self._other(name, raw, values, gathered, violations)
                elif slot.name in values:
                    violations.append(slot.repeated())
                else:
                    values[slot.name] = value = slot.read(raw)
                    check = slot.check
                    if type(value) is Rejected or (check is not None and not check.is_valid(value)):
                        violations += slot.judge(value)
            if gathered:
                self._join(gathered, values, violations)
        for slot in self._required:
            if slot.name not in values:
                violations.append(slot.missing())
        return values

    def _other(
        self,
        raw_name: str,
        raw: str,
        values: dict[str, Any],
        gathered: dict[str, list[tuple[str, str]]],
        violations: list[Violation],
    ) -> None:
        name = decode_query(raw_name)
        if type(name) is Rejected:
            if len(violations) < MAXIMUM:
                violations.append(Violation("query", "", NOT_UTF8.rule, "has a name that is not UTF-8"))
            return
        assert isinstance(name, str)
        single = self._singles.get(name) or self._empties.get(name)
        deep = _DEEP(name)
        if single is not None:
            if name in values:
                violations.append(single.repeated())
                return
            # OAS 3.1: allowEmptyValue admits the empty text whatever the schema says.
            empty = raw == "" and name in self._empties
            values[name] = value = "" if empty else single.read(raw)
            if not empty:
                violations += single.judge(value)
        elif name in self._arrays:
            gathered.setdefault(name, []).append((name, raw))
        elif deep is not None and deep[1] in self._deep:
            gathered.setdefault(deep[1], []).append((deep[2], raw))
        else:
            owner = self._owners.get(name) or self._free
            if owner is not None:
                gathered.setdefault(owner[0].name, []).append((raw_name, raw))
            elif self._refuse and len(violations) < MAXIMUM:
                violations.append(_unknown(name))

    def _join(
        self, gathered: dict[str, list[tuple[str, str]]], values: dict[str, Any], violations: list[Violation]
    ) -> None:
        owners = {owner[0].name: owner for owner in self._owners.values()}
        if self._free is not None:
            owners[self._free[0].name] = self._free
        for name, pairs in gathered.items():
            if name in self._arrays:
                slot, items = self._arrays[name]
                value: Any = items(raw for _, raw in pairs)
            elif name in self._deep:
                slot, deep = self._deep[name]
                value = deep.of_decoded(pairs)
            else:
                slot, members = owners[name]
                value = members(pairs)
            values[name] = value
            violations += slot.judge(value)


def _spellings(name: str) -> set[str]:
    """A name as clients write it: as it is, and percent-encoded with upper-case and lower-case digits."""
    encoded = quote(name, safe="")
    return {name, encoded, _ESCAPE.sub(lambda escape: escape[0].lower(), encoded)}


def _unknown(name: str) -> Violation:
    pointer = "/" + escape(name) if _NAME(name) else ""
    text = "is not a parameter of this operation" if pointer else "has a parameter that this operation has not"
    return Violation("query", pointer, "unknown-parameter", text)
