"""What the calendar demands of an API that becomes another: notice before an end, silence before it goes."""

from collections.abc import Callable, Sequence

from catalog.calendar.entries import EstateView
from catalog.calendar.gate import CalendarGate, changes_between
from catalog.changes.conditions import Condition
from catalog.changes.examining import Becoming, Gate
from contracts.estate.calendar import lifecycle_of
from contracts.estate_files import ApiFile, DeprecationPolicyEntry
from contracts.operations import Lifecycle


def calendar_gate(gate: CalendarGate, estate: Callable[[], EstateView | None]) -> Gate:
    """The calendar's gate, asked by the policy of the estate in force."""

    async def ask(
        apis: Sequence[Becoming], proposed: DeprecationPolicyEntry | None, authors: frozenset[str]
    ) -> tuple[Condition, ...]:
        in_force = estate()
        # What was promised is what is in force: no change shortens its own notice.
        policy = None if in_force is None else in_force.file.deprecation_policy
        before: dict[tuple[str, str], Lifecycle] = {}
        after: dict[tuple[str, str], Lifecycle] = {}
        promised: dict[str, int | None] = {}
        for each in apis:
            before |= _lifecycles(each.api, each.before, policy)
            after |= _lifecycles(each.api, each.after, proposed)
            promise = each.before or each.after
            promised[each.api] = None if promise is None else promise.notice_days
        return await gate.conditions(changes_between(before, after), policy, promised, authors)

    return ask


def _lifecycles(
    api: str, file: ApiFile | None, policy: DeprecationPolicyEntry | None
) -> dict[tuple[str, str], Lifecycle]:
    versions = {} if file is None else file.versions
    return {(api, version): lifecycle_of(entry, policy) for version, entry in versions.items()}
