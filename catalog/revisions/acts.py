"""By what revisions come into force: who did it, in which way, and why."""

from dataclasses import dataclass

from catalog.people.principal import CATALOG
from catalog.revisions.store import Kind


@dataclass(frozen=True, slots=True)
class Act:
    """`change` is the change request, `approvers` are the members who approved it; `actor` is who put it in force,
    `reason` why in their words."""

    kind: Kind
    actor: str = CATALOG
    reason: str = ""
    change: str = ""
    approvers: tuple[str, ...] = ()
    request_id: str = ""


FROM_DIRECTORY = Act("directory", reason="the estate's directory has it so")
