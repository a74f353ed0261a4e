"""`Accept` (RFC 9110 §12.5.1): media ranges, those that are preferred first."""

import re
from itertools import islice
from typing import Final

from policies.field_lists import elements
from policies.validation.media_types import ContentType, parse_content_type

_QUALITY: Final = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")
_MOST: Final = 32


def media_ranges(accept: bytes) -> list[ContentType]:
    """Without their weight, in the order of preference; what is malformed or not wanted (`q=0`) is left out.

    Of more than 32 the others are not read.
    """
    weighed: list[tuple[float, ContentType]] = []
    for element in islice(elements(accept), _MOST):
        found = parse_content_type(element)
        if found is None:
            continue
        quality = found.parameters.pop("q", "1")
        if _QUALITY.fullmatch(quality) and float(quality) > 0:
            weighed.append((float(quality), found))
    weighed.sort(key=lambda each: -each[0])  # stable: of equals, the first
    return [found for _, found in weighed]
