"""The log-in's settings: what goes together, and what becomes of them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from catalog.login.policy import login_policy
from catalog.settings import CatalogSettings

SECRET = "provider-secret"


def given(tmp_path: Path, **more: object) -> CatalogSettings:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    values = {
        "provider_issuer": "https://login.example",
        "provider_client_id": "ostiary",
        "provider_client_secret_file": file,
    }
    return CatalogSettings(**{**values, **more})  # type: ignore[arg-type]


def test_without_a_provider_there_are_accounts() -> None:
    policy = login_policy(CatalogSettings())
    assert (policy.accounts, policy.provider) == (True, None)
    assert (policy.limits.idle, policy.limits.absolute) == (1800, 28_800)


def test_a_provider_takes_the_place_of_accounts_unless_both_shall_be(tmp_path: Path) -> None:
    policy = login_policy(given(tmp_path, provider_acr="gold, silver", provider_amr="mfa"))
    assert policy.provider is not None
    assert policy.accounts is False
    assert (policy.provider.secret, policy.provider.name) == (SECRET, "login.example")
    assert (policy.provider.acr, policy.provider.amr) == (("gold", "silver"), ("mfa",))
    assert SECRET not in repr(policy)
    assert login_policy(given(tmp_path, local_accounts=True)).accounts is True


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"provider_client_id": None}, "go together"),
        ({"provider_client_secret_file": None}, "go together"),
        ({"provider_issuer": "http://login.example"}, "must be an https URL"),
        ({"provider_scopes": "email"}, "must have openid"),
        ({"trusted_proxies": "10.0.0.1/8"}, "host bits set"),
        ({"session_idle": 5}, "greater than or equal to 60"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        given(tmp_path, **changes)


def test_no_way_in_at_all_is_refused() -> None:
    with pytest.raises(ValidationError, match="nobody could log in"):
        CatalogSettings(local_accounts=False)
