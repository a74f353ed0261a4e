"""The errors Odoo reports, under the names it reports them by.

Python's own `KeyError`, `ValueError`, `TypeError` and `AttributeError` also reach Odoo's callers, named
`builtins.…`; the stand-in raises them as they are and `describe` gives every exception its wire form.
"""

from typing import ClassVar

_FRAMES = """Traceback (most recent call last):
  File "/opt/odoo/odoo/http.py", line 2275, in _serve_db
    return service_model.retrying(serve_func, env=self.env)
  File "/opt/odoo/odoo/service/model.py", line 184, in retrying
    result = func()
"""


class OdooError(Exception):
    """An error with a name of Odoo's. `status` is what `/json/2` answers; JSON-RPC always answers 200."""

    name: ClassVar[str] = "builtins.Exception"
    status: int = 500


class UserError(OdooError):
    name = "odoo.exceptions.UserError"
    status = 422


class ValidationError(UserError):
    name = "odoo.exceptions.ValidationError"


class AccessError(UserError):
    name = "odoo.exceptions.AccessError"
    status = 403


class MissingError(UserError):
    name = "odoo.exceptions.MissingError"
    status = 404


class AccessDenied(UserError):
    """A failed log-in; `/json/2` turns a bad key into `Unauthorized` instead."""

    name = "odoo.exceptions.AccessDenied"
    status = 403

    def __init__(self, message: str = "Access Denied") -> None:
        super().__init__(message)


class SessionExpired(OdooError):
    name = "odoo.http.SessionExpiredException"

    def __init__(self) -> None:
        super().__init__("Session expired")


class DatabaseUnreachable(OdooError):
    """Odoo hands the database driver's words to the caller, with the database's host and port in them."""

    name = "psycopg2.OperationalError"

    def __init__(self, database: str) -> None:
        super().__init__(
            'connection to server at "127.0.0.1", port 54329 failed: '
            f'FATAL:  database "{database}" does not exist\n'
        )


class HttpError(OdooError):
    """One of werkzeug's; `/json/2` reports the status as a second argument."""

    def __init__(self, message: str) -> None:
        super().__init__(message, self.status)


class BadRequest(HttpError):
    name = "werkzeug.exceptions.BadRequest"
    status = 400


class Unauthorized(HttpError):
    name = "werkzeug.exceptions.Unauthorized"
    status = 401


class NotFound(HttpError):
    name = "werkzeug.exceptions.NotFound"
    status = 404


class UnprocessableEntity(HttpError):
    name = "werkzeug.exceptions.UnprocessableEntity"
    status = 422


def name_of(error: Exception) -> str:
    """The name to classify on, for example `odoo.exceptions.AccessError` or `builtins.KeyError`."""
    return error.name if isinstance(error, OdooError) else f"builtins.{type(error).__name__}"


def status_of(error: Exception) -> int:
    """The status `/json/2` answers with: 500 for Python's own errors, also where the caller is at fault."""
    return error.status if isinstance(error, OdooError) else 500


def message_of(error: Exception) -> str:
    """The text of an error; a `KeyError` without the quotes `str` puts around it."""
    return str(error.args[0]) if error.args else ""


def describe(error: Exception) -> dict[str, object]:
    """`{name, message, arguments, context, debug}`: the body of a `/json/2` error, the `data` of the others."""
    return {
        "name": name_of(error),
        "message": message_of(error),
        "arguments": [argument if isinstance(argument, int) else str(argument) for argument in error.args],
        "context": {},
        "debug": f"{_FRAMES}{name_of(error)}: {message_of(error)}\n",
    }
