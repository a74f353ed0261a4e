"""What the log-in is told: how long sessions last, and who may log in by what."""

from dataclasses import dataclass, field
from typing import Final

from catalog.login.client_address import ClientAddress
from catalog.login.passwords import STRONG, Strength
from catalog.login.provider.settings import ProviderSettings
from catalog.login.sessions import SessionLimits


@dataclass(frozen=True, slots=True)
class LoginPolicy:
    """The settings of the log-in, in the form that it works with. `accounts` says whether members may log in by
    accounts of the catalog's own, `provider` through which other one they may."""

    limits: SessionLimits = field(default_factory=SessionLimits)
    accounts: bool = True
    provider: ProviderSettings | None = None
    strength: Strength = STRONG
    address: ClientAddress = field(default_factory=ClientAddress)


LOCAL_ACCOUNTS: Final = LoginPolicy()
"""What holds where nothing is set: members log in by accounts of the catalog's own."""
