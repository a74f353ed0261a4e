"""A policy's example, which its documentation shows: read as an estate's settings are."""

from typing import Any

from contracts.documents.document import parse
from contracts.policy_settings import PolicyUse, used
from policies.binding import SettingsError, config_of
from policies.policy import Policy, PolicyConfig

SOURCE = "example"


def example_use(policy: Policy[Any]) -> PolicyUse:
    """The example as settings. Raises SettingsError where there is none, or it is no mapping in YAML."""
    document, _ = parse(policy.example.encode(), SOURCE)
    settings = None if document is None else document.value
    if not isinstance(settings, dict):
        raise SettingsError(f"the policy {policy.id!r} has no example: a mapping as it stands below its id")
    (use,) = used(SOURCE, {policy.id: settings})
    return use


def example_config(policy: Policy[Any]) -> PolicyConfig:
    """The example as the policy's own type. Raises SettingsError, as it does for an estate's settings."""
    return config_of(policy, example_use(policy))
