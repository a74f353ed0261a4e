"""Two answers to one request, the caller's and the mirror's, and what is different between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.operations import Operation, Response
from contracts.packed import Steps
from policies.classifying.places import Place, Places
from policies.exchange import Header
from policies.shadows.compare import Kind, Rules, compare
from policies.validation.by_status import ByStatus
from policies.validation.json_text import Malformed, parse_lax
from policies.validation.media_types import is_json, parse_content_type
from policies.validation.validators import Validators

MOST_COMPARED: Final = 262_144
"""Bytes of a body that is compared; of an answer with a longer one, only its head is. It bounds the memory that a
mirror takes, and the time that the event loop gives to reading it: about a millisecond."""

_WITHOUT_BODY: Final = frozenset({204, 205, 304})


@dataclass(frozen=True, slots=True)
class Side:
    """One of the answers. `media_type` is in lower case, without parameters; `body` is None where it is not there
    to be compared. `problem` is that of a gateway which mediates: it is its own answer to what Odoo said."""

    status: int
    media_type: str = ""
    body: bytes | None = None
    problem: str = ""


def media_type_of(headers: list[Header]) -> str:
    """Empty for an answer without one, or with what is none."""
    for name, value in headers:
        if len(name) == 12 and name.lower() == b"content-type":
            content_type = parse_content_type(value)
            return "" if content_type is None else content_type.essence
    return ""


class Comparison:
    """How the answers of one operation are compared."""

    __slots__ = ("_places", "_responses", "_roots", "_rules")

    def __init__(self, operation: Operation, validators: Validators, rules: Rules) -> None:
        self._rules = rules
        self._responses: ByStatus[Response] = ByStatus({each.status: each for each in operation.responses})
        self._places = Places(validators)
        self._roots: dict[tuple[int, str], Place | None] = {}

    def steps(self, one: Side, other: Side) -> Steps[set[tuple[Kind, str]] | None]:
        """Where `other`, the mirror's, differs and how; None where the bodies could not be compared, and nothing
        else differs."""
        if one.status != other.status:
            return {("status", f"{one.status} {other.status}")}
        if one.problem != other.problem:
            return {("problem", f"{one.problem or '(none)'} {other.problem or '(none)'}")}
        if one.media_type != other.media_type:
            return {("media-type", f"{one.media_type or '(none)'} {other.media_type or '(none)'}")}
        if one.problem or one.status in _WITHOUT_BODY or (one.body == other.body and one.body is not None):
            return set()
        if one.body is None or other.body is None or not is_json(one.media_type):
            return None
        yield
        mine = parse_lax(one.body)
        yield
        theirs = parse_lax(other.body)
        if isinstance(mine, Malformed):
            return None
        if isinstance(theirs, Malformed):
            return {("not-json", "")}
        found: set[tuple[Kind, str]] = set()
        place = self._place(one.status, one.media_type)
        yield from compare(mine, theirs, place, self._rules, lambda kind, where: found.add((kind, where)))
        return found

    def _place(self, status: int, media_type: str) -> Place | None:
        """What the contract says of a body; None where that is nothing."""
        key = (status, media_type)
        if key not in self._roots:
            self._roots[key] = self._declared(status, media_type)
        return self._roots[key]

    def _declared(self, status: int, media_type: str) -> Place | None:
        response = self._responses.find(status)
        if response is None:
            return None
        entries: Mapping[str, object] = {each.range.partition(";")[0].strip(): each for each in response.content}
        for media_range in _ranges(media_type):
            if media_range in entries:
                schema = next(each.schema for each in response.content if each is entries[media_range])
                return None if schema is None else self._places.of([(schema, "")])
        return None


def _ranges(media_type: str) -> Iterator[str]:
    """The ranges that a media type is in, the narrowest first."""
    yield media_type
    yield media_type.partition("/")[0] + "/*"
    yield "*/*"
