"""The contracts of an estate held against the Odoo of one upstream, or against another one in its place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from catalog.odoo.drift.comparing import drift_of
from catalog.odoo.drift.finding import Found, found_in
from catalog.odoo.drift.guard_needs import guard_needs_of
from catalog.odoo.drift.looking import seen_by
from catalog.odoo.drift.needs import Needs, needs_of
from catalog.odoo.remote import Remote
from contracts.operations import ApiVersion

_OVER: Final = "retired"


@dataclass(frozen=True, slots=True)
class Backed:
    """An API version, and what it needs of the Odoo of an upstream."""

    version: ApiVersion
    upstream: str
    needs: tuple[Needs, ...]


def backed_by(versions: Iterable[ApiVersion], upstream: str) -> tuple[Backed, ...]:
    """The versions that need anything of it; one that is retired needs nothing."""
    found = (
        Backed(each, upstream, (*needs_of(each, upstream), *guard_needs_of(each, upstream)))
        for each in versions
        if each.lifecycle.state != _OVER
    )
    return tuple(each for each in found if each.needs)


async def found_by(
    remote: Remote, backed: Sequence[Backed], texts: Mapping[str, Mapping[str, bytes]]
) -> list[Found]:
    """Where they do not fit; `texts` are the files of each API by path. Raises OdooError."""
    seen = await seen_by(remote, [need for each in backed for need in each.needs])
    found: list[Found] = []
    for each in backed:
        api, version = each.version.api, each.version.version
        found += found_in(texts[api], api, version, each.upstream, drift_of(each.needs, seen))
    return found
