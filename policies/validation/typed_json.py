"""Reading a JSON text and judging it in one go, where its schema can be said in types.

A decoder that knows the types refuses what is of another one while it reads, so that nothing is looked at a second
time but what types cannot say: a pattern, a format. It passes over what it does not know and over all but the last
of members of one name; so every string of the value is counted, and there have to be as many as the text has.

It only ever clears texts. What it does not clear is for `json_text.parse` and the schema's validator, which remain
the reference and know what is wrong; what it does clear, both would take, and as the same value.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from policies.validation.json_text import is_whole, strings_of


class Missed:
    """In place of a value: the text was not cleared, which says nothing against it."""


MISSED: Final = Missed()

_PATIENCE: Final = 64
"""So many texts more may be cleared for nothing, than others are cleared, before no more is tried."""
_DEAR: Final = 4

_HYPHEN: Final = 45
_ZERO: Final = 48
_NINE: Final = 57


class Form:
    """What is looked at in a value that was decoded by its type."""

    def strings(self, value: Any) -> int:
        """How many strings are in it, names of members among them; negative where it is not cleared."""
        return 1 if isinstance(value, str) else 0


class Checked(Form):
    """Of which types say too little: a text with a pattern, or anything that only the validator understands.

    `levels` of nesting are taken below it. The names of what is in it may be repeated, as those of all the rest.
    """

    def __init__(self, is_valid: Callable[[Any], bool], levels: int) -> None:
        self._is_valid = is_valid
        self._levels = levels

    def strings(self, value: Any) -> int:
        if not self._is_valid(value):
            return -1
        return 1 if isinstance(value, str) else strings_of(value, self._levels)


class Date(Checked):
    """A text of the format `date`. Where its digits tell that it is one, as most do, nobody else is asked."""

    def strings(self, value: Any) -> int:
        return 1 if isinstance(value, str) and _is_plain_date(value) else super().strings(value)


def _is_plain_date(text: str) -> bool:
    """Whether it is a day that every month has."""
    if len(text) != 10:
        return False
    for index in range(10):
        code = ord(text[index])
        if index == 4 or index == 7:
            if code != _HYPHEN:
                return False
        elif code < _ZERO or code > _NINE:
            return False
    month = (ord(text[5]) - _ZERO) * 10 + ord(text[6]) - _ZERO
    day = (ord(text[8]) - _ZERO) * 10 + ord(text[9]) - _ZERO
    return 1 <= month <= 12 and 1 <= day <= 28


class Items(Form):
    """An array (or null, where its type admits that) of items of one form, or None: there is no string in them."""

    def __init__(self, items: Form | None) -> None:
        self._items = items

    def strings(self, value: Any) -> int:
        form = self._items
        if form is None or not isinstance(value, list):
            return 0
        found = 0
        for inner in value:
            below = form.strings(inner)
            if below < 0:
                return -1
            found += below
        return found


class Values(Form):
    """An object (or null) whose members have any names and one form, or None."""

    def __init__(self, values: Form | None) -> None:
        self._values = values

    def strings(self, value: Any) -> int:
        if not isinstance(value, dict):
            return 0
        found = len(value)
        form = self._values
        if form is not None:
            for inner in value.values():
                below = form.strings(inner)
                if below < 0:
                    return -1
                found += below
        return found


class Members(Form):
    """An object (or null) of named members.

    `texts` are those that are strings whatever they say, and `forms` what else has to be looked at: members in
    neither have no string in them. Where all of the `declared` names are there, the texts need no looking for.
    """

    def __init__(self, declared: int, texts: frozenset[str], forms: dict[str, Form]) -> None:
        self._declared = declared
        self._texts = texts
        self._plain = len(texts)
        self._forms = list(forms.items())

    def strings(self, value: Any) -> int:
        if not isinstance(value, dict):
            return 0
        found = len(value)
        whole = found == self._declared
        if whole:
            found += self._plain
        else:
            for name in self._texts:
                if name in value:
                    found += 1
        for name, form in self._forms:
            if not whole and name not in value:
                continue
            below = form.strings(value[name])
            if below < 0:
                return -1
            found += below
        return found


class TypedJson:
    """Reads the texts of one schema. Not where it would be of no use: many a client sends what is not declared."""

    def __init__(self, decoder: "msgspec.json.Decoder[Any]", form: Form | None) -> None:
        self._decode = decoder.decode
        self._form = form
        self._patience = _PATIENCE

    def read(self, text: bytes) -> Any:
        """The value, which is as the schema asks; or `MISSED`."""
        if self._patience <= 0:
            return MISSED
        value = self._cleared(text)
        if value is MISSED:
            self._patience -= _DEAR
        elif self._patience < _PATIENCE:
            self._patience += 1
        return value

    def _cleared(self, text: bytes) -> Any:
        try:
            value = self._decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return MISSED
        form = self._form
        strings = 0 if form is None else form.strings(value)
        return value if strings >= 0 and is_whole(text, value, strings) else MISSED
