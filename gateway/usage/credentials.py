"""Which credentials are used, when, from where and for what: noted for each call, told with the counts of usage.

A call costs a comparison and three assignments: what there is to know of a credential is found out when a
principal first uses a grant after it was last told. Of an address the network is told, /24 of IPv4 and /48 of
IPv6: enough to see that a key is used from elsewhere, or to bind it to a network, and not who sat at which
machine.
"""

import ipaddress
from typing import Final

from contracts.packed import Steps
from contracts.usage import batch
from contracts.usage.batch import MAX_CREDENTIALS, MAX_EXERCISED, CredentialUsed, Exercised
from gateway.usage.packing import BATCH
from policies.credentials.known_keys import API_KEY_ISSUER
from policies.credentials.revocation import CREDENTIAL_CLAIM
from policies.exchange import CredentialUse, Exchange, Grant, Principal

MAX_USES: Final = 50_000
"""Credentials of which it is known between two tellings that they were used; others are told of the next time."""

_ID_LENGTH: Final = 64
_SCOPES: Final = 64
_IPV4: Final = 24
_IPV6: Final = 48


class CredentialUses:
    """Implements the pipeline's `Recorder`. `most` credentials are noted from one taking to the next."""

    def __init__(self, most: int = MAX_USES) -> None:
        self._most = most
        self._uses: dict[str, CredentialUse] = {}
        self._taking: object = object()
        # For those of which nothing is told: that is found out once, too.
        self._untold = CredentialUse("", "", self._taking)

    def record(self, exchange: Exchange) -> None:
        principal = exchange.principal
        if principal is None:
            return
        grant = exchange.grant
        use = None if grant is None else grant.use
        if use is None or use.taking is not self._taking:
            use = self._first(principal, grant)
        use.last = exchange.ended_at
        use.last_grant = grant
        use.peer = exchange.peer

    def take(self) -> list[CredentialUse]:
        """What was used since it was taken last."""
        taken, self._uses = self._uses, {}
        self._taking = object()
        self._untold = CredentialUse("", "", self._taking)
        return list(taken.values())

    def _first(self, principal: Principal, grant: Grant | None) -> CredentialUse:
        credential = credential_of(principal)
        use = self._uses.get(credential)
        if use is None:
            if not credential or len(self._uses) >= self._most:
                use = self._untold
            else:
                use = self._uses[credential] = CredentialUse(credential, principal.client_id, self._taking)
        if grant is not None:
            grant.use = use
            if use is not self._untold:
                use.grants.append(grant)
        return use


def credential_of(principal: Principal) -> str:
    """The public id of what the caller proved itself with, or obtained its token by; empty where that is not told.

    Another issuer's token may claim anything: the catalog believes it of the application's own credentials alone.
    """
    if principal.issuer == API_KEY_ISSUER:
        return principal.token_id
    claimed = principal.claims.get(CREDENTIAL_CLAIM)
    # Whatever is longer, or of other characters, is no id of ours, and would be refused with its whole batch.
    if not isinstance(claimed, str) or len(claimed) > _ID_LENGTH or not claimed.isascii():
        return ""
    return claimed if claimed.replace("-", "").replace("_", "").isalnum() else ""


def told(uses: list[CredentialUse], epoch: float) -> Steps[list[list[CredentialUsed]]]:
    """The uses as they are sent, batch by batch. `epoch` is the Unix time of the monotonic zero."""
    batches: list[list[CredentialUsed]] = []
    size = 0
    for use in uses:
        yield
        last = None if use.last_grant is None else use.last_grant.subscription
        used = CredentialUsed(
            id=use.credential,
            application=use.application,
            last=int(epoch + use.last),
            network=network_of(use.peer),
            api="" if last is None else last.api,
            version="" if last is None else last.version,
            exercised=_exercised(use.grants),
        )
        length = len(batch.encode(used))
        if not batches or size + length > BATCH or len(batches[-1]) == MAX_CREDENTIALS:
            batches.append([])
            size = 0
        batches[-1].append(used)
        size += length
    return batches


def _exercised(grants: list[Grant]) -> tuple[Exercised, ...]:
    found: dict[tuple[str, str], set[str]] = {}
    for grant in grants:
        subscription = grant.subscription
        found.setdefault((subscription.api, subscription.version), set()).update(grant.scopes)
    return tuple(
        Exercised(api, version, tuple(sorted(scopes)[:_SCOPES]))
        for (api, version), scopes in list(found.items())[:MAX_EXERCISED]
    )


def network_of(peer: str) -> str:
    """The network that an address is of; empty for a client without one, as on a Unix socket."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    length = _IPV4 if address.version == 4 else _IPV6
    return str(ipaddress.ip_network((address, length), strict=False))
