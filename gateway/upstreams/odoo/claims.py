"""The claims of a caller's token in the contract's domain: record-level tenancy that no request can widen. Pure.

A claim that is missing, empty or of another kind refuses the call. Odoo would read `false` as "empty" and a text
that is compared with a record as a search of names: either would admit what belongs to others.
"""

from collections.abc import Sequence
from typing import Any, Final

from contracts.operations import is_claimed
from gateway.upstreams.odoo.values import MAX_INTEGER
from policies.exchange import Principal

_MOST: Final = 1000
"""Values of one claim."""


class MissingClaimError(Exception):
    """The token has no usable `claim`."""

    def __init__(self, claim: str) -> None:
        super().__init__(claim)
        self.claim = claim


def bound(domain: Sequence[Any], principal: Principal | None) -> list[Any]:
    """The domain for a caller. Raises MissingClaimError."""
    return [_bound(term, principal) if is_claimed(term) else term for term in domain]


def values(domain: Sequence[Any], found: Sequence[Any]) -> dict[str, Any]:
    """What a new record has by the claims of its domain, which is `found` for the caller."""
    return {term[0]: term[2] for written, term in zip(domain, found, strict=True) if is_claimed(written)}


def _bound(term: Sequence[Any], principal: Principal | None) -> list[Any]:
    field, operator, written = term
    claim = written["claim"]
    given = None if principal is None else principal.claims.get(claim)
    found = value_of if operator == "=" else values_of
    return [field, operator, found(claim, written["as"], given)]


def values_of(claim: str, kind: str, given: Any) -> list[int | str]:
    """All values of a claim, one at least. Raises MissingClaimError."""
    several = given if isinstance(given, list) else [given]
    if not 0 < len(several) <= _MOST:
        raise MissingClaimError(claim)
    return [value_of(claim, kind, item) for item in several]


def value_of(claim: str, kind: str, given: Any) -> int | str:
    """The one value of a claim. Raises MissingClaimError."""
    if kind == "text":
        if isinstance(given, str) and given and "\x00" not in given:
            return given
        raise MissingClaimError(claim)
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= 10:
        given = int(given)  # issuers often write ids as text
    if not isinstance(given, int) or isinstance(given, bool) or abs(given) > MAX_INTEGER:
        raise MissingClaimError(claim)
    if kind == "reference-id" and given < 1:
        raise MissingClaimError(claim)
    return given
