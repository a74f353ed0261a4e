"""The rules for applications as OAuth clients: each can prove who it is, in no weaker way than it names, and codes
go to no address that others could take."""

import ipaddress
from collections.abc import Iterator
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from contracts.client_certificates import is_distinguished_name
from contracts.documents.document import escape
from contracts.estate.catalogue import finding
from contracts.estate.decode import declared, suggestion
from contracts.estate.loading import Sources
from contracts.estate_files import ApplicationEntry
from contracts.estate_oauth import OAuthEntry, certificate_fault, methods_of
from contracts.findings import Finding
from contracts.oauth_client import MTLS_METHODS, SECRET_METHODS, TOKEN_EXCHANGE
from contracts.public_keys import KeyFault, public_key
from contracts.safe_urls import is_loopback, unsafe

KEYS: Final = 16
"""At most in one `jwks`: every one of them is tried where an assertion names none."""

Found: TypeAlias = Iterator[tuple[str, str, str]]
"""A rule, the key that it is about, and the message."""


def oauth_rules(sources: Sources) -> Iterator[Finding]:
    """All findings about `oauth` of applications."""
    file = sources.consumers
    issuers = declared(sources.estate.document, "issuers")
    for consumer, entry in file.value.consumers.items():
        for name, application in entry.applications.items():
            if application.oauth is None:
                continue
            above = f"/consumers/{escape(consumer)}/applications/{escape(name)}/oauth"
            for rule, key, message in _all(name, application, application.oauth, issuers):
                yield finding(rule, file.place(f"{above}/{key}" if key else above), message)


def _all(name: str, application: ApplicationEntry, entry: OAuthEntry, issuers: frozenset[str]) -> Found:
    yield from _methods(name, entry)
    yield from _keys(name, entry)
    yield from _unused(name, entry)
    yield from _grants(name, entry)
    yield from _redirects(name, entry)
    yield from _exchange(name, application, entry, issuers)
    if entry.profile == "fapi-2":
        yield from _fapi(name, entry)


def _methods(name: str, entry: OAuthEntry) -> Found:
    named, methods = entry.auth_methods, methods_of(entry)
    if entry.public and named not in ((), ("none",)):
        yield "oauth-method-conflict", "auth-methods", f"{name!r} is public, and so has no way to authenticate"
    if not entry.public and "none" in named:
        yield "oauth-method-conflict", "auth-methods", f"{name!r} authenticates by 'none' and is not 'public'"
    kinds = {"client_secret" if each in SECRET_METHODS else each for each in methods}
    if len(kinds) > 1:
        ways = ", ".join(map(repr, sorted(kinds)))
        message = f"{name!r} may authenticate in several ways ({ways}), of which the weakest decides; name one"
        yield "oauth-method-conflict", "auth-methods", message
    needs = {
        "private_key_jwt": ("'jwks' or 'jwks-uri'", entry.jwks is not None or bool(entry.jwks_uri)),
        "tls_client_auth": ("'tls-client-auth'", entry.tls_client_auth is not None),
        "self_signed_tls_client_auth": ("'certificates'", bool(entry.certificates)),
    }
    for method in named:
        what, there = needs.get(method, ("", True))
        if not there:
            yield "oauth-key-missing", "auth-methods", f"{name!r} authenticates by {method!r} and has no {what}"


def _keys(name: str, entry: OAuthEntry) -> Found:
    if entry.jwks is not None and entry.jwks_uri:
        yield "oauth-key-conflict", "jwks-uri", f"{name!r} has both 'jwks' and 'jwks-uri': which keys hold?"
    if entry.jwks_uri and (reason := unsafe(entry.jwks_uri)) is not None:
        yield "oauth-uri-unsafe", "jwks-uri", f"the 'jwks-uri' of {name!r} {reason}"
    if entry.jwks is not None:
        yield from _jwks(name, entry.jwks)
    subject = entry.tls_client_auth
    if subject is not None and len(subject.named()) != 1:
        yield "oauth-key-unusable", "tls-client-auth", f"'tls-client-auth' of {name!r} takes exactly one name"
    if subject is not None and subject.subject_dn is not None and not is_distinguished_name(subject.subject_dn):
        message = f"{subject.subject_dn!r} is no distinguished name of RFC 4514, such as 'CN=shop,O=Acme,C=NO'"
        yield "oauth-key-unusable", "tls-client-auth/subject-dn", message
    if subject is not None and subject.san_ip is not None:
        try:
            ipaddress.ip_address(subject.san_ip)
        except ValueError:
            yield "oauth-key-unusable", "tls-client-auth/san-ip", f"{subject.san_ip!r} is no IP address"
    for index, text in enumerate(entry.certificates):
        if (fault := certificate_fault(text)) is not None:
            message = f"certificate {index + 1} of {name!r} {fault}; or give its x5t#S256 thumbprint"
            yield "oauth-key-unusable", f"certificates/{index}", message


