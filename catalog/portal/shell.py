"""What all pages of the portal share: templates, who may see them, and what becomes of refusals.

A page is a coroutine from a `Visit` to a response. It needs a session; without one the log-in comes first. A form
is taken only from a page of ours. What the admin API refuses becomes a page that says so, with the request's id.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from catalog.api.admin.routing import AdminApi
from catalog.clock import Clock
from catalog.login.door import Door
from catalog.login.returning import login_redirect
from catalog.pages.assets import Assets
from catalog.pages.forms import Form
from catalog.pages.pages import TEMPLATES as SHARED
from catalog.pages.pages import page_headers
from catalog.portal.formats import Formats, coded, markdown
from catalog.portal.pace import Pace
from catalog.portal.reader import reader_of
from catalog.portal.speech import refusal, speaking, spoken, told, translated, worded
from catalog.portal.visit import Refused, Visit, is_partial
from contracts.estate_words import Role
from contracts.problems import Problem, problem

TEMPLATES: Final = Path(__file__).with_name("templates")
STATIC: Final = Path(__file__).with_name("static")
ROOT: Final = "/portal"

Page: TypeAlias = Callable[[Visit], Awaitable[Response]]

log = structlog.get_logger()

_NOTHING: Final = Form({})
_WHOLE_PAGE: Final = {"HX-Refresh": "true", "Cache-Control": "no-store"}
"""The script loads the page anew, which leads to the log-in: a part of a page is no place for that one."""


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the main navigation. `label` is English, and translated where it is shown; without `roles` it is
    for everybody. `also` are further paths that belong to it."""

    path: str
    label: str
    roles: tuple[Role, ...] = ()
    also: tuple[str, ...] = ()

    def holds(self, here: str) -> bool:
        """Whether a page's path is of this section."""
        return any(here == path or here.startswith(f"{path}/") for path in (self.path, *self.also))


class Shell:
    """Renders the portal's pages and binds them to paths below `/portal`."""

    def __init__(self, door: Door, api: AdminApi, clock: Clock, sections: Iterable[Section]) -> None:
        self._door = door
        self._api = api
        self._clock = clock
        self._sections = tuple(sections)
        # Several pages a second for as long as one likes; forms, of which most write something, one a second.
        self._paces = {"GET": Pace(clock, 240, 240), "POST": Pace(clock, 60, 60)}
        self.assets = Assets(STATIC, "/assets/portal")
        shared = door.pages.assets.by_name
        self._environment = Environment(
            loader=FileSystemLoader([TEMPLATES, SHARED]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.globals.update(
            link=door.pages.link, asset=lambda name: self.assets.by_name.get(name) or shared[name]
        )
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]
            lambda text: spoken().gettext(text),
            lambda one, many, number: spoken().ngettext(one, many, number),
            newstyle=True,
        )
        self._environment.filters |= {"coded": coded, "markdown": markdown}
        self._environment.filters |= {"refusal": refusal, "told": told, "translated": translated, "worded": worded}

    def get(self, path: str, page: Page, *roles: Role) -> Route:
        """A page that is looked at. With `roles` it is for those alone who have one of them."""
        return Route(ROOT + path, self._bound(page, roles), methods=["GET"])

    def post(self, path: str, page: Page, *roles: Role) -> Route:
        """What a form of a page does."""
        return Route(ROOT + path, self._bound(page, roles), methods=["POST"])

    def anything_else(self) -> Route:
        """What comes below `/portal` when no page does: it is not there, and a page says so."""

        async def missing(visit: Visit) -> Response:
            return self.refusal(visit, _NO_PAGE)

        return Route(ROOT + "/{rest:path}", self._bound(missing, ()), methods=["GET", "POST"])

    def page(self, visit: Visit, template: str, *, status: int = 200, block: str = "", **values: Any) -> Response:
        """The page; for a script that asks for a part of it, the `block` alone."""
        text = self._render(visit, template, block if visit.partial else "", values)
        return Response(text, status, page_headers(), "text/html")

    def refusal(self, visit: Visit, refused: Problem) -> Response:
        """A refusal as a page: what happened, and by which id an operator finds it in the log."""
        response = self.page(visit, "refusal.html", status=refused.status, problem=refused)
        response.headers.update(dict(refused.headers))
        return response

    def redirect(self, path: str) -> Response:
        """To a page of the portal, with GET: what follows a form that was taken (RFC 9110 §15.4.4)."""
        return RedirectResponse(self._door.pages.link(ROOT + path), 303, {"cache-control": "no-store"})

    @property
    def clock(self) -> Clock:
        return self._clock

    def _bound(self, page: Page, roles: tuple[Role, ...]) -> Callable[[Request], Awaitable[Response]]:
        door = self._door

        async def handle(request: Request) -> Response:
            session = await door.sessions.of(request)
            if session is None:
                if is_partial(request):
                    return Response(None, 401, _WHOLE_PAGE)
                if request.method == "GET":
                    return login_redirect(request, door.pages)
                return door.pages.refusal(request, _LOGGED_OUT)
            form: Form | Problem = _NOTHING
            if request.method == "POST":
                form = await door.form_of(request, session)
            visit = Visit(
                request, session, reader_of(request), form if isinstance(form, Form) else _NOTHING, self._api
            )
            with speaking(visit.reader.language):
                if isinstance(form, Problem):
                    return self.refusal(visit, form)
                return await self._answered(visit, page, roles)

        return handle

    async def _answered(self, visit: Visit, page: Page, roles: tuple[Role, ...]) -> Response:
        pace = self._paces["POST" if visit.request.method == "POST" else "GET"]
        too_fast = pace.refusal(visit.session.reference)
        if too_fast is not None:
            return self.refusal(visit, too_fast)
        if roles and not visit.may(*roles):
            return self.refusal(visit, _role_missing(visit, roles))
        try:
            return await page(visit)
        except Refused as refused:
            return self.refusal(visit, refused.problem)
        except SQLAlchemyError:
            raise  # a page without a session tells of it: the store has this one's
        except Exception:
            log.exception("a page failed", request_id=visit.request_id, path=visit.request.url.path)
            return self.refusal(visit, _FAILED)

    def _render(self, visit: Visit, template: str, block: str, values: Mapping[str, Any]) -> str:
        formats = Formats(visit.reader, datetime.fromtimestamp(self._clock(), UTC))
        context = {
            "visit": visit,
            "session": visit.session,
            "sections": [each for each in self._sections if not each.roles or visit.may(*each.roles)],
            "here": visit.request.url.path.removeprefix(self._door.pages.base).removeprefix(ROOT) or "/",
            "moment": formats.moment,
            "day": formats.day,
            "ago": formats.ago,
            "number": formats.number,
            "percent": formats.percent,
            "duration": formats.duration,
            "span": formats.span,
            **values,
        }
        made = self._environment.get_template(template)
        if block:
            return "".join(made.blocks[block](made.new_context(context)))
        return made.render(context)


def _role_missing(visit: Visit, roles: tuple[Role, ...]) -> Problem:
    named = translated(" or ").join(map(worded, roles))
    detail = translated(
        "This page is for members with the role %(roles)s, and %(member)s has none of them.",
        roles=named,
        member=visit.session.member,
    )
    return problem("role-missing", detail, roles=list(roles))


_FAILED: Final = problem(
    "internal-error", "The catalog failed on this page. Whoever runs it finds why, by the request's id."
)
_NO_PAGE: Final = problem("resource-not-found", "There is no page at this address.")
_LOGGED_OUT: Final = problem(
    "log-in-refused", "You are not logged in any more. Log in, and send the form once more; nothing was changed."
)
