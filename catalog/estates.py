"""Estates as the catalog reads them: what they set of policies is judged by the policies that are installed.

Whatever in the catalog reads an estate reads it here, so that no way into it leaves the policies out, nor mappings
to Odoo that cannot work.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from catalog.odoo.drift.offline import unfit_mappings
from contracts.estate import estate as estates
from contracts.estate.estate import Estate
from contracts.estate.loading import Sources
from contracts.estate.policy_rules import policy_rules
from contracts.estate.rules import across
from contracts.findings import Finding
from contracts.operations import ApiVersion
from policies.judging import InstalledPolicies


def load_estate(
    root: Path,
    *,
    api_roots: Mapping[str, Path] | None = None,
    held: Mapping[str, tuple[ApiVersion, ...]] = MappingProxyType({}),
) -> tuple[Estate | None, list[Finding]]:
    """As `contracts.estate.estate.load_estate`. Raises PluginError."""
    return estates.load_estate(
        root, api_roots=api_roots, held=held, policies=InstalledPolicies(), further=unfit_mappings
    )


def check(root: Path) -> list[Finding]:
    """Everything wrong with the estate below `root`, sorted by place. Raises PluginError."""
    return load_estate(root)[1]


def findings_over(sources: Sources) -> list[Finding]:
    """What is wrong with an estate beyond its single files. Raises PluginError."""
    return [*across(sources), *policy_rules(sources, InstalledPolicies()), *unfit_mappings(sources)]
