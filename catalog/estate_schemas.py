"""JSON Schemas of an estate's files, for editors: with the settings of those policies that are installed."""

from typing import Any, Final

import msgspec

from contracts.estate import schemas
from contracts.policy_settings import CONSUMERS, MODE
from policies.installed import installed
from policies.policy import Policy
from policies.settings_keys import keys_of

_DEFS: Final = "#/$defs/"
_LAYER: Final = "Policies"


def schema_of(kind: str) -> dict[str, Any]:
    """As `contracts.estate.schemas.schema_of`. Raises PluginError."""
    schema = schemas.schema_of(kind)
    holders = [each for each in schema["$defs"].values() if "policies" in each.get("properties", {})]
    if holders:
        schema["$defs"] |= _definitions()
        for each in holders:
            each["properties"]["policies"] = {"$ref": f"{_DEFS}{_LAYER}"}
    return schema


def schema_text(kind: str) -> str:
    """The schema as a file."""
    return msgspec.json.format(msgspec.json.encode(schema_of(kind)), indent=2).decode() + "\n"


def _definitions() -> dict[str, Any]:
    """The mapping of settings by policy, and what it refers to."""
    policies = installed()
    found, definitions = msgspec.json.schema_components(
        [policy.config for policy in policies], ref_template=f"{_DEFS}{{name}}"
    )
    settings = {
        policy.id: _settings(policy, definitions[reference["$ref"].removeprefix(_DEFS)])
        for policy, reference in zip(policies, found, strict=True)
    }
    layer = {"type": "object", "properties": settings, "additionalProperties": False}
    return {**definitions, _LAYER: layer}


def _settings(policy: Policy[Any], config: dict[str, Any]) -> dict[str, Any]:
    """The settings of a policy in one layer: what its config has, of which another layer may give the rest."""
    keys = {key.path: key for key in keys_of(policy.config)}
    properties = {
        name: {"description": keys[name].meaning, **each} if keys[name].meaning else each
        for name, each in config.get("properties", {}).items()
    }
    modes = {"enum": list(policy.modes)}
    properties[MODE] = {"description": "Whether it refuses, only counts what it would refuse, or is off.", **modes}
    properties[CONSUMERS] = {
        "description": "The mode for single consumers.",
        "type": "object",
        "additionalProperties": modes,
    }
    return {
        "description": policy.why,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
