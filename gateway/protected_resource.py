"""Protected resource metadata (RFC 9728): what a client needs to know to get a token for an API version.

The well-known part stands between host and path (§3.1), so `/.well-known/oauth-protected-resource/orders/v1`
describes the resource `<public URL>/orders/v1`. The documents follow from the snapshot alone.
"""

from collections.abc import Collection
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from contracts.operations import ApiVersion
from contracts.public_keys import ALGORITHMS
from contracts.snapshot import Issuer

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


def documents(
    audience: str, version: ApiVersion, scopes: Collection[str], issuers: tuple[Issuer, ...]
) -> dict[str, bytes]:
    """A version's metadata document by path; none of a retired one. `scopes` are all that its operations name.

    Where the public URL has a path of its own, a proxy in front may or may not take it off: both are served.
    """
    if version.lifecycle.state == "retired":
        return {}
    prefix = urlsplit(audience).path.rstrip("/")
    document = msgspec.json.encode(_metadata(audience.rstrip("/"), version, scopes, issuers))
    return dict.fromkeys((WELL_KNOWN + prefix + version.base_path, WELL_KNOWN + version.base_path), document)


def _metadata(
    audience: str, version: ApiVersion, scopes: Collection[str], issuers: tuple[Issuer, ...]
) -> dict[str, Any]:
    return {
        "resource": audience + version.base_path,
        "resource_name": version.title,
        "authorization_servers": [issuer.issuer for issuer in issuers],
        "scopes_supported": sorted(scopes),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": sorted(ALGORITHMS),
    }
