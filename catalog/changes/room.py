"""All that there is about changes, put together for those that show it."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from catalog.audit.log import AuditLog
from catalog.changes.decisions import Decisions
from catalog.changes.desk import Desk, Publishing
from catalog.changes.emergency import Emergencies
from catalog.changes.examining import Examiner, Gate, no_gate
from catalog.changes.keeping import Keeper
from catalog.changes.proposing import Proposals
from catalog.changes.reach import Reaches
from catalog.changes.table import ChangeTable
from catalog.changes.waiver_table import WaiverTable
from catalog.changes.waivers import Waivers
from catalog.clock import Clock
from catalog.revisions.store import RevisionStore
from catalog.storage.engine import Store
from catalog.usage.queries import UsageQueries


@dataclass(frozen=True, slots=True)
class ChangesRoom:
    """`table` and `waiver_table` read what is stored; `desk` shows changes as they are now; the others act."""

    table: ChangeTable
    waiver_table: WaiverTable
    examiner: Examiner
    desk: Desk
    proposals: Proposals
    decisions: Decisions
    emergencies: Emergencies
    waivers: Waivers
    reaches: Reaches
    keeper: Keeper


def changes_room(
    store: Store,
    publisher: Publishing,
    key: Ed25519PublicKey,
    audit: AuditLog,
    clock: Clock,
    gate: Gate = no_gate,
) -> ChangesRoom:
    """Over a store that was migrated. `key` is the catalog's snapshot key."""
    table, waiver_table = ChangeTable(store), WaiverTable(store)
    examiner = Examiner(publisher, RevisionStore(store), table, waiver_table, key, clock, gate)
    desk = Desk(store, table, examiner, publisher, audit, clock)
    reaches = Reaches(examiner, UsageQueries(store), clock)
    waivers = Waivers(store, waiver_table, table, examiner, desk, audit, clock)
    return ChangesRoom(
        table=table,
        waiver_table=waiver_table,
        examiner=examiner,
        desk=desk,
        proposals=Proposals(store, table, examiner, desk, reaches, publisher, audit, clock),
        decisions=Decisions(store, table, examiner, desk, clock),
        emergencies=Emergencies(store, examiner, desk, clock),
        waivers=waivers,
        reaches=reaches,
        keeper=Keeper(store, publisher, table, desk, waivers, clock),
    )
