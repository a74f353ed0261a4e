"""Protected resource metadata (RFC 9728): what a client needs to know to get a token for an API version.

The well-known part stands between host and path (§3.1), so `/.well-known/oauth-protected-resource/orders/v1`
describes the resource `<public URL>/orders/v1`. The documents follow from the snapshot alone.
"""

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from contracts.operations import ApiVersion
from contracts.snapshot import Issuer

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


def documents(audience: str, versions: tuple[ApiVersion, ...], issuers: tuple[Issuer, ...]) -> dict[str, bytes]:
    """The metadata documents by path.

    Where the public URL has a path of its own, a proxy in front may or may not take it off: both are served.
    """
    prefix = urlsplit(audience).path.rstrip("/")
    found: dict[str, bytes] = {}
    for version in versions:
        if version.lifecycle.state != "retired":
            document = msgspec.json.encode(_metadata(audience.rstrip("/"), version, issuers))
            found[WELL_KNOWN + prefix + version.base_path] = document
            found[WELL_KNOWN + version.base_path] = document
    return found


def _metadata(audience: str, version: ApiVersion, issuers: tuple[Issuer, ...]) -> dict[str, Any]:
    alternatives = [alternative for operation in version.operations for alternative in operation.scopes]
    return {
        "resource": audience + version.base_path,
        "resource_name": version.title,
        "authorization_servers": [issuer.issuer for issuer in issuers],
        "scopes_supported": sorted({scope for alternative in alternatives for scope in alternative}),
        "bearer_methods_supported": ["header"],
    }
