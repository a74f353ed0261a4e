"""To which key an access token is bound (RFC 7800, RFC 9449 §6, RFC 8705 §3.1): the claim `cnf`, read strictly."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from policies.credentials.token_claims import TokenFault
from policies.exchange import Binding

_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url without padding
_KINDS: Final[Mapping[str, Literal["dpop", "mtls"]]] = {"jkt": "dpop", "x5t#S256": "mtls"}


def binding_of(claims: Mapping[str, Any]) -> Binding:
    """Of a token that is bound. Raises TokenFault for one that is bound in a way that cannot be proved here: it is
    worth nothing, whoever presents it."""
    confirmation = claims.get("cnf")
    if isinstance(confirmation, Mapping) and len(confirmation) == 1:
        [(member, thumbprint)] = confirmation.items()
        kind = _KINDS.get(member)
        if kind is not None and isinstance(thumbprint, str) and _THUMBPRINT.fullmatch(thumbprint):
            return Binding(kind, thumbprint)
    raise TokenFault("it is bound to a key in a way that is not supported")
