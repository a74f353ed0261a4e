"""What Odoo's refusals mean for a partner: one table by the exception's name, for both dialects.

JSON-RPC answers every error with HTTP 200, and JSON-2 some client mistakes with 500, so a status says little;
the exception's name (`error.data.name` there, `name` here) says it all. Of the texts only those of UserError and
ValidationError are written for users, and only they are passed on: the others tell of hosts, SQL and code.
"""

import re
from typing import Any, Final

from contracts.problems import Problem, problem
from gateway.upstreams.odoo.mismatch import Mismatch, mismatch, mismatch_of
from gateway.upstreams.odoo.transport import Reply, broken

_AGAIN: Final = (("retry-after", "1"),)
_CONFLICT: Final = problem(
    "record-conflict", "The record is being changed by someone else; try again.", headers=_AGAIN
)
ROLLED_BACK: Final = problem(
    "record-conflict", "The record was changed by someone else at the same time; try again.", headers=_AGAIN
)
"""A call met another in the database, which undid it. Odoo makes such calls anew by itself, five times: nothing is
left of them, and they bear it."""
REFUSED: Final = problem("upstream-refused-credential", "Odoo does not accept the gateway's credential.")
_STOPPED: Final = problem("upstream-refused-credential", "Something before Odoo does not let the gateway through.")
_UNMAPPED: Final = mismatch()
_BUSY: Final = problem("upstream-busy", "The upstream takes no more calls now.", headers=(("retry-after", "1"),))
_DOWN: Final = problem("upstream-unreachable", "Odoo cannot reach its database.")
_RULE: Final = problem("business-rule", "Odoo refused the values.")
_RANGE: Final = problem("business-rule", "A value is outside of the range that Odoo can store.")
_MISSING: Final = problem("record-not-found", "The record does not exist or was deleted.")
_DENIED: Final = problem("record-access-denied", "Odoo's access rules do not allow this.")

OUTCOMES: Final[dict[str, Problem]] = {
    "odoo.exceptions.AccessError": _DENIED,
    "odoo.exceptions.MissingError": _MISSING,
    "odoo.exceptions.UserError": _RULE,
    "odoo.exceptions.ValidationError": _RULE,
    "odoo.exceptions.RedirectWarning": _RULE,
    "odoo.exceptions.AccessDenied": REFUSED,
    "odoo.http.SessionExpiredException": REFUSED,
    "werkzeug.exceptions.Unauthorized": REFUSED,
    "odoo.exceptions.LockError": _CONFLICT,
    "odoo.exceptions.ConcurrencyError": ROLLED_BACK,
    "psycopg2.errors.SerializationFailure": ROLLED_BACK,
    "psycopg2.errors.LockNotAvailable": ROLLED_BACK,
    "psycopg2.errors.DeadlockDetected": ROLLED_BACK,
    "psycopg2.extensions.TransactionRollbackError": ROLLED_BACK,
    "psycopg2.errors.NumericValueOutOfRange": _RANGE,
    "psycopg2.errors.StringDataRightTruncation": _RANGE,
    "psycopg2.errors.DatetimeFieldOverflow": _RANGE,
    "psycopg2.OperationalError": _DOWN,
    "psycopg2.InterfaceError": _DOWN,
    "psycopg2.pool.PoolError": _BUSY,
    # Mistakes of whoever wrote the mapping, not of the partner whose request passed the contract's schema.
    "builtins.AttributeError": _UNMAPPED,
    "builtins.AssertionError": _UNMAPPED,
    "builtins.IndexError": _UNMAPPED,
    "builtins.KeyError": _UNMAPPED,
    "builtins.NotImplementedError": _UNMAPPED,
    "builtins.TypeError": _UNMAPPED,
    "builtins.ValueError": _UNMAPPED,
    "werkzeug.exceptions.BadRequest": _UNMAPPED,
    "werkzeug.exceptions.NotFound": _UNMAPPED,
    "werkzeug.exceptions.UnprocessableEntity": _UNMAPPED,
}
"""By the exception's qualified name."""

_BY_STATUS: Final = {401: REFUSED, 403: _DENIED, 404: _UNMAPPED, 409: _CONFLICT, 422: _RULE}
"""For exceptions of add-ons, whose names nobody can list: JSON-2 gives the status of their base class."""

_FOR_USERS: Final = frozenset({"odoo.exceptions.UserError", "odoo.exceptions.ValidationError"})
# Over JSON-RPC an unknown model is a UserError: the contract's mistake, told in the model's technical name.
_UNKNOWN_MODEL: Final = re.compile(r"Object [a-z0-9_.]+ doesn't exist\Z")
# A constraint without a message of its own reaches the user as PostgreSQL's text.
_INTERNAL: Final = re.compile(
    r'relation "|constraint "|column "|violates |DETAIL:|LINE \d|psycopg|Traceback|connection to server|File "/'
)
_CONSTRAINT: Final = "The operation cannot be completed:"
_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]+")
_LONGEST: Final = 1000


def of_error(error: Any, status: int = 200) -> Problem:
    """The problem for Odoo's error: `error.data` of JSON-RPC, the body of JSON-2 (with its HTTP `status`)."""
    name = error.get("name") if isinstance(error, dict) else None
    if not isinstance(name, str):
        return problem("upstream-malformed", "Odoo's error is not of a known form.")
    found = OUTCOMES.get(name) or _BY_STATUS.get(status) or _UNMAPPED
    message = error.get("message")
    if isinstance(found, Mismatch):
        return mismatch_of(name, message)
    if name not in _FOR_USERS or not isinstance(message, str):
        return found
    if _UNKNOWN_MODEL.match(message):
        return mismatch_of(name, message)
    detail = for_users(message)
    return problem("business-rule", detail) if detail else found


def for_users(message: str) -> str:
    """The part of a UserError's text that a partner may read; empty where that is nothing."""
    if message.startswith(_CONSTRAINT):
        # The lines that follow name the model and the database constraint.
        message = message.split("\n", 1)[0]
    message = _CONTROLS.sub(" ", message).strip()
    if _INTERNAL.search(message):
        return ""
    return message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"


def of_reply(reply: Reply, writing: bool) -> Problem:
    """The problem for an answer that is not Odoo's own: a proxy's page, a redirect, an HTML error."""
    status = reply.status
    if status in (401, 403, 407):
        return _STOPPED
    if status in (429, 503):
        wait = reply.retry_after if reply.retry_after.isascii() and reply.retry_after.isdigit() else "1"
        return problem("upstream-busy", "The upstream takes no more calls now.", headers=(("retry-after", wait),))
    if status in (502, 504) and not writing:
        # The proxy reached nobody, or gave up waiting. For a write, it may have handed the request on.
        if status == 502:
            return problem("upstream-unreachable", "The upstream's proxy cannot reach it.")
        return problem("upstream-timeout", "The upstream did not answer its proxy in time.")
    if 300 <= status < 500:
        return problem("upstream-malformed", "The upstream answers that Odoo is not there.")
    return broken(writing, "The upstream's answer is not Odoo's.")
