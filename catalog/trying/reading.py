"""What a gateway decided about a call, read from its answer alone: as its caller could read it. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import http_sf
import msgspec

from catalog.reporting.explaining import ADVICE
from contracts.problems import CATALOGUE, CONTENT_TYPE

_BY_URI: Final = {each.type_uri: each for each in CATALOGUE.values()}
_MOST: Final = 20

Fields = Sequence[tuple[str, str]]


class LimitLeft(msgspec.Struct, frozen=True):
    """A limit: `quota` in `window` seconds, of which `left` are left, all of it again in `reset` seconds."""

    name: str
    quota: int | None
    window: int | None
    left: int | None
    reset: int | None


class Told(msgspec.Struct, frozen=True):
    """A problem document, and what its caller can do. `policy` is who refused."""

    type: str
    title: str
    detail: str
    policy: str
    meaning: str
    advice: str


class Decisions(msgspec.Struct, frozen=True):
    """`successor` and `documentation` are addresses; `problem` is None where the answer is no problem of ours."""

    request_id: str
    limits: tuple[LimitLeft, ...]
    deprecation: datetime | None
    sunset: datetime | None
    successor: str
    documentation: str
    problem: Told | None


def decisions_of(headers: Fields, body: bytes) -> Decisions:
    """All that the answer tells. What is malformed is left out: it may be the upstream's own."""
    fields: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        fields[key] = f"{fields[key]}, {value}" if key in fields else value
    return Decisions(
        request_id=fields.get("x-request-id", ""),
        limits=_limits(fields.get("ratelimit-policy", ""), fields.get("ratelimit", "")),
        deprecation=_deprecation(fields.get("deprecation", "")),
        sunset=_http_date(fields.get("sunset", "")),
        successor=_link(fields.get("link", ""), "successor-version"),
        documentation=_link(fields.get("link", ""), "deprecation"),
        problem=_problem(fields.get("content-type", ""), body),
    )


def _limits(policies: str, limits: str) -> tuple[LimitLeft, ...]:
    known, left = _list(policies), _list(limits)
    names = list(dict.fromkeys([*known, *left]))[:_MOST]
    return tuple(
        LimitLeft(
            name,
            _whole(known.get(name, {}), "q"),
            _whole(known.get(name, {}), "w"),
            _whole(left.get(name, {}), "r"),
            _whole(left.get(name, {}), "t"),
        )
        for name in names
    )


def _list(field: str) -> dict[str, Mapping[str, Any]]:
    """The members of a structured field that is a list of strings (RFC 9651), with their parameters."""
    if not field:
        return {}
    try:
        members: Any = http_sf.parse(field.encode("latin-1"), tltype="list")
    except (http_sf.StructuredFieldError, UnicodeEncodeError):
        return {}
    return {name: parameters for name, parameters in members if isinstance(name, str)}


def _whole(parameters: Mapping[str, Any], name: str) -> int | None:
    value = parameters.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _deprecation(field: str) -> datetime | None:
    """RFC 9745: a structured-field date."""
    digits = field.strip().removeprefix("@")
    if not field.strip().startswith("@") or not digits.isdecimal() or len(digits) > 10:
        return None
    return datetime.fromtimestamp(int(digits), UTC)


def _http_date(field: str) -> datetime | None:
    try:
        return parsedate_to_datetime(field).astimezone(UTC) if field else None
    except (ValueError, TypeError):
        return None


def _link(field: str, relation: str) -> str:
    """The target of a link with the relation (RFC 8288), where it leads to the web."""
    for part in field.split(", <"):
        target, _, parameters = part.removeprefix("<").partition(">")
        if f'rel="{relation}"' in parameters and target.startswith(("https://", "http://", "/")):
            return target
    return ""


def _problem(content_type: str, body: bytes) -> Told | None:
    if content_type.partition(";")[0].strip().lower() != CONTENT_TYPE:
        return None
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    kind = document.get("type") if isinstance(document, dict) else None
    known = _BY_URI.get(kind) if isinstance(kind, str) else None
    if known is None:
        return None
    return Told(
        type=known.id,
        title=known.title,
        detail=str(document.get("detail", "")),
        policy=str(document.get("policy", "")),
        meaning=known.meaning,
        advice=ADVICE.get(known.id, ""),
    )
