"""The values of a form: its properties, read from text or parts as the contract encodes them (OAS 3.1 §4.8.15).

Where a contract does not say how, the type does: an object is JSON, an array comes item by item, each as a pair or
a part of its own (OAS 3.1.1 and 3.0.4, "Encoding Object"). What is read so is checked by the schema as a whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from contracts.operations import Encoding, MediaType
from policies.exchange import Violation
from policies.validation import parameter_styles as styles
from policies.validation.json_text import Malformed, parse
from policies.validation.media_types import is_json
from policies.validation.multipart_text import Part
from policies.validation.parameter_slot import Slot, bind_slot
from policies.validation.parameter_text import NOT_UTF8, Reader, Rejected, decode_query
from policies.validation.schema_shape import Shape, members_of
from policies.validation.validators import Validators
from policies.validation.violations import MAXIMUM, escape

_NONE: Final = Encoding("")
_TWICE: Final = Rejected("repeated-property", "must be given once")
_COMPOSITE: Final = frozenset({"array", "object"})


class Values:
    """The values of one body by name, as they are gathered, and what is wrong with them."""

    __slots__ = ("_named", "found", "violations")

    def __init__(self, named: Iterable[str]) -> None:
        self.found: dict[str, Any] = {}
        self.violations: list[Violation] = []
        self._named = frozenset(named)

    def refuse(self, name: str, reason: Rejected) -> None:
        """A name that is not the contract's is not repeated: it may be anything."""
        if len(self.violations) < MAXIMUM:
            pointer = "/" + escape(name) + reason.below if name in self._named else ""
            self.violations.append(Violation("body", pointer, reason.rule, reason.message))

    def add(self, name: str, value: Any) -> None:
        if type(value) is Rejected:
            self.refuse(name, value)
        elif name in self.found:
            self.refuse(name, _TWICE)
        else:
            self.found[name] = value

    def append(self, name: str, value: Any) -> None:
        """One more item of an array."""
        items = self.found.setdefault(name, [])
        if type(value) is Rejected:
            self.refuse(name, Rejected(value.rule, value.message, f"/{len(items)}{value.below}"))
        items.append(value)


def read_json(text: bytes) -> Any:
    """A property that is JSON."""
    value = parse(text)
    return Rejected("malformed-json", f"must be JSON: {value}") if type(value) is Malformed else value


def _json_pair(raw: str) -> Any:
    text = decode_query(raw)
    return text if type(text) is Rejected else read_json(str(text).encode())


class Urlencoded:
    """Reads `application/x-www-form-urlencoded` bodies."""

    __slots__ = ("_arrays", "_deep", "_extra", "_free", "_gatherers", "_members", "_singles")

    def __init__(self, media: MediaType, validators: Validators) -> None:
        assert media.schema is not None
        shapes, extra = members_of(media.schema, validators)
        encodings = {each.name: each for each in media.encodings}
        self._singles: dict[str, Reader] = {}
        self._arrays: dict[str, Reader] = {}
        self._gatherers: dict[str, styles.Members] = {}
        self._members: dict[str, str] = {}
        self._deep: set[str] = set()
        self._free: str | None = None
        self._extra = styles.primitive(extra or Shape(), decode_query)
        for name, shape in shapes.items():
            self._bind(name, shape, encodings.get(name, _NONE))

    def _bind(self, name: str, shape: Shape, encoding: Encoding) -> None:
        style, explode = encoding.style, encoding.explode
        if styles.is_object(shape) and (style == "deepObject" or (style == "form" and explode)):
            self._gatherers[name] = styles.Members(shape, decode_query)
            if style == "deepObject":
                self._deep.add(name)
            else:
                self._members |= dict.fromkeys(shape.properties, name)
                if shape.extra is not None:
                    self._free = name
        elif styles.is_array(shape) and (style is None or (style == "form" and explode)):
            item = shape.items or Shape()
            self._arrays[name] = _pair_reader(item, encoding)
        elif style is not None:
            self._singles[name] = styles.reader(
                style, explode=explode, name=name, shape=shape, decode=decode_query
            )
        else:
            self._singles[name] = _pair_reader(shape, encoding)

    def read(self, body: bytes) -> Values:
        values = Values((*self._singles, *self._arrays, *self._gatherers))
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            values.refuse("", Rejected(NOT_UTF8.rule, "must be UTF-8"))
            return values
        gathered: dict[str, list[tuple[str, str]]] = {}
        for pair in filter(None, text.split("&")):
            raw_name, _, raw = pair.partition("=")
            name = decode_query(raw_name)
            if type(name) is Rejected:
                values.refuse("", name)
                continue
            assert isinstance(name, str)
            deep, bracket, member = name.partition("[")
            if name in self._arrays:
                values.append(name, self._arrays[name](raw))
            elif name in self._members:
                gathered.setdefault(self._members[name], []).append((name, raw))
            elif bracket and deep in self._deep and member.endswith("]"):
                gathered.setdefault(deep, []).append((member[:-1], raw))
            elif self._free is not None and name not in self._singles:
                gathered.setdefault(self._free, []).append((name, raw))
            else:
                values.add(name, self._singles.get(name, self._extra)(raw))
        for name, pairs in gathered.items():
            values.add(name, self._gatherers[name].of_pairs(pairs))
        return values


