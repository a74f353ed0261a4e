"""Settings: what a wrong one says, and that no message repeats a secret."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from catalog.settings import CatalogSettings, explain


def test_the_defaults_work_and_keep_to_one_directory() -> None:
    settings = CatalogSettings()
    assert settings.keys_directory == Path(".ostiary/catalog/keys")
    assert settings.store_url == f"sqlite+aiosqlite:///{Path('.ostiary/catalog/catalog.db').absolute()}"
    assert settings.host == "127.0.0.1"


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTIARY_CATALOG_UPSTREAM_URLS", '{"odoo": "http://127.0.0.1:8069"}')
    monkeypatch.setenv("OSTIARY_CATALOG_DATABASE_URL", "sqlite+aiosqlite:////data/pass.db")
    monkeypatch.setenv("OSTIARY_GATEWAY_TOKEN", "shared-by-both-of-them")
    monkeypatch.setenv("OSTIARY_CATALOG_URL", "")
    settings = CatalogSettings()
    assert settings.upstream_urls == {"odoo": "http://127.0.0.1:8069"}
    assert settings.store_url == "sqlite+aiosqlite:////data/pass.db"
    assert settings.gateway_token == SecretStr("shared-by-both-of-them")
    assert settings.url is None
    assert "shared-by" not in repr(settings)
    assert "pass.db" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("OSTIARY_CATALOG_PORT", "70000", "OSTIARY_CATALOG_PORT: Input should be less than or equal to 65535"),
        ("OSTIARY_CATALOG_TOKEN_LIFETIME", "864000", "OSTIARY_CATALOG_TOKEN_LIFETIME: Input should be less than"),
        ("OSTIARY_GATEWAY_TOKEN", "short", "OSTIARY_GATEWAY_TOKEN: Value should have at least 16 items"),
        ("OSTIARY_CATALOG_DATABASE_URL", "mysql://db/x", "OSTIARY_CATALOG_DATABASE_URL: Value error, only postg"),
        ("OSTIARY_CATALOG_URL", "catalog.example", "OSTIARY_CATALOG_URL: Value error, must be an absolute"),
        ("OSTIARY_CATALOG_URL", "http://catalog.example", "url 'http://catalog.example' is neither https"),
        ("OSTIARY_CATALOG_ENVIRONMENT", "Live_1", "OSTIARY_CATALOG_ENVIRONMENT: String should match"),
        ("OSTIARY_CATALOG_UPSTREAM_URLS", "[]", "OSTIARY_CATALOG_UPSTREAM_URLS: Input should be a valid dict"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        CatalogSettings()
    [said] = explain(caught.value)
    assert line in said


@pytest.mark.parametrize("url", ["https://catalog.example", "http://localhost:8081", "http://[::1]:8081"])
def test_an_issuer_is_https_or_this_machine(url: str) -> None:
    assert CatalogSettings(url=url + "/").url == url


def test_plain_http_may_be_allowed() -> None:
    assert CatalogSettings(url="http://catalog.internal", allow_insecure_url=True).url == "http://catalog.internal"
