"""A token request whose client proved who it is: what a grant decides by."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from catalog.oauth.clients.authentication import AuthenticatedClient
from catalog.oauth.tokens.binding import Binding
from catalog.oauth.tokens.issue import Issue
from catalog.oauth.wire.request import FormRequest


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One request. `binding` is the key that the tokens are to be bound to, if there is one."""

    form: FormRequest
    client: AuthenticatedClient
    binding: Binding


GrantHandler: TypeAlias = Callable[[TokenRequest], Awaitable[Issue]]
"""Decides what a request of one grant type gets. Raises OAuth2Error, SQLAlchemyError."""
