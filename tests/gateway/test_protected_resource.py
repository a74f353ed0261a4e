"""RFC 9728 documents: where they are and what they say."""

import json

from contracts.access import ExternalIssuer
from contracts.operations import Lifecycle
from contracts.snapshot import Issuer
from gateway.protected_resource import documents
from tests.gateway.gateway_world import orders

ISSUERS = (Issuer("https://login.example", "https://login.example/jwks", ("ES256",), {"keys": []}),)


def test_the_well_known_part_stands_between_host_and_path() -> None:
    """§3.1. A proxy in front may take the public URL's own path off, so that both places are served."""
    found = documents("https://api.example/gw/", orders(), {"orders:read"}, ISSUERS)
    assert set(found) == {
        "/.well-known/oauth-protected-resource/gw/orders/v1",
        "/.well-known/oauth-protected-resource/orders/v1",
    }
    assert {json.loads(document)["resource"] for document in found.values()} == {
        "https://api.example/gw/orders/v1"
    }


def test_whoever_may_issue_tokens_for_it_is_named() -> None:
    other = Issuer("https://sso.example", "", ("ES256",), {"keys": []}, ExternalIssuer())
    for document in documents("https://api.example", orders(), (), (*ISSUERS, other)).values():
        assert json.loads(document)["authorization_servers"] == ["https://login.example", "https://sso.example"]


def test_a_retired_version_has_none() -> None:
    assert documents("https://api.example", orders(lifecycle=Lifecycle("retired")), (), ISSUERS) == {}
