"""The rules for external issuers: each is told from the others, is reached safely, and its clients are ours."""

from collections.abc import Iterator
from itertools import combinations

from contracts.documents.document import escape
from contracts.estate.catalogue import finding
from contracts.estate.decode import declared, suggestion
from contracts.estate.loading import Sources
from contracts.estate_issuers import IssuerEntry
from contracts.findings import Finding
from contracts.safe_urls import unsafe

JWS_START = "ey"
"""How every JWS begins: `{"` in base64url."""


def issuer_rules(sources: Sources) -> Iterator[Finding]:
    """All findings about `issuers`, and about the `identities` of applications."""
    for name, entry in sources.estate.value.issuers.items():
        yield from _urls(sources, name, entry)
        yield from _use(sources, name, entry)
    yield from _told_apart(sources)
    yield from _identities(sources)


def _urls(sources: Sources, name: str, entry: IssuerEntry) -> Iterator[Finding]:
    pointer = f"/issuers/{escape(name)}"
    urls = [("issuer", entry.issuer), ("jwks-uri", entry.jwks_uri)]
    if entry.introspection is not None:
        urls.append(("introspection/endpoint", entry.introspection.endpoint))
    for key, url in urls:
        reason = unsafe(url) if url else None
        if reason is not None:
            message = f"the URL {url!r} of issuer {name!r} {reason}"
            yield finding("issuer-unsafe", sources.estate.place(f"{pointer}/{key}"), message)


def _use(sources: Sources, name: str, entry: IssuerEntry) -> Iterator[Finding]:
    file, pointer = sources.estate, f"/issuers/{escape(name)}"
    if not entry.algorithms and entry.introspection is None:
        message = f"no token of issuer {name!r} is accepted: it has neither 'algorithms' nor 'introspection'"
        yield finding("issuer-accepts-nothing", file.place_of_key(pointer), message)
    if entry.algorithms and not entry.token_types:
        message = f"no JWT of issuer {name!r} is accepted: its 'token-types' are empty"
        yield finding("issuer-accepts-nothing", file.place(f"{pointer}/token-types"), message)
    if entry.jwks_uri and not entry.algorithms:
        message = f"'jwks-uri' means nothing for issuer {name!r}, which has no 'algorithms'"
        yield finding("issuer-key-unused", file.place_of_key(f"{pointer}/jwks-uri"), message)
    if entry.introspection is not None and entry.introspection.prefix.startswith(JWS_START):
        message = f"every JWT begins with {JWS_START!r}, as the prefix of issuer {name!r} does"
        yield finding("introspection-ambiguous", file.place(f"{pointer}/introspection/prefix"), message)
    applications = (
        application
        for consumer in sources.consumers.value.consumers.values()
        for application in consumer.applications.values()
    )
    if not any(name in each.identities for each in applications):
        message = f"no application has a client of issuer {name!r} among its 'identities'"
        yield finding("issuer-unused", file.place_of_key(pointer), message)


def _told_apart(sources: Sources) -> Iterator[Finding]:
    """Of two in one environment: by their URL, and by how their opaque tokens begin."""
    file = sources.estate
    for (first, one), (second, other) in combinations(file.value.issuers.items(), 2):
        if one.environment != other.environment:
            continue
        pointer = f"/issuers/{escape(second)}"
        if one.issuer == other.issuer:
            message = f"issuer {second!r} has the URL of issuer {first!r}, in the same environment"
            yield finding("issuer-twice", file.place(f"{pointer}/issuer"), message)
        if one.introspection is not None and other.introspection is not None:
            prefixes = sorted((one.introspection.prefix, other.introspection.prefix))
            # One that has none is asked about what no prefix claims.
            if prefixes[0] == prefixes[1] or (prefixes[0] and prefixes[1].startswith(prefixes[0])):
                message = (
                    f"opaque tokens of issuers {first!r} and {second!r} cannot be told apart by their 'prefix'"
                )
                yield finding("introspection-ambiguous", file.place_of_key(f"{pointer}/introspection"), message)


def _identities(sources: Sources) -> Iterator[Finding]:
    file, issuers = sources.consumers, sources.estate.value.issuers
    known = declared(sources.estate.document, "issuers")
    seen: dict[tuple[str, str, str], str] = {}
    for consumer, entry in file.value.consumers.items():
        for application, app in entry.applications.items():
            above = f"/consumers/{escape(consumer)}/applications/{escape(application)}/identities"
            for name, clients in app.identities.items():
                pointer = f"{above}/{escape(name)}"
                if name not in known:
                    message = f"there is no issuer {name!r}{suggestion(name, known)}"
                    yield finding("unknown-issuer", file.place_of_key(pointer), message)
                    continue
                if name not in issuers:
                    continue
                issuer = issuers[name]
                for index, client in enumerate(clients):
                    place = f"{pointer}/{index}"
                    first = seen.setdefault((issuer.issuer, issuer.environment, client), place)
                    if client and first != place:
                        message = f"the client {client!r} of issuer {name!r} is taken ({file.place(first)})"
                        yield finding("identity-twice", file.place(place), message)
