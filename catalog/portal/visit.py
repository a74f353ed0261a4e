"""One request of somebody who is logged in: who it is, how it likes pages, and what it asks of the admin API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import msgspec
from starlette.requests import Request

from catalog.api.admin.answers import Answer, Result
from catalog.api.admin.routing import AdminApi, Call
from catalog.login.session import Session
from catalog.pages.forms import Form
from catalog.people.principal import Principal
from catalog.portal.reader import Reader
from catalog.refusal import Refusal
from contracts.estate_words import Role
from contracts.problems import Problem

_TIMES: Final = (datetime, date)


class Refused(Exception):
    """The admin API refuses; whoever shows a form catches it, else it becomes a page that says so."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.type.id)
        self.problem = problem

    @property
    def faults(self) -> Mapping[str, str]:
        """What is wrong with fields of the body, by their JSON pointers without the first slash."""
        violations = self.problem.extensions.get("violations", ())
        return {
            str(each["pointer"]).lstrip("/"): str(each["message"])
            for each in violations
            if isinstance(each, Mapping) and each.get("in") == "body"
        }


@dataclass(frozen=True, slots=True)
class Visit:
    """A page's request. `form` is what was sent with it, proved to come from a page of ours; empty for a GET."""

    request: Request
    session: Session
    reader: Reader
    form: Form
    api: AdminApi

    @property
    def principal(self) -> Principal:
        return self.session.principal

    @property
    def request_id(self) -> str:
        identity: str = self.request.state.request_id
        return identity

    @property
    def partial(self) -> bool:
        """Whether a script asks for a part of the page, and not the browser for all of it."""
        return is_partial(self.request)

    def may(self, *roles: Role) -> bool:
        """Whether the person has one of the roles, its own or delegated. What a page offers follows from it; what
        is allowed the admin API decides."""
        return any(self.principal.right(role) is not None for role in roles)

    def query(self, name: str, default: str = "") -> str:
        return self.request.query_params.get(name, default)

    async def call(
        self,
        operation_id: str,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | Sequence[tuple[str, Any]] = (),
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Result:
        """An operation of the admin API, as this person. Parameters that are None or empty are left out.

        Raises Refused, SQLAlchemyError.
        """
        pairs = query.items() if isinstance(query, Mapping) else query
        given = [(name, _text(value)) for name, value in pairs if value is not None and value != ""]
        call = Call(operation_id, path or {}, given, headers or {}, body)
        result = await self.api.perform(call, self.principal, self.request_id)
        if isinstance(result, Refusal):
            raise Refused(result.problem())
        if isinstance(result, Problem):
            raise Refused(result)
        return result

    async def ask(self, operation_id: str, path: Mapping[str, str] | None = None, /, **query: Any) -> Any:
        """The value that a reading operation answers, as plain dicts and lists. Raises Refused."""
        return value_of(await self.call(operation_id, path, query))


def is_partial(request: Request) -> bool:
    """Whether a script of a page asks for a part of it."""
    return request.headers.get("hx-request") == "true"


def value_of(result: Result) -> Any:
    """The JSON value of an answer as plain dicts and lists, with times as `datetime`; None where it has none."""
    value = result.value if isinstance(result, Answer) else result
    return None if value is None else msgspec.to_builtins(value, builtin_types=_TIMES)


def etag_of(result: Result) -> str:
    """The version of the state that was answered, for `If-Match`; empty where there is none."""
    return f'"{result.etag}"' if isinstance(result, Answer) and result.etag else ""


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
