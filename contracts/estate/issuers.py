"""External issuers as a snapshot carries them: those of one environment, and whose applications their clients are.

A snapshot of one environment has nothing of the issuers of another, so that a sandbox's token is, in production,
one of nobody's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.access import ExternalIssuer, Identity, Introspection, Issuer
from contracts.estate_files import ApplicationEntry, EstateFile
from contracts.estate_issuers import IntrospectionEntry, IssuerEntry


def external_issuers(file: EstateFile, environment: str) -> tuple[Issuer, ...]:
    """Those of the environment, by name."""
    return tuple(_issuer(entry) for _, entry in sorted(_of(file, environment).items()))


def identities(file: EstateFile, application: ApplicationEntry, environment: str) -> tuple[Identity, ...]:
    """The clients of the environment's issuers that an application is, in order."""
    return tuple(sorted(_identities(file, application, environment), key=lambda each: (each.issuer, each.client)))


def _identities(file: EstateFile, application: ApplicationEntry, environment: str) -> Iterator[Identity]:
    issuers = _of(file, environment)
    for name, clients in application.identities.items():
        if name in issuers:
            yield from (Identity(issuers[name].issuer, client) for client in clients)


def _of(file: EstateFile, environment: str) -> Mapping[str, IssuerEntry]:
    return {name: entry for name, entry in file.issuers.items() if entry.environment == environment}


def _issuer(entry: IssuerEntry) -> Issuer:
    no_keys: dict[str, Any] = {"keys": []}
    external = ExternalIssuer(
        entry.audiences,
        entry.token_types,
        entry.client_claim,
        entry.scope_claims,
        entry.scope_map,
        None if entry.introspection is None else _introspection(entry.introspection),
    )
    return Issuer(entry.issuer, entry.jwks_uri or "", entry.algorithms, no_keys, external)


def _introspection(entry: IntrospectionEntry) -> Introspection:
    return Introspection(entry.client_id, entry.credential, entry.endpoint or "", entry.prefix, entry.max_cache)
