"""Changes to what goes to an upstream, and to its answer: header fields, query parameters, JSON bodies.

The contract is what clients are held to and what they get: a request is changed after it was checked against the
contract, and an answer before it is. So an upstream may speak otherwise than its contract, and clients do not feel
it. What is put into a message comes from the settings alone. The steps for bodies are those of version adapters;
those for answers apply to successes.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.problems import problem
from policies.answer import Answer, Wish
from policies.exchange import Exchange, Header
from policies.field_names import DIGESTS
from policies.mapping.exact_json import NotJsonError, read_exact, write_exact
from policies.mapping.faults import step_faults
from policies.mapping.mapping import Mapping, MappingError
from policies.mapping.steps import ACTS, Step
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Ports
from policies.transforming.fields import (
    FieldChanges,
    ParameterChanges,
    change_fields,
    change_query,
    faults_of_fields,
)
from policies.validation.media_types import is_json, parse_content_type
from policies.verdict import ALLOW, AnswerFilter, Deny, Stage, Verdict

POLICY: Final = "transformation"

EXAMPLE: Final = """\
request:
  headers: {set: {X-Channel: partner}, remove: [X-Debug]}
  query: {rename: {q: search}}
  steps:
    - {rename: /body/customer, to: customer_name}
response:
  headers: {remove: [Server]}
  steps:
    - {rename: /body/customer_name, to: customer}
    - {drop: /body/internal_note}
"""


class RequestChanges(PolicyConfig, frozen=True):
    """What is changed of requests."""

    headers: FieldChanges = FieldChanges()
    """Changes to header fields."""
    query: ParameterChanges = ParameterChanges()
    """Changes to query parameters."""
    steps: tuple[Step, ...] = ()
    """Changes to a JSON body, in their order. It is at `/body`: `/body/lines/*/quantity`."""


class ResponseChanges(PolicyConfig, frozen=True):
    """What is changed of answers."""

    headers: FieldChanges = FieldChanges()
    """Changes to header fields."""
    steps: tuple[Step, ...] = ()
    """Changes to the JSON body of a success, in their order. It is at `/body`."""


class TransformationConfig(PolicyConfig, frozen=True):
    """Settings of `transformation`."""

    request: RequestChanges = RequestChanges()
    """What is changed of requests, when they were judged."""
    response: ResponseChanges = ResponseChanges()
    """What is changed of answers, before they are judged."""


def bind(config: TransformationConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None where nothing of requests is changed."""
    stage = RequestTransformation(config.request)
    return stage.check if stage.changes_anything else None


def bind_answer(
    config: TransformationConfig, version: ApiVersion, operation: Operation, ports: Ports
) -> AnswerFilter | None:
    """None where nothing of answers is changed."""
    filtered = ResponseTransformation(config.response)
    return filtered if filtered.changes_anything else None


def reads_whole(config: TransformationConfig, version: ApiVersion, operation: Operation) -> bool:
    """A body that is changed is there as a whole first."""
    return bool(config.request.steps)


def check(setting: Setting[TransformationConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """Steps that say nothing sensible, names that are the gateway's own, and requests that nobody reads."""
    config = setting.config
    yield from _steps(config.request.steps, "/request/steps")
    yield from _steps(config.response.steps, "/response/steps")
    yield from faults_of_fields(config.request.headers, "/request/headers", answer=False)
    yield from faults_of_fields(config.response.headers, "/response/headers", answer=True)
    yield from _unread(config.request, operation)


def _steps(steps: tuple[Step, ...], pointer: str) -> Iterator[Fault]:
    yield from step_faults(steps, pointer)
    for index, step in enumerate(steps):
        for act in (*ACTS, *(("to",) if step.move or step.copy else ())):
            place = getattr(step, act)
            if place is not None and place.split("/")[1:2] != ["body"]:
                yield Fault(f"{pointer}/{index}/{act}", f"{place!r} is not in the body, which is at `/body`")


def _unread(changes: RequestChanges, operation: Operation) -> Iterator[Fault]:
    if changes == RequestChanges():
        return
    if isinstance(operation.backend, OdooBackend):
        yield Fault("/request", "Odoo serves the operation, by what its mapping says, and gets no such request")
    elif operation.adapted is not None:
        yield Fault("/request", "another version serves the operation; its adapter says what goes there")


class RequestTransformation:
    """The stage: what goes upstream. It takes up what others have changed already."""

    __slots__ = ("_fields", "_mapping", "_query")

    def __init__(self, changes: RequestChanges) -> None:
        """Raises ValueError for steps that have faults."""
        self._fields = change_fields(changes.headers)
        self._query = change_query(changes.query)
        self._mapping = Mapping(changes.steps)

    @property
    def changes_anything(self) -> bool:
        return self._fields is not None or self._query is not None or bool(self._mapping)

    def check(self, exchange: Exchange) -> Verdict:
        forward = exchange.forwarded()
        if self._fields is not None:
            forward.headers = self._fields(forward.headers)
        if self._query is not None:
            forward.query = self._query(forward.query)
        body = exchange.body if forward.body is None else forward.body
        if self._mapping and body and _is_json(exchange.fields.get(b"content-type")):
            try:
                forward.body = _mapped(self._mapping, body)
            except (MappingError, NotJsonError) as fault:
                return Deny(POLICY, problem("request-not-transformable", _told(fault)))
            forward.headers = _without_digests(forward.headers)
        return ALLOW


class ResponseTransformation:
    """The filter. Implements `policies.verdict.AnswerFilter`."""

    __slots__ = ("_fields", "_mapping")

    def __init__(self, changes: ResponseChanges) -> None:
        """Raises ValueError for steps that have faults."""
        self._fields = change_fields(changes.headers)
        self._mapping = Mapping(changes.steps)

    @property
    def changes_anything(self) -> bool:
        return self._fields is not None or bool(self._mapping)

    def head(self, exchange: Exchange, answer: Answer) -> Wish:
        if self._fields is not None:
            answer.headers = self._fields(answer.headers)
        if not self._mapping or not 200 <= answer.status < 300 or not _is_json(answer.field(b"content-type")):
            return Wish.PASS
        answer.headers = _without_digests(answer.headers)
        if exchange.method != "HEAD":
            return Wish.WHOLE
        answer.length = None
        return Wish.PASS

    def body(self, exchange: Exchange, answer: Answer) -> Deny | None:
        if not answer.body:
            return None
        try:
            answer.body = _mapped(self._mapping, answer.body)
        except (MappingError, NotJsonError) as fault:
            return Deny(POLICY, problem("answer-not-transformable", _told(fault)))
        answer.value = msgspec.UNSET
        return None


def _mapped(mapping: Mapping, text: bytes) -> bytes:
    """Raises MappingError, NotJsonError."""
    whole: dict[str, Any] = {"body": read_exact(text)}
    mapping.apply(whole)
    return write_exact(whole["body"]) if "body" in whole else b""


def _told(fault: Exception) -> str:
    return f"{fault}." if isinstance(fault, MappingError) else "The body is no JSON."


def _without_digests(headers: list[Header]) -> list[Header]:
    return [header for header in headers if header[0].lower() not in DIGESTS]


def _is_json(content_type: bytes | None) -> bool:
    parsed = parse_content_type(content_type or b"")
    return parsed is not None and is_json(parsed.essence)
