"""The first page, and a reader's preferences."""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.portal.reader import is_zone, prefer
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Visit
from catalog.portal.waiting import waiting


class HomePages:
    """`/`, `/portal` and `/portal/preferences`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes: Iterable[Route] = (
            Route("/", self.front, methods=["GET"]),
            shell.get("", self.home),
            shell.get("/preferences", self.preferences),
            shell.post("/preferences", self.keep),
        )

    async def front(self, request: Request) -> Response:
        """The catalog's own address, as people type it: to the portal."""
        return self._shell.redirect("")

    async def home(self, visit: Visit) -> Response:
        return self._shell.page(
            visit, "home.html", name=visit.session.member, waiting=await waiting(visit), abouts=_abouts()
        )

    async def preferences(self, visit: Visit) -> Response:
        reader = visit.reader
        return self._form(visit, reader.language, reader.theme, reader.zone.key, done=bool(visit.query("done")))

    async def keep(self, visit: Visit) -> Response:
        form = visit.form
        language, theme, zone = form.text("language"), form.text("theme"), form.text("zone")
        if not is_zone(zone):
            fault = translated("There is no such time zone.")
            return self._form(visit, language, theme, zone, faults={"zone": fault}, status=422)
        response = self._shell.redirect("/preferences?done=1")
        prefer(response, language=language, zone=zone, theme=theme)
        return response

    def _form(
        self,
        visit: Visit,
        language: str,
        theme: str,
        zone: str,
        *,
        faults: dict[str, str] | None = None,
        done: bool = False,
        status: int = 200,
    ) -> Response:
        return self._shell.page(
            visit,
            "preferences.html",
            status=status,
            language=language,
            theme=theme,
            zone=zone,
            faults=faults or {},
            done=done,
        )


def _abouts() -> dict[str, str]:
    """What each section is for, by its path."""
    return {
        "/apis": translated("What there is: search it, read its reference, compare versions, try calls."),
        "/applications": translated("What calls: register one, ask for access, issue and rotate credentials."),
        "/changes": translated("What is proposed, whom it breaks, and what it still needs."),
        "/calendar": translated("What ends when, and who still calls it."),
        "/estate": translated("APIs, owners and systems at a glance, as a graph, and by scorecards."),
        "/security": translated("Credentials, revocation, leaks, people, and the audit log."),
        "/health": translated("How APIs and what is behind them are, and how promises are kept."),
        "/errors": translated("Calls that failed, each explained by its request's id."),
    }
