"""What an estate compiles to, whether it is read from a directory or from the store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from catalog.estates import load_estate
from catalog.revisions.materialise import materialised
from catalog.revisions.store import Files
from contracts.access import Claims
from contracts.estate.estate import Estate, UnknownUpstream, access_applications, consumer_claims, contracts_part
from contracts.estate.issuers import external_issuers
from contracts.findings import Finding, has_errors
from contracts.operations import ApiVersion
from contracts.snapshot import Application, ContractsPart, Issuer

Held: TypeAlias = Mapping[str, tuple[ApiVersion, ...]]
"""The versions of APIs that stay as they were compiled before."""

NONE_HELD: Final[Held] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Overrides:
    """Where a deployment differs from its estate: URLs of upstreams by name, and the audience of tokens.

    Of the estate's issuers it has those of its `environment`; none of them can be `issuer`, the catalog itself.
    """

    upstream_urls: Mapping[str, str] = field(default_factory=dict)
    audience: str | None = None
    environment: str = ""
    issuer: str = ""


NO_OVERRIDES: Final = Overrides()


@dataclass(frozen=True, slots=True)
class Compilation:
    """What an estate compiles to. `contracts` is None where a finding forbids publication. `units` are the files
    that it was compiled from, by unit; `claims` are by consumer."""

    findings: tuple[Finding, ...]
    contracts: ContractsPart | None = None
    applications: tuple[Application, ...] = ()
    estate: Estate | None = None
    issuers: tuple[Issuer, ...] = ()
    claims: Mapping[str, Claims] = field(default_factory=dict)
    units: Mapping[str, Files] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether it may be published."""
        return self.contracts is not None and not has_errors(self.findings)


class SourceError(Exception):
    """The estate is good, but what the deployment overrides in it is not."""


Source: TypeAlias = Callable[[], Compilation]
"""Loads and compiles the estate; called in a thread. May raise OSError or SourceError."""


def compiled(
    estate: Estate | None, findings: list[Finding], overrides: Overrides, units: Mapping[str, Files]
) -> Compilation:
    """What a loaded estate comes to. Raises SourceError."""
    if estate is None:
        return Compilation(tuple(findings))
    try:
        part = contracts_part(estate, upstream_urls=overrides.upstream_urls, audience=overrides.audience)
    except UnknownUpstream as error:
        raise SourceError(f"OSTIARY_CATALOG_UPSTREAM_URLS: {error}") from None
    issuers = external_issuers(estate.file, overrides.environment)
    if overrides.issuer in {each.issuer for each in issuers}:
        raise SourceError(f"one of the estate's 'issuers' is this catalog itself: {overrides.issuer}")
    applications = access_applications(estate, overrides.environment)
    return Compilation(tuple(findings), part, applications, estate, issuers, consumer_claims(estate), units)


def compile_units(units: Mapping[str, Files], overrides: Overrides, held: Held = NONE_HELD) -> Compilation:
    """Compiles an estate of units. Raises SourceError, OSError, BadRevision, BadPath."""
    with materialised(units) as space:
        estate, findings = load_estate(space.root, api_roots=space.api_roots, held=held)
    return compiled(estate, findings, overrides, units)
