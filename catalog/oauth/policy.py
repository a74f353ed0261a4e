"""What a deployment decides about clients of the authorisation server."""

from dataclasses import dataclass
from typing import Final

from catalog.oauth.keys.signing import SigningAlgorithm


@dataclass(frozen=True, slots=True)
class OAuthPolicy:
    """`terminators` are the networks (CIDR) of TLS terminators whose `Client-Cert` is believed;
    `asks_certificates` says that our own listener asks clients for theirs. With `loopback` keys of clients are
    fetched from this machine and over plain http too, as tests and development have them. Keys that sign tokens
    are made for an `algorithm`, and sign for so many days."""

    terminators: tuple[str, ...] = ()
    asks_certificates: bool = False
    loopback: bool = False
    algorithm: SigningAlgorithm = "ES256"
    signing_key_days: int = 90


DEFAULT: Final = OAuthPolicy()
