"""What is told of upstream credentials: that one ends soon, or is past its day, and how it is replaced."""

from catalog.calendar.entries import CurrentView, EstateView
from catalog.clock import DAY, Clock
from catalog.notices.notice import Notice
from catalog.notices.outbox import post
from catalog.notices.wording import day
from catalog.people.members import Members
from catalog.storage.engine import Store
from catalog.upstream_credentials import table
from catalog.upstream_credentials.credential import UpstreamCredential, UpstreamValue


class UpstreamRounds:
    """Made as often as one likes: what was told is in the outbox, and so a second round tells nothing."""

    def __init__(self, store: Store, view: CurrentView, clock: Clock) -> None:
        self._store = store
        self._view = view
        self._clock = clock

    async def make(self) -> int:
        """One round; how many notices came of it. Raises SQLAlchemyError."""
        view, now = self._view(), self._clock()
        if view is None:
            return 0
        names = {each.name: each for each in map(table.credential_of, await self._store.all(table.every()))}
        wanted = [
            notice
            for value in map(table.value_of, await self._store.all(table.values_of()))
            if value.version == names[value.name].current
            for notice in ending(names[value.name], value, view, now)
        ]
        if not wanted:
            return 0
        async with self._store.write() as connection:
            return await post(connection, wanted, now)


def ending(
    credential: UpstreamCredential, value: UpstreamValue, view: EstateView, now: float
) -> tuple[Notice, ...]:
    """The reminder that is due now, if one is: that of the nearest of the steps (days), or of the day itself.
    No I/O."""
    steps = (*view.file.credentials.reminders, 0)
    due = [step for step in steps if value.expires_at - step * DAY <= now]
    if not due:
        return ()
    step = min(due)
    what = f"The upstream credential {credential.name}"
    subject = f"{what} ends on {day(value.expires_at)}" if step else f"{what} is past its day"
    runbook = credential.runbook or "(nobody said)"
    body = (
        f"{subject}.\n\nIt is for: {credential.purpose}\n\nHow it is replaced:\n\n{runbook}\n\n"
        f"The new value is set by: ostiary upstream-credentials set {credential.name} --value-file FILE\n"
    )
    return (
        Notice(
            kind="upstream-credential-ending",
            key=f"upstream-credential-ending/{credential.name}/{value.version}/{value.expires_at}/{step}",
            about=f"upstream-credential/{credential.name}",
            recipients=_recipients(credential, view),
            subject=f"Reminder: {subject}",
            body=body,
            due_at=value.expires_at - step * DAY,
        ),
    )


def _recipients(credential: UpstreamCredential, view: EstateView) -> tuple[str, ...]:
    """Its owner, and its team's contact; nobody where both are gone."""
    owner = Members(view.teams).by_name.get(credential.owner)
    team = view.teams.teams.get(credential.team)
    return tuple(dict.fromkeys(each for each in (owner and owner.email, team and team.contact) if each))
