"""What is known of the provider beforehand."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One provider, and this catalog as its client.

    `member_claim` names the member: `email` (which the provider has to have verified, and which is one member's
    alone), or a claim whose value is the key in `teams.yaml`. A log-in with one of the `acr` or `amr` values
    counts as one by two factors; where none of them comes, whoever needs two factors is asked for one here.
    """

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    member_claim: str = "email"
    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    title: str = ""

    @property
    def name(self) -> str:
        """How people are told of it."""
        return self.title or urlsplit(self.issuer).hostname or self.issuer


def is_safe(url: object) -> bool:
    """Whether it is an https URL, or one of this machine."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    except ValueError:
        return False
