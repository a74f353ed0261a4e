"""Protected resource metadata (RFC 9728): what a client needs to know to get a token for an API version.

The well-known part stands between host and path (§3.1), so `/.well-known/oauth-protected-resource/orders/v1`
describes the resource `<public URL>/orders/v1`. The documents follow from the snapshot alone.
"""

from typing import Final

import msgspec

from contracts.operations import ApiVersion
from contracts.snapshot import Issuer

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


def documents(
    audience: str, versions: tuple[ApiVersion, ...], issuers: tuple[Issuer, ...]
) -> dict[str, bytes]:
    """The metadata documents by path."""
    return {
        WELL_KNOWN + version.base_path: msgspec.json.encode(
            {
                "resource": audience + version.base_path,
                "resource_name": version.title,
                "authorization_servers": [issuer.issuer for issuer in issuers],
                "scopes_supported": sorted(
                    {
                        scope
                        for operation in version.operations
                        for alternative in operation.scopes
                        for scope in alternative
                    }
                ),
                "bearer_methods_supported": ["header"],
            }
        )
        for version in versions
        if version.lifecycle.state != "retired"
    }
