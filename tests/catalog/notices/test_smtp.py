"""Mail through a real SMTP server: encrypted, with a password, refused in parts, away."""

import email
import socket
import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr

from catalog.notices.channels import DeliveryError
from catalog.notices.notice import Notice
from catalog.notices.outbox import Posted
from catalog.notices.smtp import Server, SmtpChannel
from tests.gateway.tls_harness import Authority
from tests.support.smtp import Mailbox, smtp_server

SENDER = "Ostiary <ostiary@acme.example>"
PASSWORD = SecretStr("s3cret")
POSTED = Posted(
    id="0123",
    created_at=1_800_000_000,
    notice=Notice(
        kind="sunset-reminder",
        key="k",
        about="orders/v1",
        recipients=("a@x.example", "b@x.example"),
        subject="Orders v1 ends on 1 July 2027 – Grüße",
        body="It does.\n",
        due_at=1_800_000_000,
    ),
)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def send(mailbox: Mailbox, **settings: object) -> None:
    server = Server("127.0.0.1", mailbox.port, **{"security": "none", **settings})  # type: ignore[arg-type]
    await SmtpChannel(server, SENDER).send(POSTED)


async def failure(mailbox: Mailbox, **settings: object) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(mailbox, **settings)
    return caught.value


async def test_a_message_arrives() -> None:
    async with smtp_server() as mailbox:
        await send(mailbox)
    (envelope,) = mailbox.envelopes
    assert envelope.mail_from == "ostiary@acme.example"
    assert envelope.rcpt_tos == ["a@x.example", "b@x.example"]
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message["Subject"] == POSTED.notice.subject
    assert message["Message-ID"] == "<0123@acme.example>"
    content: str = message.get_content()  # type: ignore[attr-defined]
    assert content.splitlines() == ["It does."]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_it_goes_encrypted_and_with_the_password(authority: Authority, security: str) -> None:
    certificate = authority.issue("mail", "127.0.0.1")
    async with smtp_server(certificate, tls=security == "tls", password=True) as mailbox:
        trusted = {"security": security, "ca": str(authority.path), "user": "ostiary"}
        await send(mailbox, **trusted, password=PASSWORD)
        wrong = await failure(mailbox, **trusted, password=SecretStr("guess"))
    assert mailbox.encrypted == [True]
    assert (str(wrong), wrong.final) == ("the server refuses the user or password (535)", False)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_server_that_nobody_vouches_for_gets_nothing(authority: Authority, security: str) -> None:
    certificate = authority.issue("mail", "127.0.0.1")
    async with smtp_server(certificate, tls=security == "tls") as mailbox:
        error = await failure(mailbox, security=security)
    assert mailbox.envelopes == []
    assert not error.final


async def test_without_encryption_where_it_is_asked_for_there_is_no_mail() -> None:
    async with smtp_server() as mailbox:
        error = await failure(mailbox, security="starttls")
    assert mailbox.envelopes == []
    assert not error.final


@pytest.mark.parametrize(("answer", "final"), [("550 no such mailbox", True), ("451 later", False)])
async def test_nobody_takes_it(answer: str, final: bool) -> None:
    async with smtp_server() as mailbox:
        mailbox.answers = dict.fromkeys(POSTED.notice.recipients, answer)
        error = await failure(mailbox)
    assert (str(error), error.final) == (f"the server refuses it ({answer[:3]})", final)


async def test_a_refusal_for_now_among_those_for_good_is_tried_again() -> None:
    async with smtp_server() as mailbox:
        mailbox.answers = {"a@x.example": "550 no", "b@x.example": "451 later"}
        error = await failure(mailbox)
    assert (str(error), error.final) == ("the server refuses it (451, 550)", False)


async def test_whoever_took_it_is_not_told_twice() -> None:
    async with smtp_server() as mailbox:
        mailbox.answers = {"b@x.example": "451 later"}
        error = await failure(mailbox)
    assert len(mailbox.envelopes) == 1
    assert (str(error), error.final) == ("the server refuses 1 of the recipients", True)


@pytest.mark.parametrize(("answer", "final"), [("554 spam", True), ("452 full", False)])
async def test_the_message_itself_is_refused(answer: str, final: bool) -> None:
    async with smtp_server() as mailbox:
        mailbox.after_data = [answer]
        error = await failure(mailbox)
    assert (str(error), error.final) == (f"the server refuses it ({answer[:3]})", final)


async def test_nobody_is_there() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        error = await failure(Mailbox(port=bound.getsockname()[1]))
    assert str(error).endswith(": Connection refused")
    assert not error.final


def test_a_ca_that_is_none_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    with pytest.raises(ssl.SSLError):
        SmtpChannel(Server("mail.example", 587, ca=str(tmp_path / "ca.pem")), SENDER)
    with pytest.raises(FileNotFoundError):
        SmtpChannel(Server("mail.example", 587, ca=str(tmp_path / "absent.pem")), SENDER)


def test_the_password_is_in_no_repr() -> None:
    assert "s3cret" not in repr(Server("mail.example", 587, user="ostiary", password=PASSWORD))
