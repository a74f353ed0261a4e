"""What the log-in is told: how long sessions last, and who may log in by what."""

from dataclasses import dataclass, field
from typing import Final

from catalog.login.client_address import ClientAddress
from catalog.login.networks import read_networks
from catalog.login.passwords import STRONG, Strength
from catalog.login.provider.settings import ProviderSettings
from catalog.login.sessions import SessionLimits
from catalog.login.settings import LoginSettings


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


def login_policy(settings: LoginSettings) -> LoginPolicy:
    """The settings as the log-in takes them. Raises OSError for a secret's file that cannot be read."""
    provider = _provider(settings)
    accounts = settings.local_accounts
    return LoginPolicy(
        limits=SessionLimits(settings.session_idle, settings.session_lifetime),
        accounts=provider is None if accounts is None else accounts,
        provider=provider,
        address=ClientAddress(read_networks(settings.trusted_proxies)),
    )


def _provider(settings: LoginSettings) -> ProviderSettings | None:
    issuer, client_id, file = (
        settings.provider_issuer,
        settings.provider_client_id,
        settings.provider_client_secret_file,
    )
    if issuer is None or client_id is None or file is None:
        return None
    return ProviderSettings(
        issuer=issuer,
        client_id=client_id,
        secret=file.read_text().strip(),
        scopes=tuple(settings.provider_scopes.split()),
        member_claim=settings.provider_member_claim,
        acr=_list(settings.provider_acr),
        amr=_list(settings.provider_amr),
        title=settings.provider_title,
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())
