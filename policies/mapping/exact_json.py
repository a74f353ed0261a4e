"""JSON bodies that are read, changed and written again, without a digit of any number lost."""

from decimal import Decimal
from typing import Any, Final

import msgspec

_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class NotJsonError(ValueError):
    """The text is no JSON."""


def read_exact(text: bytes) -> Any:
    """The value, with decimals in place of floating-point numbers. Raises NotJsonError."""
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise NotJsonError(type(error).__name__) from None


def write_exact(value: Any) -> bytes:
    """The text of a value that was read so."""
    return _encode(value)
