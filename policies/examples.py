"""A policy's example, which its documentation shows: read as an estate's settings are."""

from typing import Any

import yaml

from contracts.policy_settings import PolicyUse, used
from policies.binding import SettingsError, config_of
from policies.policy import Policy, PolicyConfig

SOURCE = "example"


def example_use(policy: Policy[Any]) -> PolicyUse:
    """The example as settings. Raises SettingsError where there is none, or where it is no mapping in YAML."""
    try:
        settings = yaml.safe_load(policy.example)
    except yaml.YAMLError as error:
        raise SettingsError(f"the example of the policy {policy.id!r} is no YAML: {error}") from None
    if not isinstance(settings, dict):
        raise SettingsError(f"the policy {policy.id!r} has no example: a mapping as it stands below its id")
    (use,) = used(SOURCE, {policy.id: settings})
    return use


def example_config(policy: Policy[Any]) -> PolicyConfig:
    """The example as the policy's own type. Raises SettingsError, as it does for an estate's settings."""
    return config_of(policy, example_use(policy))
