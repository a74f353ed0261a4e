"""JSON whose numbers stay what they are: digits in, the same digits out, and no binary fraction in between."""

from decimal import Decimal
from typing import Any, Final

import msgspec

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def decoded(text: bytes) -> Any:
    """The document, in which numbers that are no integers are Decimal. Raises msgspec.DecodeError."""
    return _DECODER.decode(text)


def encoded(document: Any) -> bytes:
    """The JSON of a document, with each Decimal as the number that it is."""
    return _ENCODER.encode(document)
