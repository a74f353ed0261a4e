"""Proactive negotiation (RFC 9110 §12.5.1): whether a client takes any of the media types of the contract's
answers."""

import re
from typing import Final

from contracts.operations import Operation

_WEIGHT: Final = re.compile(r";[ \t]*q=([01](?:\.[0-9]{0,3})?)[ \t]*(?:;|$)", re.IGNORECASE)
_RANGE: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")
_KNOWN_MAXIMUM: Final = 64


def answer_ranges(operation: Operation) -> tuple[str, ...]:
    """The media types of an operation's successful answers; empty where one of them may be any, or have none."""
    found: dict[str, None] = {}
    for response in operation.responses:
        if response.status.startswith("2"):
            if not response.content:
                return ()
            found.update(dict.fromkeys(each.range for each in response.content))
    return tuple(found)


class Acceptable:
    """Whether an Accept field takes any of `ranges`."""

    __slots__ = ("_known", "_ranges")

    def __init__(self, ranges: tuple[str, ...]) -> None:
        self._ranges = ranges
        # Clients write few spellings.
        self._known: dict[bytes, bool] = {}

    def takes(self, accept: bytes) -> bool:
        """A field that is none takes everything, as an absent one does."""
        known = self._known.get(accept)
        if known is None:
            weights = _weights(accept.decode("latin-1").lower())
            known = not weights or any(_weight_of(each, weights) > 0 for each in self._ranges)
            if len(self._known) < _KNOWN_MAXIMUM and len(accept) < 512:
                self._known[accept] = known
        return known


def _weights(accept: str) -> dict[str, float]:
    """By media range. Parameters beside the weight are not looked at: contracts have none either."""
    weights: dict[str, float] = {}
    for part in accept.split(","):
        media = part.partition(";")[0].strip(" \t")
        if _RANGE.fullmatch(media):
            weight = _WEIGHT.search(part)
            weights[media] = max(weights.get(media, 0.0), float(weight[1]) if weight else 1.0)
    return weights


def _weight_of(declared: str, weights: dict[str, float]) -> float:
    """The most specific range decides (§12.5.1). What the contract declares may be a range itself (`image/*`):
    then it will do that one of its types is taken."""
    kind, _, subtype = declared.partition("/")
    if declared in weights:
        return weights[declared]
    if subtype == "*":
        wider = [weight for media, weight in weights.items() if kind == "*" or media.startswith(kind + "/")]
        return max(wider, default=weights.get("*/*", 0.0))
    return weights.get(f"{kind}/*", weights.get("*/*", 0.0))
