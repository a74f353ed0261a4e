"""What legacy clients may do by Odoo's own RPC: models, their fields and methods, and bounds. All else is shut."""

from typing import Any, Final, Literal

import msgspec

RpcDialect = Literal["jsonrpc", "xmlrpc-common", "xmlrpc-object", "json2"]

_NEVER: Final = ("ir", "base", "res.users", "res.groups", "res.config", "bus", "mail.template", "auth")
"""Models, with all below them, by which a caller would get code run, or other rights: never to be declared."""


class GuardedModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model. `read` are the fields that may be read, filtered, sorted and aggregated by; `write` those that
    may be written. `relations` are its relational fields whose records may be reached through it, each with its
    model. `domain` is forced on every record that a call touches.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    create: bool = False
    delete: bool = False
    call: tuple[str, ...] = ()
    relations: dict[str, str] = {}
    domain: tuple[Any, ...] = ()


class OdooGuard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole of what is open. `maximum` bounds the records of one call; `context` are the keys that may be
    sent; `version` is what `common.version` says (None: the call is refused). `password`: that of a call may be an
    API key or an access token, for clients that can send no header field."""

    models: dict[str, GuardedModel]
    maximum: int = 200
    context: tuple[str, ...] = ()
    version: str | None = None
    password: bool = False


def is_never_open(model: str) -> bool:
    """Whether a model may be reached by nobody, whatever a contract says."""
    return any(model == each or model.startswith((each + ".", each + "_")) for each in _NEVER)


def scopes_of(guard: OdooGuard) -> set[str]:
    """Every scope that some call which the guard opens needs."""
    found: set[str] = set()
    for name, model in guard.models.items():
        found.add(f"odoo:{name}:read")
        if model.write or model.create or model.delete:
            found.add(f"odoo:{name}:write")
        found.update(f"odoo:{name}:call:{method}" for method in model.call)
    return found
