"""`X-Request-Id`: the client's where it is usable, else one of ours; it is echoed, logged and sent upstream."""

import os
import re
from collections.abc import Mapping
from typing import Final

POLICY: Final = "request-id"

_VALID: Final = re.compile(rb"[A-Za-z0-9._\-]{8,128}\Z")
_DIGITS: Final = 32
_BATCH: Final = 256

# The system is asked once for many ids: asking for each was a twentieth of a small request's time.
_made: Final[list[str]] = []


def choose(fields: Mapping[bytes, bytes]) -> str:
    """The field's value if it is 8 to 128 characters that are safe in logs and headers, else 128 random bits.

    Random and not a counter: what a partner sees tells nothing about how much others call.
    """
    given = fields.get(b"x-request-id")
    if given is not None and _VALID.match(given) is not None:
        return given.decode("ascii")
    if not _made:
        digits = os.urandom(_BATCH * _DIGITS // 2).hex()
        _made.extend([digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS)])
    return _made.pop()


# A forked worker that inherited its parent's ids would give them a second time.
os.register_at_fork(after_in_child=_made.clear)
