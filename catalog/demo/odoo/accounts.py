"""Who may log in: passwords, API keys and browser sessions."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

RPC_SCOPE = "rpc"


@dataclass(frozen=True)
class ApiKey:
    """An API key of a user. A key with another scope than none or `rpc` opens nothing here."""

    secret: str
    login: str
    name: str = "API key"
    scope: str | None = None

    @property
    def opens_rpc(self) -> bool:
        return self.scope in (None, RPC_SCOPE)


class Accounts:
    """Credentials by user id. An API key is as good as the password everywhere but at a browser's log-in."""

    def __init__(self, users: Mapping[str, tuple[int, str]], keys: Sequence[ApiKey]) -> None:
        self._users = users
        self._keys = {key.secret: key for key in keys}
        self._sessions: dict[str, int] = {}

    def authenticate(self, login: object, password: object) -> int | None:
        """The user id behind a login with its password or one of its API keys."""
        uid, _ = self._users.get(str(login), (None, ""))
        return uid if uid is not None and self.check(uid, password) else None

    def check(self, uid: object, password: object) -> bool:
        """Whether a password or API key is this user's, as every RPC call asks."""
        if any(known == uid and secret == password for known, secret in self._users.values()):
            return True
        return isinstance(password, str) and self.bearer(password) == uid

    def bearer(self, secret: str) -> int | None:
        """The user id behind an API key; a password is none."""
        key = self._keys.get(secret)
        return self._users[key.login][0] if key and key.opens_rpc else None

    def open_session(self, login: object, password: object) -> tuple[str, int] | None:
        """A new session's id and user. Takes the password only."""
        uid, known = self._users.get(str(login), (None, ""))
        if uid is None or known != password:
            return None
        session = secrets.token_urlsafe(32)
        self._sessions[session] = uid
        return session, uid

    def session_user(self, session: str) -> int | None:
        return self._sessions.get(session)
