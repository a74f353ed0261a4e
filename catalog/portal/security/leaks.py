"""A secret that was found somewhere: pasted, recognised, and ended."""

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, value_of


class LeakPages:
    """`/portal/security/leaks`. What was pasted is stored nowhere, and not shown again."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (shell.get("/security/leaks", self.show), shell.post("/security/leaks", self.take))

    async def show(self, visit: Visit) -> Response:
        return self._shell.page(visit, "security/leaks.html", report=None, faults={}, source="", refused=None)

    async def take(self, visit: Visit) -> Response:
        text, source = visit.form.secret("text"), visit.form.text("source")
        faults = {} if text.strip() else {"text": translated("Paste it.")}
        report, refused = None, None
        if not faults:
            try:
                report = value_of(await visit.call("reportLeak", body={"text": text, "source": source}))
            except Refused as caught:
                refused, faults = caught.problem, dict(caught.faults)
        status = 422 if faults else 200 if refused is None else refused.status
        return self._shell.page(
            visit,
            "security/leaks.html",
            status=status,
            report=report,
            faults=faults,
            source=source,
            refused=refused,
        )
