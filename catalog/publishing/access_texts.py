"""The last access parts as lines, so that a gateway which has one of them is given what has changed since.

They are kept in memory: those that this process published, took up from another over the same store, or found
there when it started. Where one is not among them gateways fetch the part whole.
"""

from collections import OrderedDict
from typing import Final

from contracts.access_delta import AccessDelta, delta_of
from contracts.snapshot import Data

KEPT: Final = 32
"""Parts; a line that is in several is kept once."""


class AccessTexts:
    """Parts by digest, the oldest going first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lines: OrderedDict[str, list[bytes]] = OrderedDict()
        self._known: dict[bytes, bytes] = {}

    def keep(self, digest: str, data: Data) -> None:
        """Keeps a part."""
        if digest in self._lines:
            self._lines.move_to_end(digest)
            return
        known = self._known
        lines = [known.get(line, line) for line in bytes(data).split(b"\n")]
        self._known = {line: line for line in lines}
        self._lines[digest] = lines
        while len(self._lines) > self._kept:
            self._lines.popitem(last=False)

    def delta(self, base: str, digest: str) -> AccessDelta | None:
        """From one part to another; None where one of them is not kept, or they have too little in common."""
        old, new = self._lines.get(base), self._lines.get(digest)
        return None if old is None or new is None else delta_of(base, old, new)
