"""Lists in header fields (RFC 9110 §5.6.1): elements between commas, which in quoted strings divide nothing.

Values come from anybody. Each byte is looked at once: a quote that nobody closes takes the rest with it, and is
not tried again from each of its bytes.
"""

import re
from collections.abc import Iterator
from typing import Final

_ELEMENT: Final = re.compile(rb'(?:[^,"]++|"(?:[^"\\]++|\\.)*+"?)++', re.DOTALL)


def elements(value: bytes) -> Iterator[bytes]:
    """Those that are not empty, without the space around them."""
    for found in _ELEMENT.finditer(value):
        element = found[0].strip(b" \t")
        if element:
            yield element
