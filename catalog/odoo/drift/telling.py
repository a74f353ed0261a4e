"""Whom drift is told to: the owner of the API, once for each time that it opens."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from catalog.calendar.entries import EstateView
from catalog.notices.audiences import owner_of
from catalog.notices.notice import Notice
from catalog.odoo.drift.kept import KeptDrift

_MOST: Final = 50
"""Findings in one message; the others are counted."""


def notices_of(opened: Iterable[KeptDrift], view: EstateView | None, now: int) -> Iterator[Notice]:
    """One for each API version of which anything has opened. No I/O."""
    if view is None:
        return
    in_order = sorted(opened, key=lambda each: (each.api, each.version, each.place, each.id))
    for (api, version), group in groupby(in_order, lambda each: (each.api, each.version)):
        if api not in view.apis:
            continue
        found = list(group)
        errors = sum(each.severity == "error" for each in found)
        what = f"{len(found)} place{'s' * (len(found) != 1)}"
        yield Notice(
            kind="odoo-drift",
            key=f"odoo-drift/{api}/{version}/{found[0].id[:16]}/{now}",
            about=f"{api}/{version}",
            recipients=owner_of(view, api).recipients,
            subject=f"{view.apis[api].title} {version} does not fit its Odoo in {what}",
            body=_body(found, errors),
            due_at=now,
        )


def _body(found: list[KeptDrift], errors: int) -> str:
    first = "Calls that need this fail, or will." if errors else "Nothing of this makes a call fail by itself."
    lines = [
        f"{each.place}: {each.severity}: {each.operation}: {each.message}\n  What to do: {each.fix}.\n"
        for each in found[:_MOST]
    ]
    if len(found) > _MOST:
        lines.append(f"And {len(found) - _MOST} more.\n")
    return f"{first}\n\n{''.join(lines)}\nAll that is open: ostiary odoo findings --api {found[0].api}\n"
