"""Reading XML-RPC (http://xmlrpc.com/spec.md), calls and answers, so that nobody else could read it differently.

Document types, and with them entities, are refused, as are processing instructions, other encodings than UTF-8,
attributes, and a struct's member given twice. Nesting is bounded. Dates and binary values are not open.
"""

import math
import re
from collections.abc import Callable
from typing import Any, Final, NoReturn
from xml.parsers import expat

from policies.rpc.call import RefusedCallError

_DEEPEST: Final = 200
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,10}")
_DOUBLE: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?")
_LEAVES: Final = frozenset({"methodName", "name", "int", "i4", "boolean", "string", "double", "nil"})


Number = Callable[[str], Any]
"""What a double's text becomes."""


class XmlFault(Exception):
    """An answer that is a fault."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class _Element:
    __slots__ = ("children", "name", "text")

    def __init__(self, name: str) -> None:
        self.name = name
        self.children: list[_Element] = []
        self.text = ""


def read(body: bytes) -> tuple[str, list[Any]]:
    """The method and its params. Raises RefusedCallError for what is no such call."""
    root = _Tree().parse(body)
    if root.name != "methodCall" or not 1 <= len(root.children) <= 2 or root.children[0].name != "methodName":
        _refuse("is no methodCall")
    params: list[Any] = []
    for holder in root.children[1:]:
        if holder.name != "params":
            _refuse("has something in place of params")
        params = [_value(_only(_named(param, "param"), "value")) for param in holder.children]
    return root.children[0].text.strip(), params


def read_answer(body: bytes, number: Number) -> Any:
    """The value in an answer. Raises XmlFault, and RefusedCallError for what is no answer."""
    root = _Tree().parse(body)
    if root.name != "methodResponse" or len(root.children) != 1:
        _refuse("is no methodResponse")
    holder = root.children[0]
    if holder.name == "fault":
        fault = _value(_only(holder, "value"), number)
        code, text = (
            (fault.get("faultCode"), fault.get("faultString")) if isinstance(fault, dict) else (None, None)
        )
        if not isinstance(code, int) or not isinstance(text, str):
            _refuse("has a fault that is none")
        raise XmlFault(code, text)
    return _value(_only(_only(_named(holder, "params"), "param"), "value"), number)


class _Tree:
    """The elements of a text without anything that could make two parsers differ."""

    def __init__(self) -> None:
        self._root = _Element("")
        self._open = [self._root]
        parser = self._parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = lambda *_: _refuse("has a document type")
        parser.EntityDeclHandler = lambda *_: _refuse("declares an entity")
        parser.ProcessingInstructionHandler = lambda *_: _refuse("has a processing instruction")
        parser.XmlDeclHandler = _declared
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters

    def parse(self, body: bytes) -> _Element:
        try:
            self._parser.Parse(body, True)
        except expat.ExpatError:
            _refuse("is not well-formed XML")
        return self._root.children[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if attributes:
            _refuse("has attributes")
        if len(self._open) > _DEEPEST:
            _refuse("is nested too deeply")
        element = _Element(name)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if element.children and element.text.strip():
            _refuse("has text between elements")
        if element.children and element.name in _LEAVES:
            _refuse("has elements in a scalar")

    def _characters(self, text: str) -> None:
        self._open[-1].text += text


def _declared(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() != "utf-8":
        _refuse("is not in UTF-8")


def _finite(text: str) -> Any:
    if not _DOUBLE.fullmatch(text):
        _refuse("has a number that is none")
    number = float(text)
    return number if math.isfinite(number) else _refuse("has a number out of range")


def _value(value: _Element, number: Number = _finite) -> Any:
    if not value.children:
        return value.text  # a value without a type is a string
    if len(value.children) > 1:
        _refuse("has two values in one")
    typed = value.children[0]
    name, text = typed.name, typed.text
    if name == "string":
        return text
    if name in ("int", "i4") and _INTEGER.fullmatch(text):
        return int(text)
    if name == "boolean" and text in ("0", "1"):
        return text == "1"
    if name == "double":
        return number(text)
    if name == "nil":
        return None
    if name == "array":
        return [_value(_named(item, "value"), number) for item in _only(typed, "data").children]
    if name == "struct":
        return _struct(typed, number)
    return _refuse("has a value of a type, or form, that is not open")


def _struct(struct: _Element, number: Number) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member in struct.children:
        if member.name != "member" or [each.name for each in member.children] != ["name", "value"]:
            _refuse("has a struct that is none")
        name = member.children[0].text
        if name in found:
            _refuse("has a member twice")
        found[name] = _value(member.children[1], number)
    return found


def _named(element: _Element, name: str) -> _Element:
    return element if element.name == name else _refuse("has an element out of place")


def _only(holder: _Element, name: str) -> _Element:
    if len(holder.children) != 1:
        _refuse("has an element out of place")
    return _named(holder.children[0], name)


def _refuse(what: str) -> NoReturn:
    raise RefusedCallError(f"The body {what}.", malformed=True)