def _pair_reader(shape: Shape, encoding: Encoding) -> Reader:
    json = any(map(is_json, encoding.content_types)) if encoding.content_types else bool(shape.types & _COMPOSITE)
    return _json_pair if json else styles.primitive(shape, decode_query)


@dataclass(frozen=True, slots=True)
class _PartRule:
    """How the parts of one property are read. `content_types` are those that it must have, if any."""

    shape: Shape
    listed: bool
    content_types: tuple[str, ...]
    headers: tuple[Slot, ...]
    text: Reader

    def value(self, part: Part) -> Any:
        essence = "" if part.content_type is None else part.content_type.essence
        if self.content_types and not any(_covers(each, essence or "text/plain") for each in self.content_types):
            return Rejected("content-type", f"must be of type {', '.join(self.content_types)}")
        types = self.shape.types
        if is_json(essence) or (not essence and types and types <= _COMPOSITE):
            return read_json(part.content)
        if part.file_name is None or essence.startswith("text/"):
            try:
                return self.text(part.content.decode("utf-8"))
            except UnicodeDecodeError:
                return Rejected(NOT_UTF8.rule, "must be UTF-8")
        # A file is a string of as many characters as it has bytes, so that its length can be bounded.
        return self.text(part.content.decode("latin-1"))

    def refuse_headers(self, name: str, part: Part, values: Values) -> None:
        for slot in self.headers:
            raw = part.headers.get(slot.name.lower())
            if raw is None:
                if slot.required:
                    values.refuse(name, Rejected("required", f"has a part without its header field {slot.name}"))
                continue
            for violation in slot.judge(slot.read(raw)):
                text = f"has a part whose header field {slot.name} {violation.message}"
                values.refuse(name, Rejected(violation.rule, text))


class Multipart:
    """Reads `multipart/form-data` bodies, part by part."""

    __slots__ = ("_extra", "_rules")

    def __init__(self, media: MediaType, validators: Validators) -> None:
        assert media.schema is not None
        shapes, extra = members_of(media.schema, validators)
        encodings = {each.name: each for each in media.encodings}
        self._rules = {
            name: _part_rule(shape, encodings.get(name, _NONE), validators) for name, shape in shapes.items()
        }
        self._extra = _part_rule(extra or Shape(), _NONE, validators)

    def read(self, parts: Iterable[Part]) -> Values:
        values = Values(self._rules)
        for part in parts:
            rule = self._rules.get(part.name, self._extra)
            (values.append if rule.listed else values.add)(part.name, rule.value(part))
            rule.refuse_headers(part.name, part, values)
        return values


def _part_rule(shape: Shape, encoding: Encoding, validators: Validators) -> _PartRule:
    listed = styles.is_array(shape)
    each = (shape.items or Shape()) if listed else shape
    headers = tuple(bind_slot(header, validators) for header in encoding.headers)
    return _PartRule(each, listed, encoding.content_types, headers, styles.primitive(each, _keep))


def _keep(text: str) -> str | Rejected:
    return text


def _covers(media_range: str, essence: str) -> bool:
    kind, _, subtype = media_range.partition("/")
    return media_range == essence or (subtype == "*" and (kind == "*" or essence.startswith(kind + "/")))


FormReader = Urlencoded | Multipart
