"""Where notices go: the catalog's settings about it, and the channels that they mean."""

from pathlib import Path
from typing import Final, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from catalog.notices.channels import Channel
from catalog.notices.file_drop import FileDrop
from catalog.notices.smtp import Security, Server, SmtpChannel

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class NoticeSettings(BaseSettings):
    """Without a directory and a mail server notices stay in the outbox, where they can be read."""

    notices_directory: Path | None = Field(
        default=None,
        description="Directory into which each notice is put as a mail message, for others to send on.",
    )
    notices_from: str = Field(
        default="ostiary@localhost",
        pattern=r"^[^@\r\n]+@[^@\s]+$",
        description="The address that notices come from, with a name before it if you like.",
    )
    smtp_host: str | None = Field(default=None, description="Mail server that notices are sent through.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_security: Security = Field(
        default="starttls",
        description="How it is encrypted: `starttls`, `tls` from the start (port 465), or `none`.",
    )
    smtp_user: str | None = Field(default=None, description="User at the mail server.")
    smtp_password: SecretStr | None = Field(default=None, description="That user's password.")
    smtp_ca: Path | None = Field(
        default=None, description="File with the authorities (PEM) that are trusted in place of the machine's."
    )

    @property
    def sends_notices(self) -> bool:
        """Whether there is a way for a notice to leave the outbox."""
        return self.notices_directory is not None or self.smtp_host is not None

    @model_validator(mode="after")
    def _can_send(self) -> Self:
        if self.smtp_host is None:
            return self
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("smtp_user and smtp_password go together")
        if self.smtp_user is not None and self.smtp_security == "none":
            raise ValueError("smtp_security is none: the password would travel in clear")
        if self.smtp_security == "none" and self.smtp_host not in _LOOPBACK:
            raise ValueError("smtp_security is none, and the mail server is not on this machine")
        if self.notices_from == NoticeSettings.model_fields["notices_from"].default:
            raise ValueError("notices_from is needed: the address that mail comes from")
        return self


def channels_of(settings: NoticeSettings) -> tuple[Channel, ...]:
    """The ways there are. Raises OSError for a file of authorities that cannot be used."""
    found: list[Channel] = []
    if settings.notices_directory is not None:
        found.append(FileDrop(settings.notices_directory, settings.notices_from))
    if settings.smtp_host is not None:
        server = Server(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            user=settings.smtp_user,
            password=settings.smtp_password or SecretStr(""),
            ca=None if settings.smtp_ca is None else str(settings.smtp_ca),
        )
        found.append(SmtpChannel(server, settings.notices_from))
    return tuple(found)
