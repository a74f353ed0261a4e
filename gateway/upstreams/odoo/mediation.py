"""The mediation of one exchange: an action of a contract's mapping as a short plan of calls to an Odoo model.

Whatever an action does to a record, it first finds it through the contract's forced domain, and what it answers is
read back through it, so that a request reaches no record that the contract does not offer. Once a write has
happened, a failure of what follows is never told as if nothing had.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from contracts.operations import OdooBackend, OdooContent
from contracts.problems import Problem, problem
from gateway.upstreams.odoo import binary, claims, cursors, domains, preconditions
from gateway.upstreams.odoo.answer import Answer
from gateway.upstreams.odoo.context import context_of, varying
from gateway.upstreams.odoo.effects import record_id
from gateway.upstreams.odoo.numbers import decoded, encoded
from gateway.upstreams.odoo.records import Node, has_records, names_of, nodes_of, represent, write_values
from gateway.upstreams.odoo.showing import place_of, shown_by
from gateway.upstreams.odoo.told import told
from gateway.upstreams.odoo.transport import Json, Transport
from gateway.upstreams.odoo.values import MappingError
from policies.exchange import Exchange, Header, Violation
from policies.idempotency_keys.request_key import HEADER, read_key

_JSON: Final[Header] = (b"content-type", b"application/json")
_NOT_FOUND: Final = problem("record-not-found", "The record does not exist or was deleted.")
MISMAPPED: Final = "mediation-failed"
"""The problem of a mapping that does not fit the model."""


class Mediation:
    """One exchange's plan."""

    def __init__(self, exchange: Exchange, backend: OdooBackend, transport: Transport, deadline: float) -> None:
        self._exchange = exchange
        self._backend = backend
        self._transport = transport
        self._deadline = deadline
        self._told = told(exchange)
        self._domain: domains.Domain = []
        self._context: dict[str, Any] = {}
        # What has happened to the record by now ("created", "changed"), and the id of a new one.
        self._written = ""
        self._written_id = 0

    async def run(self) -> Answer | Problem:
        plans: Mapping[str, Callable[[], Awaitable[Answer | Problem]]] = {
            "list": self._list,
            "get": self._get,
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
            "call": self._call,
        }
        try:
            self._domain = claims.bound(self._backend.domain, self._exchange.principal)
            self._context = context_of(self._backend, self._exchange)
        except claims.MissingClaimError as missing:
            return problem("claim-missing", f"The credential has no usable claim {missing.claim!r}.")
        try:
            outcome = await plans[self._backend.action]()
        except MappingError as error:
            outcome = problem(MISMAPPED, str(error))
        if self._written and isinstance(outcome, Problem):
            outcome = problem(
                "outcome-unknown",
                f"The record was {self._written}, but its state cannot be told now. Do not repeat the request.",
                headers=tuple((name.decode(), value.decode()) for name, value in self._location()),
                cause=outcome.type.id,
            )
        if isinstance(outcome, Problem) and outcome.type.id == "outcome-unknown":
            return self._with_key(outcome)
        return outcome

    def _with_key(self, unknown: Problem) -> Problem:
        """With the key under which the client asks again, or looks: by it alone it is the same request."""
        value = self._exchange.fields.get(HEADER)
        key = None if value is None else read_key(value, bare=True)
        if key is None:
            return unknown
        return replace(unknown, extensions={**unknown.extensions, "idempotency-key": key})

    async def _list(self) -> Answer | Problem:
        backend = self._backend
        page, violations = domains.page(backend, self._exchange.parameters.get("query", {}))
        if violations:
            return _violated(violations)
        domain = self._within(page.conditions)
        rows: Json | Problem = []
        if page.limit:
            # One more than is shown tells whether there is a next page.
            limit = page.limit + (backend.next_property is not None)
            rows = await self._search_read([*domain, *page.behind], limit, page.offset, page.order)
        if isinstance(rows, Problem):
            return rows
        more = False
        if isinstance(rows, list):
            more, rows = len(rows) > page.limit, rows[: page.limit]
        nodes = await nodes_of(backend.fields, rows, self._read)
        if isinstance(nodes, Problem):
            return nodes
        items = [represent(backend.fields, node) for node in nodes]
        if backend.item_property is None:
            return self._answer(items)
        document: dict[str, Any] = {backend.item_property: items}
        if backend.total_property is not None:
            if 0 < len(nodes) < page.limit and not page.behind:
                total: Json | Problem = page.offset + len(nodes)  # the last page tells it
            else:
                total = await self._ask(backend.model, "search_count", arguments={"domain": domain})
            if isinstance(total, Problem):
                return total
            if not isinstance(total, int):
                raise MappingError("The upstream's count is not a number.")
            document[backend.total_property] = total
        if backend.next_property is not None:
            last = nodes[-1].row if more else None
            document[backend.next_property] = last and cursors.cursor_of(backend, page.order, last)
        return self._answer(document)

    async def _get(self) -> Answer | Problem:
        backend, key = self._backend, self._record_id()
        if backend.content is not None:
            return await self._content(backend.content, key)
        node = await self._find(key, backend.fields) if key else _NOT_FOUND
        return node if isinstance(node, Problem) else self._shown(node)

    async def _content(self, content: OdooContent, key: int) -> Answer | Problem:
        """The file in a field of the record: whole if it is short, else as it comes."""
        node = await self._find(key, (), binary.names_of(content)) if key else _NOT_FOUND
        if isinstance(node, Problem):
            return node
        headers = (*binary.headers_of(content, node.row), *varying(self._backend))
        found = await self._transport.download(
            self._backend.model,
            key,
            content.field,
            context=self._context,
            told=self._told,
            deadline=self._deadline,
        )
        if isinstance(found, Problem):
            return found
        status = self._backend.success_status
        if isinstance(found, bytes):
            return Answer(status, headers, found)
        return Answer(status, headers, b"", found)

    async def _create(self) -> Answer | Problem:
        backend, body = self._backend, self._body()
        several = backend.bulk and isinstance(body, list)
        violations: list[Violation] = []
        values = [
            write_values(backend.fields, item, violations, at=(str(index),) if several else ())
            for index, item in enumerate(body if several else [body])
        ]
        if violations:
            return _violated(violations)
        if not values:
            return self._answer([])
        for each in values:
            each |= claims.values(backend.domain, self._domain)
        # One call is one transaction: all of them are created, or none.
        made = await self._ask(backend.model, "create", arguments={"vals_list": values})
        if isinstance(made, Problem):
            return made
        self._written = "created"
        # A list of ids for a list of values over both dialects; older dialects gave a bare id.
        keys = [key for key in (made if isinstance(made, list) else [made]) if type(key) is int]
        if len(keys) != len(values):
            raise MappingError("The upstream did not tell the new record's id.")
        if several:
            return await self._read_all_back(keys)
        self._written_id = keys[0]
        return await self._read_back(keys[0])

    async def _read_all_back(self, keys: list[int]) -> Answer | Problem:
        """The answer to a create of several records: each as it is now, in the order of the request."""
        fields = self._backend.fields
        if not fields or self._backend.success_status == 204:
            return self._answer(None)
        rows = await self._search_read(self._within([["id", "in", keys]]), len(keys), 0, "id")
        nodes = rows if isinstance(rows, Problem) else await nodes_of(fields, rows, self._read)
        if isinstance(nodes, Problem):
            return nodes
        found = {node.row["id"]: represent(fields, node) for node in nodes}
        return self._answer([found[key] for key in keys]) if found.keys() == set(keys) else _NOT_FOUND

    async def _update(self) -> Answer | Problem:
        backend = self._backend
        key = self._record_id()
        if not key:
            return _NOT_FOUND
        if isinstance(asked := preconditions.asked_for(self._exchange, backend), Problem):
            return asked
        body = None if backend.content is not None else self._body()
        node = await self._find(key, backend.fields if has_records(backend.fields, body) else ())
        if isinstance(node, Problem):
            return node
        violations: list[Violation] = []
        if backend.content is not None:
            values = binary.values_of(backend.content, self._exchange)
        else:
            values = write_values(backend.fields, body, violations, node)
        if violations:
            return _violated(violations)
        if refusal := await self._unfulfilled(key):
            return refusal
        if values:
            done = await self._ask(backend.model, "write", ids=[key], arguments={"vals": values})
            if isinstance(done, Problem):
                return done
            self._written = "changed"
        return await self._read_back(key)

    async def _delete(self) -> Answer | Problem:
        return await self._act("unlink", read_back=False)

    async def _call(self) -> Answer | Problem:
        if self._backend.method is None:
            raise MappingError("The contract names no method to call.")
        return await self._act(self._backend.method, read_back=True)

    async def _act(self, method: str, *, read_back: bool) -> Answer | Problem:
        key = self._record_id()
        node = await self._find(key, ()) if key else _NOT_FOUND
        if isinstance(node, Problem):
            return node
        if refusal := await self._unfulfilled(key):
            return refusal
        done = await self._ask(self._backend.model, method, ids=[key])
        if isinstance(done, Problem):
            return done
        if not read_back:
            return self._answer(None)
        self._written = "changed"
        return await self._read_back(key)

    async def _read_back(self, key: int) -> Answer | Problem:
        """The answer to a write that has happened: the record as it is now."""
        fields = self._backend.fields
        if not fields or self._backend.success_status == 204:
            return self._answer(None)
        node = await self._find(key, fields)
        return node if isinstance(node, Problem) else self._shown(node)

    async def _unfulfilled(self, key: int) -> Problem | None:
        """Why the write that comes next is not to be: the record is not the one that the client has seen. Odoo has
        no conditional write, so that this look is the last thing before it."""
        condition = preconditions.asked_for(self._exchange, self._backend)
        if condition is None or isinstance(condition, Problem):
            return condition
        fields = self._shown_by().fields
        node = await self._find(key, fields)
        if isinstance(node, Problem):
            return node
        tag = preconditions.tag_of(node.row, encoded(represent(fields, node)))
        return None if preconditions.matches(condition, tag) else preconditions.STALE

    def _shown_by(self) -> OdooBackend:
        return shown_by(self._exchange.version, self._exchange.operation, self._backend)

    async def _find(self, key: int, fields: tuple[Any, ...], beside: Sequence[str] = ()) -> Node | Problem:
        """The record, if the contract's domain has it; its row has the fields `beside`, too."""
        names = list(dict.fromkeys((*names_of(fields), *beside)))
        if self._backend.etag != "none" and preconditions.CHANGED_AT not in names:
            names.append(preconditions.CHANGED_AT)
        rows = await self._search_read(self._within([["id", "=", key]]), 1, 0, "id", names)
        if isinstance(rows, Problem):
            return rows
        nodes = await nodes_of(fields, rows, self._read)
        if isinstance(nodes, Problem):
            return nodes
        return nodes[0] if nodes else _NOT_FOUND

    def _within(self, conditions: domains.Domain) -> domains.Domain:
        try:
            return domains.forced(self._domain, conditions)
        except ValueError:
            raise MappingError("The contract's domain is malformed.") from None

    def _record_id(self) -> int:
        return record_id(self._exchange, self._backend)

    def _body(self) -> Any:
        """What the request's body says, with the digits that it has: a schema is checked on binary numbers."""
        exchange = self._exchange
        if exchange.body_value is None or not exchange.body or exchange.forward is not None:
            return exchange.body_value
        return decoded(exchange.body)

    async def _search_read(
        self, domain: domains.Domain, limit: int, offset: int, order: str, fields: list[str] | None = None
    ) -> Json | Problem:
        arguments = {
            "domain": domain,
            "fields": names_of(self._backend.fields) if fields is None else fields,
            "offset": offset,
            "limit": limit,
            "order": order,
        }
        return await self._ask(self._backend.model, "search_read", arguments=arguments)

    async def _read(self, model: str, ids: list[int], fields: list[str]) -> Json | Problem:
        return await self._ask(model, "read", ids=ids, arguments={"fields": fields})

    async def _ask(
        self, model: str, method: str, *, ids: list[int] | None = None, arguments: Mapping[str, Any] | None = None
    ) -> Json | Problem:
        return await self._transport.execute(
            model,
            method,
            ids=ids,
            arguments=arguments or {},
            context=self._context,
            told=self._told,
            deadline=self._deadline,
        )

    def _shown(self, node: Node) -> Answer:
        """A record, with its tag where that is the one by which the contract shows it."""
        backend = self._backend
        answer = self._answer(represent(backend.fields, node))
        if backend.etag == "none" or not preconditions.alike(backend.fields, self._shown_by().fields):
            return answer
        tag = preconditions.tag_of(node.row, answer.body)
        headers = (*answer.headers, (b"etag", tag))
        condition = preconditions.given(self._exchange, b"if-none-match") if backend.action == "get" else None
        if preconditions.is_known(condition, tag):
            return Answer(304, ((b"etag", tag), *varying(backend)), b"")
        return Answer(answer.status, headers, answer.body)

    def _answer(self, document: Any) -> Answer:
        status = self._backend.success_status
        headers = (*self._location(), *varying(self._backend))
        if document is None or status == 204:
            return Answer(status, headers, b"")
        return Answer(status, (_JSON, *headers), encoded(document))

    def _location(self) -> list[Header]:
        place = place_of(self._exchange, self._backend, self._written_id) if self._written_id else ""
        return [(b"location", place.encode())] if place else []


def _violated(violations: list[Violation]) -> Problem:
    return problem(
        "schema-violation",
        "The request does not match the contract.",
        violations=[violation.as_member() for violation in violations],
    )
