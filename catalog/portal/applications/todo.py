"""What a person's applications have to change by when."""

from typing import Final

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.visit import Visit

PAGE: Final = 25


class ToDoPages:
    """`/portal/todo`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (shell.get("/todo", self.show),)

    async def show(self, visit: Visit) -> Response:
        application = visit.query("application").strip()
        found = await visit.ask("listToDo", application=application, after=visit.query("after"), limit=PAGE)
        return self._shell.page(
            visit, "applications/todo.html", todo=found["items"], next=found["next"], application=application
        )
