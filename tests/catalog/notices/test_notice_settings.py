"""The settings of notices, and the channels they mean."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from catalog.notices.file_drop import FileDrop
from catalog.notices.settings import channels_of
from catalog.notices.smtp import SmtpChannel
from catalog.settings import CatalogSettings, explain

MAIL = {"SMTP_HOST": "mail.example", "NOTICES_FROM": "Ostiary <ostiary@acme.example>"}


def made(monkeypatch: pytest.MonkeyPatch, **variables: str) -> CatalogSettings:
    for name, value in variables.items():
        monkeypatch.setenv(f"OSTIARY_CATALOG_{name}", value)
    return CatalogSettings()


def test_by_itself_a_catalog_sends_nothing() -> None:
    assert channels_of(CatalogSettings()) == ()
    assert not CatalogSettings().sends_notices


@pytest.mark.parametrize("variables", [{"NOTICES_DIRECTORY": "out"}, MAIL])
def test_a_way_is_enough_to_send_by(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    assert made(monkeypatch, **variables).sends_notices


def test_both_ways(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drop, mail = channels_of(made(monkeypatch, NOTICES_DIRECTORY=str(tmp_path / "out"), **MAIL))
    assert (type(drop), drop.name) == (FileDrop, "file")
    assert (type(mail), mail.name) == (SmtpChannel, "smtp")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"SMTP_USER": "u"}, "smtp_user and smtp_password go together"),
        ({"SMTP_PASSWORD": "p"}, "smtp_user and smtp_password go together"),
        ({"SMTP_SECURITY": "none"}, "the mail server is not on this machine"),
        ({"SMTP_SECURITY": "none", "SMTP_USER": "u", "SMTP_PASSWORD": "p"}, "would travel in clear"),
        ({"NOTICES_FROM": ""}, "notices_from is needed"),
        ({"NOTICES_FROM": "nobody"}, "OSTIARY_CATALOG_NOTICES_FROM: "),
        ({"NOTICES_FROM": "x@y.example\nBcc: all@z.example"}, "OSTIARY_CATALOG_NOTICES_FROM: "),
        ({"SMTP_PORT": "0"}, "OSTIARY_CATALOG_SMTP_PORT: "),
    ],
)
def test_what_cannot_be(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        made(monkeypatch, **MAIL | variables)
    assert message in "\n".join(explain(caught.value))


def test_a_mail_server_on_this_machine_needs_no_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    local = made(monkeypatch, SMTP_HOST="127.0.0.1", SMTP_SECURITY="none", NOTICES_FROM="ostiary@acme.example")
    assert [each.name for each in channels_of(local)] == ["smtp"]
