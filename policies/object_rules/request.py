"""The values that rules are about: what a contract declares of them, and what a request gives.

==============  ==========================================================================================
``claims``      those of the access token, or of an API key's consumer; without either there are none
``path``        the path's parameters
``query``       the query's
``header``      those header fields that the contract has as parameters, in lower case
``body``        the body, where the contract has JSON; an empty object where none was sent
``consumer``    the partner that calls, and ``application`` by which client; empty where nobody is known
``method``      as it was sent
``now``         the time, from the gateway's clock
==============  ==========================================================================================

A name that CEL cannot have is written with `_` for what it cannot have in it: `header.x_partner_id`.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias
from weakref import WeakKeyDictionary

from contracts.operations import ApiVersion, Operation, ParameterLocation
from policies.body_limits import has_body
from policies.exchange import Exchange
from policies.object_rules.declared import MOST_CHARACTERS, MOST_ITEMS, TEXT, Declared, Schemas, record, word_of
from policies.validation.media_types import declares_json
from policies.validation.parameters import RESERVED_HEADERS
from policies.validation.validators import Validators, validators_of

ClaimType: TypeAlias = Literal["string", "integer", "number", "boolean", "strings"]

BODY: Final = "body"
_LOCATIONS: Final[tuple[ParameterLocation, ...]] = ("path", "query", "header")
_NOTHING: Final[Mapping[str, Any]] = {}


def declared_values(
    version: ApiVersion, operation: Operation, claims: Mapping[str, ClaimType]
) -> dict[str, Declared]:
    """What an operation declares of them; of `claims` nothing is known but what is said here."""
    schemas = _schemas_of(version)
    values = {"claims": record((name, _claim(kind)) for name, kind in claims.items()) if claims else _free_map()}
    for location in _LOCATIONS:
        name_of = _header_word if location == "header" else word_of
        members = (
            (each.name, schemas.declared((each.schema, "")))
            for each in operation.parameters
            if each.location == location and not (location == "header" and each.name.lower() in RESERVED_HEADERS)
        )
        values[location] = record(members, name_of)
    body = _body(operation, schemas)
    if body is not None:
        values[BODY] = body
    return {**values, "consumer": TEXT, "application": TEXT, "method": TEXT}


def given_values(exchange: Exchange, body: Declared | None) -> dict[str, Any]:
    """What an exchange has of them, once `request-schema` has read it; `body` is what is declared of that.

    There is no body in it where one came that could not be read as JSON: a rule about it then has no word.
    """
    principal, parameters = exchange.principal, exchange.parameters
    values: dict[str, Any] = {
        "claims": _NOTHING if principal is None else principal.claims,
        "consumer": "" if principal is None else principal.consumer,
        "application": "" if principal is None else principal.client_id,
        "method": exchange.method,
    }
    for location in _LOCATIONS:
        if location in parameters:
            values[location] = parameters[location]
    if body is not None:
        if exchange.body_value is not None:
            values[BODY] = exchange.body_value
        elif not exchange.body and not has_body(exchange) and body.kind in ("record", "map"):
            values[BODY] = _NOTHING
    return values


# Operations of one version refer to the same schemas, which are read once for as long as any of them is bound.
_by_version: WeakKeyDictionary[Validators, Schemas] = WeakKeyDictionary()


def _schemas_of(version: ApiVersion) -> Schemas:
    validators = validators_of(version)
    schemas = _by_version.get(validators)
    if schemas is None:
        # With others of its own: a value that held its key would keep it for ever.
        schemas = _by_version[validators] = Schemas(Validators(validators.documents))
    return schemas


def _body(operation: Operation, schemas: Schemas) -> Declared | None:
    content = () if operation.body is None else operation.body.content
    found = [True if each.schema is None else each.schema for each in content if declares_json(each.range)]
    if not found:
        return None
    return schemas.declared((found[0] if len(found) == 1 else {"anyOf": found}, ""))


def _claim(kind: ClaimType) -> Declared:
    if kind == "strings":
        strings = Declared("list", most=MOST_ITEMS)
        strings.of = TEXT
        return strings
    return TEXT if kind == "string" else Declared(kind)


def _free_map() -> Declared:
    return Declared("map", most=MOST_CHARACTERS)


def _header_word(name: str) -> str:
    return word_of(name.lower())
