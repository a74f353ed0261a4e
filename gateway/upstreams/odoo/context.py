"""The context of a mediated call: the contract's constants, and what the request chooses within its contract."""

import re
from typing import Any, Final

from contracts.operations import OdooBackend, OdooChoice
from gateway.upstreams.odoo.claims import value_of, values_of
from gateway.upstreams.odoo.preconditions import given
from policies.exchange import Exchange, Header

_LANGUAGE: Final = b"accept-language"
_RANGE: Final = re.compile(
    r"[ \t]*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?[ \t]*"
)
_MOST_RANGES: Final = 32


def context_of(backend: OdooBackend, exchange: Exchange) -> dict[str, Any]:
    """The whole context. Raises MissingClaimError."""
    found = dict(backend.context)
    for choice in backend.choices:
        value = _chosen(choice, exchange)
        if value is not None:
            found[choice.key] = value
    return found


def varying(backend: OdooBackend) -> list[Header]:
    """What an answer says of the header fields that it was chosen by (RFC 9110 §12.5.5)."""
    names = [choice.name.lower() for choice in backend.choices if choice.source == "header"]
    return [(b"vary", ", ".join(names).encode())] if names else []


def _chosen(choice: OdooChoice, exchange: Exchange) -> Any:
    if choice.source == "claim":
        return _claimed(choice, exchange)
    if choice.source == "query":
        value = exchange.parameters.get("query", {}).get(choice.name)
        admitted = value is not None and (not choice.of or value in choice.of)
        return value if admitted else choice.default
    name = choice.name.lower().encode()
    text = (given(exchange, name) or b"").decode("latin-1").strip()
    if name == _LANGUAGE:
        return language_of(text, choice.of) or choice.default
    return text if text in choice.of else choice.default


def _claimed(choice: OdooChoice, exchange: Exchange) -> Any:
    claim = None if exchange.principal is None else exchange.principal.claims.get(choice.name)
    if choice.value == "reference-ids":
        return values_of(choice.name, "reference-id", claim)
    return value_of(choice.name, choice.value, claim)


def language_of(accepted: str, known: tuple[str, ...]) -> str | None:
    """The language of Odoo's (`nl_BE`) that a client likes best, by RFC 4647 §3.4: a range loses its last part
    until there is such a language, and any with that beginning is good (`nl` is `nl_BE`). None where none is."""
    ranked = []
    for place, part in enumerate(accepted.split(",")[:_MOST_RANGES]):
        match = _RANGE.fullmatch(part)
        if match is not None and (weight := float(match[2] or 1)) > 0:
            ranked.append((-weight, place, match[1].lower()))
    tags = [(each.partition("@")[0].replace("_", "-").lower(), each) for each in known]
    for _, _, wanted in sorted(ranked):
        if wanted == "*":
            break  # whatever the contract has
        while wanted:
            for tag, language in tags:
                if tag == wanted or tag.startswith(wanted + "-"):
                    return language
            wanted = wanted.rpartition("-")[0]
    return None
