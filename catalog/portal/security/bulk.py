"""One action on many credentials: what, whom it hits, and then exactly that or nothing.

The preview has a name (its entity tag), which goes back with the confirmation: where the action would hit anything
else by now, nothing is done, and the page shows whom it would hit instead.
"""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from catalog.portal.security.asking import address_of, body_of, chosen_in
from catalog.portal.security.credential import OVERLAP_DAYS, overlap_until
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, etag_of, value_of

ACTIONS: Final = ("rotate", "revoke", "extend", "hand-over")
SHOWN: Final = 200
"""Credentials of a preview that are listed one by one; more are counted."""

_ASKED: Final = "q-"
_PICKED: Final = "id-"
_TYPED: Final = ("action", "reason", "overlap_days", "expires_days", "new_team", "new_owner", "overlap_until")


class BulkPages:
    """`/portal/security/act`, from the ledger: for those that were picked there, or all that match."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (shell.post("/security/act", self.act),)

    async def act(self, visit: Visit) -> Response:
        """First what is to be done, then whom it hits; with `confirmed` it is done."""
        typed = {name: visit.form.text(name) for name in _TYPED}
        whose = _whose(visit)
        step, faults = visit.form.text("step"), dict[str, str]()
        if not whose:
            faults["selection"] = translated("Say whose: nothing was picked, and nothing was asked.")
        if step not in ("preview", "confirm"):
            typed["overlap_days"] = OVERLAP_DAYS
            return self._page(visit, typed, whose, faults, status=422 if faults else 200)
        body = self._body(typed, whose, faults)
        if faults:
            return self._page(visit, typed, whose, faults, status=422)
        shown = visit.form.text("preview")
        if step == "confirm" and shown:
            try:
                done = await visit.call("actOnCredentials", body=body, headers={"If-Match": shown})
                return self._page(visit, typed, whose, {}, hit=value_of(done), done=True)
            except Refused as refused:
                if "preview" not in dict(refused.problem.extensions.get("current", {})):
                    return self._refused(visit, typed, whose, refused)
        return await self._preview(visit, typed, whose, body, stale=step == "confirm")

    async def _preview(
        self,
        visit: Visit,
        typed: dict[str, str],
        whose: Mapping[str, Any],
        body: dict[str, Any],
        *,
        stale: bool,
    ) -> Response:
        try:
            result = await visit.call("actOnCredentials", body={**body, "dry_run": True})
        except Refused as refused:
            return self._refused(visit, typed, whose, refused)
        hit, seen = value_of(result), dict[str, Any]()
        names = [each["client_id"] for each in hit["reached"]["applications"]]
        if names:
            query = [("limit", 500), *(("application", name) for name in names[:500])]
            found = value_of(await visit.call("listRecentCalls", query=query))
            seen = {each["application"]: each for each in found["items"]}
        status = 412 if stale else 200
        return self._page(
            visit, typed, whose, {}, status=status, hit=hit, seen=seen, preview=etag_of(result), stale=stale
        )

    def _body(self, typed: dict[str, str], whose: Mapping[str, Any], faults: dict[str, str]) -> dict[str, Any]:
        """The action as the admin API takes it; what is missing goes into `faults`."""
        action = typed["action"]
        if action not in ACTIONS:
            faults["action"] = translated("Say what is to be done.")
        if not typed["reason"]:
            faults["reason"] = translated("Say why.")
        body: dict[str, Any] = {"action": action, "reason": typed["reason"], **body_of(whose)}
        if "key_ids" in whose:
            body["key_ids"] = list(whose["key_ids"])
        if action == "rotate":
            # What was previewed is what happens: the moment stays that of the preview.
            until = typed["overlap_until"] or overlap_until(self._shell.clock(), typed["overlap_days"])
            if until is None:
                faults["overlap_days"] = translated("Say a number of days.")
            typed["overlap_until"] = body["overlap_until"] = until or ""
        if action in ("rotate", "extend") and typed["expires_days"]:
            body["expires_days"] = _number(typed["expires_days"])
        if action == "extend" and not typed["expires_days"]:
            faults["expires_days"] = translated("Say a number of days.")
        if action == "hand-over":
            for name in ("new_team", "new_owner"):
                body[name] = typed[name]
                if not typed[name]:
                    faults[name] = translated("Say it.")
        return body

    def _refused(
        self, visit: Visit, typed: Mapping[str, str], whose: Mapping[str, Any], refused: Refused
    ) -> Response:
        faults = {name or "selection": text for name, text in refused.faults.items()}
        if "owner" in faults and "owner" not in whose:  # the domain calls the new one so
            faults["new_owner"] = faults.pop("owner")
        problem = refused.problem
        return self._page(visit, typed, whose, faults, status=problem.status, refused=problem)

    def _page(
        self,
        visit: Visit,
        typed: Mapping[str, str],
        whose: Mapping[str, Any],
        faults: Mapping[str, str],
        *,
        status: int = 200,
        **shown: Any,
    ) -> Response:
        asked = {name: text for name, text in whose.items() if name != "key_ids"}
        nothing: dict[str, Any] = {
            "hit": None,
            "seen": {},
            "preview": "",
            "stale": False,
            "done": False,
            "refused": None,
        }
        return self._shell.page(
            visit,
            "security/act.html",
            status=status,
            typed=typed,
            asked=asked,
            picked=whose.get("key_ids", ()),
            faults=faults,
            actions=ACTIONS,
            most=SHOWN,
            address=address_of(asked),
            **{**nothing, **shown},
        )


def _whose(visit: Visit) -> dict[str, Any]:
    """The picked ones; where `all` is asked, those that the ledger's filters find."""
    values = visit.form.values
    picked = [name.removeprefix(_PICKED) for name in values if name.startswith(_PICKED)]
    if picked and not visit.form.text("all"):
        return {"key_ids": tuple(picked)}
    return dict(
        chosen_in({name.removeprefix(_ASKED): text for name, text in values.items() if name.startswith(_ASKED)})
    )


def _number(text: str) -> object:
    return int(text) if text.isdecimal() else text
