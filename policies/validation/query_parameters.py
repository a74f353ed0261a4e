"""The query: its parameters of every style, in one pass over its pairs.

Most parameters are one pair and are read where they are met. What is spread over several pairs (exploded
arrays and objects, `deepObject`) is gathered first. The spellings of a name that clients use are known
beforehand; one in another spelling is decoded.
"""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from policies.exchange import Violation
from policies.validation import parameter_styles as styles
from policies.validation.declared_names import TOLD, instead
from policies.validation.parameter_slot import Slot
from policies.validation.parameter_text import NOT_UTF8, Rejected, decode_query, plain_integer
from policies.validation.violations import MAXIMUM, escape

# A name that the contract does not have is repeated only if it looks like a name and not like a value.
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}").fullmatch
_DEEP: Final = re.compile(r"([^\[\]]+)\[([^\[\]]+)\]").fullmatch

_ESCAPE: Final = re.compile(r"%[0-9A-F]{2}")


class QueryReader:
    """Reads an operation's query parameters."""

    __slots__ = (
        "_deep",
        "_empties",
        "_free",
        "_gatherers",
        "_members",
        "_owners",
        "_refuse",
        "_required",
        "_singles",
    )

    def __init__(self, slots: Iterable[tuple[Slot, str, bool, bool]], refuse_unknown: bool) -> None:
        """`slots` are (slot, style, explode, allow_empty)."""
        self._refuse = refuse_unknown
        self._singles: dict[str, Slot] = {}
        self._empties: dict[str, Slot] = {}
        # What is spread over several pairs, by the parameter's name; and which pair is whose, by its spelling:
        # (parameter, member).
        self._gatherers: dict[str, tuple[Slot, styles.Items | styles.Members]] = {}
        self._members: dict[str, tuple[str, str]] = {}
        self._deep: set[str] = set()
        self._owners: dict[str, str] = {}
        self._free: str | None = None
        required: list[Slot] = []
        for slot, style, explode, allow_empty in slots:
            name, properties = slot.name, slot.shape.properties
            if slot.required:
                required.append(slot)
            if style == "deepObject":
                self._gatherers[name] = (slot, styles.Members(slot.shape, decode_query))
                self._deep.add(name)
                self._know({f"{name}[{member}]": (name, member) for member in properties})
            elif explode and style == "form" and styles.is_object(slot.shape):
                self._gatherers[name] = (slot, styles.Members(slot.shape, decode_query))
                self._owners |= dict.fromkeys(properties, name)
                self._know({member: (name, member) for member in properties})
                if slot.shape.extra is not None:
                    self._free = name
            elif explode and style == "form" and styles.is_array(slot.shape):
                self._gatherers[name] = (slot, styles.Items(slot.shape, decode_query))
                self._owners[name] = name
                self._know({name: (name, name)})
            elif allow_empty:
                self._empties[name] = slot
            else:
                self._singles |= dict.fromkeys(_spellings(name), slot)
        self._required = tuple(required)

    def _know(self, members: dict[str, tuple[str, str]]) -> None:
        for name, member in members.items():
            self._members |= dict.fromkeys(_spellings(name), member)

    def __call__(self, query: bytes, violations: list[Violation]) -> dict[str, Any]:
        """The values by name; what is wrong is added to `violations`."""
        values: dict[str, Any] = {}
        if query:
            singles, members = self._singles, self._members
            gathered: dict[str, list[tuple[str, str]]] = {}
            # The target was refused if it had anything but ASCII in it.
            for pair in query.decode("ascii").split("&"):
                name, _, raw = pair.partition("=")
                slot = singles.get(name)
                if slot is not None:
                    if slot.name in values:
                        violations.append(slot.repeated())
                        continue
                    integer = plain_integer(raw, slot.low, slot.high)
                    if integer is not None:
                        values[slot.name] = integer
                    else:
                        values[slot.name] = value = slot.read(raw)
                        check = slot.check
                        if type(value) is Rejected or (check is not None and not check.is_valid(value)):
                            violations += slot.judge(value)
                    continue
                member = members.get(name)
                if member is not None:
                    gathered.setdefault(member[0], []).append((member[1], raw))
                elif pair:
                    self._other(name, raw, values, gathered, violations)
            for name, pairs in gathered.items():
                slot, gather = self._gatherers[name]
                values[name] = value = gather.of_pairs(pairs)
                violations += slot.judge(value)
        for slot in self._required:
            if slot.name not in values:
                violations.append(slot.missing())
        return values

    def known(self, query: bytes) -> bytes:
        """The query without the pairs whose names are not the contract's."""
        pairs = query.decode("ascii").split("&")
        return "&".join(pair for pair in pairs if self._knows(pair.partition("=")[0])).encode("ascii")

    def _knows(self, raw_name: str) -> bool:
        if raw_name in self._singles or raw_name in self._members:
            return True
        name = decode_query(raw_name)
        if type(name) is Rejected:
            return False
        assert isinstance(name, str)
        deep = _DEEP(name)
        return (
            name in self._empties
            or quote(name, safe="") in self._singles
            or (deep is not None and deep[1] in self._deep)
            or self._owners.get(name, self._free) is not None
        )

    def _other(
        self,
        raw_name: str,
        raw: str,
        values: dict[str, Any],
        gathered: dict[str, list[tuple[str, str]]],
        violations: list[Violation],
    ) -> None:
        """A pair whose name is in no spelling that we know beforehand, or is not in the contract."""
        name = decode_query(raw_name)
        if type(name) is Rejected:
            if len(violations) < MAXIMUM:
                violations.append(Violation("query", "", NOT_UTF8.rule, "has a name that is not UTF-8"))
            return
        assert isinstance(name, str)
        single = self._empties.get(name) or self._singles.get(quote(name, safe=""))
        deep = _DEEP(name)
        owner = self._owners.get(name, self._free)
        if single is not None:
            if name in values:
                violations.append(single.repeated())
            elif raw == "" and name in self._empties:
                values[name] = ""  # OAS 3.1: allowEmptyValue admits the empty text whatever the schema says.
            else:
                values[name] = value = single.read(raw)
                violations += single.judge(value)
        elif deep is not None and deep[1] in self._deep:
            gathered.setdefault(deep[1], []).append((deep[2], raw))
        elif owner is not None:
            gathered.setdefault(owner, []).append((name, raw))
        elif self._refuse and len(violations) < MAXIMUM:
            violations.append(self._unknown(name, told=len(violations) < TOLD))

    def _unknown(self, name: str, *, told: bool) -> Violation:
        pointer = "/" + escape(name) if _NAME(name) else ""
        text = "is not a parameter of this operation" if pointer else "has a parameter that this operation has not"
        if told:
            single = {slot.name for slots in (self._singles, self._empties) for slot in slots.values()}
            text += instead(name, single | self._gatherers.keys() | self._owners.keys(), "has")
        return Violation("query", pointer, "unknown-parameter", text)


def _spellings(name: str) -> set[str]:
    """A name as clients write it: percent-encoded with upper-case or lower-case digits, or as it is."""
    encoded = quote(name, safe="")
    spellings = {encoded, _ESCAPE.sub(lambda escape: escape[0].lower(), encoded)}
    if decode_query(name) == name:
        spellings.add(name)
    return spellings
