"""Schemas under which a property that only the server may set is not to be sent at all (`read-only: refuse`).

OpenAPI says that a `readOnly` property "SHOULD NOT be sent as part of the request" (OAS 3.1 §4.8.24.2), and many
clients send back what they have read. Here the flag is made the assertion that others take it for.
"""

from typing import Any, Final

from contracts.openapi.keywords import with_each
from contracts.operations import ApiVersion, JsonSchema
from policies.validation.validators import Validators, validators_of

_FLAG: Final = "readOnly"


def forbidding(schema: JsonSchema) -> JsonSchema:
    """The schema, in which nothing matches where it says `readOnly`."""
    if isinstance(schema, bool):
        return schema
    if schema.get(_FLAG) is True:
        return False
    return with_each(schema, forbidding)


def _document(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    return {**document, "components": {"schemas": {name: forbidding(each) for name, each in schemas.items()}}}


def forbidding_validators(version: ApiVersion) -> Validators:
    """Those of a version in whose schemas nothing matches what is `readOnly`, shared by its operations."""
    plain = validators_of(version)
    return plain.share(
        Validators, _FLAG, lambda: Validators({uri: _document(each) for uri, each in plain.documents.items()})
    )
