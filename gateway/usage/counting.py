"""Counts of who calls what, with what in the request, taken when an exchange ends.

Everything that names something (an operation's places, an application) is found by a look-up, and what is kept
are integers. Of a JSON body the places are found by a walk over its value, which costs a good part of what its
validation did; so it is sampled where there is much of the same. Of each application at each operation the first
bodies of an interval are all walked, more than six in a second; of those beyond, one in sixteen, which then counts
sixteenfold. A partner that calls less often than that is seen whole.
"""

from collections.abc import Mapping
from typing import Any, Final

from contracts.operations import OdooBackend
from contracts.usage.fields import Place
from contracts.usage.guarded import GuardedTerms
from contracts.usage.terms import Term
from gateway.usage.callers import Caller, Counted, OperationCallers
from gateway.usage.walking import scalar, walk
from policies import odoo_rpc, request_schema
from policies.exchange import Exchange, Labels
from policies.rpc.used import used

MOST: Final = 250_000
"""Applications at operations that are told apart in one interval, and things seen of them, all together: 50 to
70 MB (measured), and as much again for the interval before. A worker serves fewer calls in ten seconds; beyond it
they are told as lost."""
WALKED: Final = 64
"""Bodies of one caller that are walked in each interval before they are sampled."""
SAMPLED: Final = 16

ABORTED: Final = -1
"""In place of the status of an answer that had begun and was broken off."""


class UsageCounting:
    """Implements the pipeline's `Recorder`. `most` is what an interval may hold, from one taking to the next."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._counted = Counted()
        self._told = Counted()  # what was taken last: once it is told, its callers need not be made anew
        # The same, by what exchanges of a bound operation have in common: found without a tuple to hash.
        self._by_labels: dict[Labels, OperationCallers] = {}
        self._turn = 0
        self.overflowed = 0
        """Calls that were not counted, or not with all that they had, because there was no room, since the process
        began."""

    def record(self, exchange: Exchange) -> None:
        labels = exchange.labels
        if labels is None:
            return
        principal = exchange.principal
        name = ""
        if principal is not None:
            name = principal.client_id
        elif exchange.operation is None or not exchange.operation.public:
            return  # refused before or at its token: whoever it was, nobody has proved to be it
        operation = self._by_labels.get(labels)
        if operation is None:
            operation = self._first_call(labels)
        caller = operation.callers.get(name)
        if caller is None:
            if self._counted.size >= self._most:
                self.overflowed += 1
                return
            self._counted.size += 1
            caller = operation.callers[name] = Caller("" if principal is None else principal.consumer)
        ended, status = exchange.ended_at, exchange.status
        if not caller.calls:
            caller.first = ended
        caller.last = ended
        if status < 400 and exchange.refusal is not None:
            status = ABORTED
        if exchange.lasting:
            # Of a WebSocket or an event stream, until it was open: hours of use are no latency.
            ended = exchange.upstream_first_byte_at
        caller.tally(status).add(ended - exchange.received_at, exchange.bytes_in)
        for policy in exchange.would_refuse:
            _report(caller, policy)
        parameters = exchange.parameters
        if not parameters or _unlike_the_contract(exchange):
            return
        caller.accepted += 1
        fits = True
        observable = labels.observable
        query, header = parameters["query"], parameters["header"]
        if query:
            fits = self._see_parameters(caller, observable.query, query)
        if header:
            fits = self._see_parameters(caller, observable.header, header) and fits
        if "cookie" in parameters:
            fits = self._see_parameters(caller, observable.cookie, parameters["cookie"]) and fits
        if exchange.bytes_in and observable.body is not None:
            fits = self._see_body(caller, observable.body, exchange.body_value) and fits
        if observable.guarded is not None:
            fits = self._see_call(caller, observable.guarded, exchange) and fits
        if not fits:
            self.overflowed += 1

    def take(self) -> Counted:
        """What was counted since it was taken last. It is told (`packing.rows_of`) before the next is taken."""
        taken = self._counted
        self._counted, self._told = self._told, taken
        self._by_labels = {}
        self.look_again()
        return taken

    def look_again(self) -> None:
        """A new interval begins, also where nothing is taken: bodies are all walked again, as far as they are."""
        self._turn += 1

    def _first_call(self, labels: Labels) -> OperationCallers:
        """Those of an operation that was just bound, or not called yet since the last taking. One that is bound
        anew meanwhile has two labels."""
        operation = self._counted.operations.get(labels.key)
        if operation is None:
            operation = self._counted.operations[labels.key] = OperationCallers(labels)
        operation.statuses = labels.observable.statuses
        self._by_labels[labels] = operation
        return operation

    def _see_parameters(self, caller: Caller, places: Mapping[str, Place], values: Mapping[str, Any]) -> bool:
        fits = True
        for name in values:
            place = places.get(name)
            if place is None:
                continue
            value = values[name]
            if isinstance(value, list | dict):
                found: set[Term] = set()
                walk(place, value, found)
                fits = self._see_all(caller, found, 1) and fits
                continue
            fits = self._see(caller, place.term, 1) and fits
            enumerated = scalar(place, value)
            if enumerated is not None:
                fits = self._see(caller, enumerated, 1) and fits
        return fits

    def _see_body(self, caller: Caller, root: Place, value: Any) -> bool:
        if caller.looked != self._turn:
            caller.looked, caller.bodies = self._turn, 0
        caller.bodies += 1
        weight = 1
        if caller.bodies > WALKED:
            if (caller.bodies - WALKED) % SAMPLED:
                return True
            weight = SAMPLED
        found: set[Term] = {root.term}
        if value is not None:
            walk(root, value, found)
        return self._see_all(caller, found, weight)

    def _see_call(self, caller: Caller, terms: GuardedTerms, exchange: Exchange) -> bool:
        """What a guarded call used of Odoo; of one that was refused it is told that it was, and no more."""
        call = exchange.noted(odoo_rpc.POLICY)
        backend = None if exchange.operation is None else exchange.operation.backend
        if call is None or not isinstance(backend, OdooBackend) or backend.guard is None:
            return True
        return self._see_all(caller, {terms.of(use) for use in used(call, backend.guard)}, 1)

    def _see_all(self, caller: Caller, found: set[Term], weight: int) -> bool:
        fits = True
        for term in found:
            fits = self._see(caller, term, weight) and fits
        return fits

    def _see(self, caller: Caller, term: Term, weight: int) -> bool:
        """False where there is no room for it."""
        seen = caller.seen
        if seen is None:
            seen = caller.seen = {}
        known = seen.get(term)
        if known is None:
            if self._counted.size >= self._most:
                return False
            self._counted.size += 1
            known = 0
        seen[term] = known + weight
        return True


def _unlike_the_contract(exchange: Exchange) -> bool:
    """Whether the request was refused as such, or would have been."""
    policy = request_schema.POLICY
    return exchange.refused_by == policy or policy in exchange.would_refuse


def _report(caller: Caller, policy: str) -> None:
    if caller.reported is None:
        caller.reported = {}
    caller.reported[policy] = caller.reported.get(policy, 0) + 1
