"""A walk over a request's value along the places of its contract."""

from typing import Any

from contracts.usage.fields import Place, text_of
from contracts.usage.terms import Term


def walk(place: Place, value: Any, found: set[Term]) -> None:
    """Adds to `found` what is there. As deep as the places go, and so never deeper than they do."""
    found.add(place.term)
    if isinstance(value, dict):
        properties, other = place.properties, place.other
        for name, inner in value.items():
            below = properties.get(name, other)
            if below is None:
                continue
            if isinstance(inner, (dict, list)) or below.texts or below.scalars:
                walk(below, inner, found)
            else:
                found.add(below.term)  # most are such
    elif isinstance(value, list):
        below = place.other
        if below is not None:
            for inner in value:
                walk(below, inner, found)
    else:
        term = scalar(place, value)
        if term is not None:
            found.add(term)


def scalar(place: Place, value: Any) -> Term | None:
    """What `value`, which is neither an object nor an array, is among those that the place enumerates."""
    if isinstance(value, str):
        # Nearly no place enumerates texts: theirs need not be hashed.
        return place.texts.get(value) if place.texts else None
    return place.scalars.get(text_of(value)) if place.scalars else None
