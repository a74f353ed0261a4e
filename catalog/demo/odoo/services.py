"""The RPC services `common`, `object` and `db`, which JSON-RPC and XML-RPC share."""

from collections.abc import Mapping

from catalog.demo.odoo.calls import call_positional
from catalog.demo.odoo.database import Database
from catalog.demo.odoo.errors import AccessDenied, DatabaseUnreachable, OdooError


def dispatch(database: Database, service: str, method: str, args: list[object]) -> object:
    """Call a service's method.

    Raises:
        KeyError: there is no such service.
        Exception: whatever the call raises, Python's own errors included.
    """
    handlers = {"common": _common, "object": _object, "db": _db}
    return handlers[service](database, method, args)


def _common(database: Database, method: str, args: list[object]) -> object:
    if method == "version":
        return {
            "server_version": database.version,
            "server_version_info": database.version_info,
            "server_serie": database.version,
            "protocol_version": 1,
        }
    if method in ("authenticate", "login"):
        name, login, password = args[:3]
        _check_database(database, name)
        uid = database.accounts.authenticate(login, password)
        return False if uid is None else uid
    raise OdooError(f"Method not found: {method}")


def _object(database: Database, method: str, args: list[object]) -> object:
    if method not in ("execute", "execute_kw"):
        raise NameError(f"Method not available {method}")
    name, uid, password = args[0], int(str(args[1])), args[2]
    _check_database(database, name)
    if not database.accounts.check(uid, password):
        raise AccessDenied
    model, called = str(args[3]), str(args[4])
    if method == "execute":
        positional: list[object] = list(args[5:])
        named: Mapping[str, object] = {}
    else:
        given = args[5]
        if not isinstance(given, list | tuple):
            raise TypeError(f"{model}.{called}() argument after * must be an iterable")
        positional = list(given)
        keywords = args[6] if len(args) > 6 else None
        named = keywords if isinstance(keywords, Mapping) else {}
    return call_positional(database.environment(uid), model, called, positional, named)


def _db(database: Database, method: str, args: list[object]) -> object:
    """Listing and managing databases is switched off, as on any server open to others."""
    raise AccessDenied


def _check_database(database: Database, name: object) -> None:
    if name != database.name:
        raise DatabaseUnreachable(str(name))