def _jwks(name: str, jwks: dict[str, Any]) -> Found:
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= KEYS or not all(isinstance(each, dict) for each in keys):
        yield "oauth-key-unusable", "jwks", f"the 'jwks' of {name!r} needs 'keys', a list of 1 to {KEYS} JWKs"
        return
    for index, key in enumerate(keys):
        try:
            public_key(key)
        except KeyFault as fault:
            yield "oauth-key-unusable", f"jwks/keys/{index}", f"key {index + 1} of {name!r} is refused: {fault}"


def _unused(name: str, entry: OAuthEntry) -> Found:
    methods = methods_of(entry)
    given = {
        "jwks": (entry.jwks is not None, "private_key_jwt" in methods),
        "jwks-uri": (bool(entry.jwks_uri), "private_key_jwt" in methods),
        "tls-client-auth": (entry.tls_client_auth is not None, "tls_client_auth" in methods),
        "certificates": (bool(entry.certificates), "self_signed_tls_client_auth" in methods),
        "redirect-uris": (bool(entry.redirect_uris), "authorization_code" in entry.grants),
        "exchange": (bool(entry.exchange), TOKEN_EXCHANGE in entry.grants),
    }
    for key, (there, used) in given.items():
        if there and not used:
            yield "oauth-key-unused", key, f"{key!r} means nothing for {name!r} with its methods and grants"


def _grants(name: str, entry: OAuthEntry) -> Found:
    if not entry.grants:
        yield "oauth-grant-unusable", "grants", f"{name!r} gets no token: its 'grants' are empty"
    if entry.public:
        for grant in ("client_credentials", TOKEN_EXCHANGE):
            if grant in entry.grants:
                message = f"{name!r} is public: by {grant!r} anybody would get its tokens"
                yield "oauth-grant-unusable", "grants", message
    if "refresh_token" in entry.grants and "authorization_code" not in entry.grants:
        yield "oauth-grant-unusable", "grants", f"{name!r} refreshes what only 'authorization_code' gives"
    if "authorization_code" in entry.grants and not entry.redirect_uris:
        yield "oauth-redirect-unusable", "", f"{name!r} uses 'authorization_code' and has no 'redirect-uris'"
    if TOKEN_EXCHANGE in entry.grants and not entry.exchange:
        yield "oauth-grant-unusable", "", f"{name!r} exchanges tokens, and no 'exchange' says whose"


def _redirects(name: str, entry: OAuthEntry) -> Found:
    for index, uri in enumerate(entry.redirect_uris):
        if (reason := redirect_fault(uri, public=entry.public)) is not None:
            message = f"the redirect URI {uri!r} of {name!r} {reason}"
            yield "oauth-redirect-unusable", f"redirect-uris/{index}", message


def redirect_fault(uri: str, *, public: bool) -> str | None:
    """Why no code may be sent there (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §4.1); None where it may."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        parts.port  # noqa: B018  (reading it is what parses it)
    except ValueError:
        return "is no URI"
    if "#" in uri:
        return "has a fragment"
    if "*" in uri:
        return "has a wildcard: it is compared as it stands"
    if parts.scheme == "https":
        return None if host and parts.username is None else "has no host, or a user name"
    if parts.scheme == "http":
        return None if is_loopback(host) else "is not https"
    if not public:
        return "is not https"
    # RFC 8252 §7.1: a private-use scheme is a domain name that the app's maker holds, turned around.
    return None if "." in parts.scheme else "is neither https nor of a scheme that a domain name makes unique"


def _exchange(name: str, application: ApplicationEntry, entry: OAuthEntry, issuers: frozenset[str]) -> Found:
    granted = {scope for each in application.subscriptions for scope in each.scopes}
    for index, rule in enumerate(entry.exchange):
        if rule.issuer not in issuers:
            message = f"there is no issuer {rule.issuer!r}{suggestion(rule.issuer, issuers)}"
            yield "unknown-issuer", f"exchange/{index}/issuer", message
        for number, scope in enumerate(rule.scopes):
            if scope not in granted:
                message = f"{name!r} is not granted {scope!r}, and so exchanges nothing for it"
                yield "oauth-key-unused", f"exchange/{index}/scopes/{number}", message


def _fapi(name: str, entry: OAuthEntry) -> Found:
    allowed = ("private_key_jwt", *MTLS_METHODS)
    for method in methods_of(entry):
        if method not in allowed:
            message = f"{name!r} has the profile 'fapi-2' and would authenticate by {method!r}"
            yield "oauth-profile-broken", "profile", f"{message}; it takes a key or a certificate"
    for index, uri in enumerate(entry.redirect_uris):
        if not uri.startswith("https://"):
            message = f"{name!r} has the profile 'fapi-2', whose redirect URIs are https: {uri!r} is not"
            yield "oauth-profile-broken", f"redirect-uris/{index}", message
