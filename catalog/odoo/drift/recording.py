"""What of drift stands in the audit log: that a version stopped fitting its Odoo, or fits it again. No I/O."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from catalog.audit.chain import Event
from catalog.odoo.drift.kept import KeptDrift, Settled
from catalog.people.principal import CATALOG


def events_of(settled: Settled) -> Iterator[Event]:
    """One for each version and direction; the reason lists what it is about."""
    yield from _events(settled.opened, "opened")
    yield from _events(settled.closed, "closed")


def _events(found: Iterable[KeptDrift], action: str) -> Iterator[Event]:
    for name, group in groupby(sorted(found, key=_name_and_id), lambda each: f"{each.api}/{each.version}"):
        what = [f"{each.rule} {each.model}:{each.subject}" for each in group]
        reason = "; ".join(what[:20]) + (f"; {len(what) - 20} more" if len(what) > 20 else "")
        yield Event(subject="odoo-drift", action=action, object=name, actor=CATALOG, reason=reason)


def _name_and_id(each: KeptDrift) -> tuple[str, str, str]:
    return each.api, each.version, each.id
