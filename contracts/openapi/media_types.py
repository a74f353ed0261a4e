"""Media types as contracts write them, and which of them are read."""

import re
from typing import Final

MEDIA_RANGE: Final = re.compile(r"(?:[a-z0-9!#$&^_.+-]+|\*)/(?:[a-z0-9!#$&^_.+-]+|\*)")
"""In lower case and without parameters."""

TEXT: Final = "text/plain"
URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
FORMS: Final = frozenset((URLENCODED, MULTIPART))


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON (RFC 8259, RFC 6839 §3.1)."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence == "application/json" or essence.endswith("+json")
