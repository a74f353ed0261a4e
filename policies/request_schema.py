"""The request against its contract: parameters, and a body of JSON or a form, with all that is wrong at once.

It runs when the body is there; a body of another media type passes unchecked and streams. Type and length of a
body were judged by `body-limits`, before it was read. By its settings it also leaves out of the query what the
contract does not have, fills in defaults, refuses what only the server may set, and refuses clients that take no
answer which the contract has.
"""

from collections.abc import Awaitable, Iterable
from typing import Any, Final

import msgspec

from contracts.openapi.media_types import FORMS, MULTIPART
from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.problems import problem
from policies import request_content
from policies.body_limits import has_body
from policies.exchange import Exchange, Violation
from policies.policy import Fault, Setting
from policies.ports import Ports
from policies.request_content import malformed_form, read_form
from policies.validation.acceptable import Acceptable, answer_ranges
from policies.validation.filling import injecting, stripping
from policies.validation.form_values import FormReader, Multipart, Urlencoded, Values
from policies.validation.json_text import Malformed, parse
from policies.validation.media_types import content_of, declares_json
from policies.validation.multipart_text import BadForm, Part, PartBounds
from policies.validation.parameters import ParameterReader
from policies.validation.read_only import forbidding, forbidding_validators
from policies.validation.settings import RequestSchemaConfig
from policies.validation.typed_json import MISSED
from policies.validation.validators import Validators, validators_of
from policies.validation.violations import MAXIMUM, escape, violations_of
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "request-schema"

EXAMPLE: Final = """\
unknown-query: strip
defaults: inject
read-only: refuse
"""

# Beyond these a body gets its first violation only: see `violations_of`. So many values, each wrong in all three
# branches of an `anyOf`, take 80 ms; wrong in one way, 6 ms.
_LISTED_BYTES: Final = 65_536
_LISTED_VALUES: Final = 2_000

_MISSING: Final = Violation("body", "", "required", "is required")


def check(setting: Setting[RequestSchemaConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """An Odoo that is called with anything but what the contract has would do what nobody agreed to."""
    if isinstance(operation.backend, OdooBackend):
        if setting.mode != "enforce":
            yield Fault("/mode", f"the mode {setting.mode!r} is not for an operation that Odoo serves")
        for consumer, mode in setting.consumers.items():
            if mode != "enforce":
                pointer = f"/consumers/{escape(consumer)}"
                yield Fault(pointer, f"the mode {mode!r} is not for an operation that Odoo serves")


def needs_body(operation: Operation) -> bool:
    """Whether the request's body has to be read whole first: it may be JSON, or a form that has a schema."""
    return operation.body is not None and any(
        declares_json(entry.range)
        or entry.range.startswith(("application/*", "*/*"))
        or (entry.range in FORMS and entry.schema is not None)
        for entry in operation.body.content
    )


def bind(
    config: RequestSchemaConfig, version: ApiVersion, operation: Operation, ports: Ports | None = None
) -> Stage:
    """The BODY-phase stage of an operation. It sets `exchange.parameters` and `exchange.body_value`."""
    stage = _bind(config, version, operation)
    if config.accept == "contract":
        stage = _accepting(stage, answer_ranges(operation))
    if config.unknown_query == "strip":
        stage = stripping(stage, version, operation)
    if config.defaults == "inject":
        stage = injecting(stage, version, operation)
    return stage


def _bind(config: RequestSchemaConfig, version: ApiVersion, operation: Operation) -> Stage:
    validators = validators_of(version)
    unknown = config.unknown_query or operation.unknown_query
    read_parameters = ParameterReader(operation, validators, refuse_unknown=unknown == "refuse")
    if operation.body is None:

        def check_parameters(exchange: Exchange) -> Verdict:
            violations = read_parameters(exchange)
            return _refuse(violations) if violations else ALLOW

        return check_parameters

    content = content_of(operation.body.content, validators)
    if config.read_only == "refuse":
        closed = tuple(
            msgspec.structs.replace(each, schema=None if each.schema is None else forbidding(each.schema))
            for each in operation.body.content
        )
        content = content_of(closed, forbidding_validators(version))
    known = content.known
    forms = _forms(operation, validators)
    required = operation.body.required
    buffered = needs_body(operation)

    def check_request(exchange: Exchange) -> Verdict:
        violations = read_parameters(exchange)
        complete = True
        body = exchange.body
        if not body:
            # Of a body that streams, the head's word is all there is; one read whole is there or not.
            if required and (buffered or not has_body(exchange)):
                violations.append(_MISSING)
        else:
            content_type = exchange.fields.get(b"content-type", b"")
            entry = known.get(content_type) or content.find(content_type)
            if entry is not None and entry.json:
                check = entry.check
                reader = None if check is None else check.reader
                value = MISSED if reader is None else reader.read(body)
                if value is MISSED:
                    value = parse(body)
                    if type(value) is Malformed:
                        return _malformed(value)
                    if check is not None and not check.is_valid(value):
                        complete = can_list_all(body)
                        violations += violations_of(check, value, "body", all_of_them=complete)
                    elif check is not None and check.unread:
                        check.read_by_types()
                exchange.body_value = value
            elif entry is not None and entry.range in forms:
                values = _form_values(forms[entry.range], exchange, body, operation)
                if isinstance(values, BadForm):
                    return malformed_form(POLICY, values)
                exchange.body_value = None if values.violations else values.found
                violations += values.violations
                # Where one could not be read, the schema would have more to say of it that is not so.
                if entry.check is not None and not values.violations and not entry.check.is_valid(values.found):
                    complete = can_list_all(body)
                    violations += violations_of(entry.check, values.found, "body", all_of_them=complete)
        return _refuse(violations, complete=complete) if violations else ALLOW

    return check_request


def _forms(operation: Operation, validators: Validators) -> dict[str, FormReader]:
    assert operation.body is not None
    found: dict[str, FormReader] = {}
    for media in operation.body.content:
        if media.schema is not None and media.range in FORMS:
            found[media.range] = (Multipart if media.range == MULTIPART else Urlencoded)(media, validators)
    return found


def _form_values(reader: FormReader, exchange: Exchange, body: bytes, operation: Operation) -> Values | BadForm:
    """What was read of the parts already is not read again."""
    if isinstance(reader, Urlencoded):
        return reader.read(body)
    parts: list[Part] | BadForm | None = exchange.noted(request_content.POLICY)
    if parts is None:
        # `request-content` is off, or reports: then the body's own limit is all there is.
        bounds = PartBounds(operation.max_body, operation.max_body, operation.max_body, any_file_name=True)
        parts = read_form(exchange, body, bounds)
    return parts if isinstance(parts, BadForm) else reader.read(parts)


def _accepting(stage: Stage, ranges: tuple[str, ...]) -> Stage:
    """Where no range is declared, there is nothing to negotiate."""
    takes = Acceptable(ranges).takes
    refused = Deny(
        POLICY,
        problem("not-acceptable", f"The operation answers with {', '.join(ranges)}.", accept=list(ranges)),
    )

    def check_accept(exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        verdict = stage(exchange)
        accept = exchange.fields.get(b"accept")
        return verdict if verdict is not ALLOW or accept is None or takes(accept) else refused

    return check_accept if ranges else stage


def can_list_all(text: bytes) -> bool:
    """Whether a JSON text is small enough for all that is wrong with it to be told."""
    return len(text) <= _LISTED_BYTES and text.count(b",") + text.count(b":") <= _LISTED_VALUES


def _malformed(malformed: Malformed) -> Deny:
    extensions: dict[str, Any] = {} if malformed.offset is None else {"offset": malformed.offset}
    return Deny(POLICY, problem("malformed-json", f"The body is not acceptable JSON: {malformed}.", **extensions))


def _refuse(violations: list[Violation], *, complete: bool = True) -> Deny:
    told = violations[:MAXIMUM]
    count = f"{len(told)} violation{'' if len(told) == 1 else 's'}"
    if len(told) == MAXIMUM or not complete:
        count = f"At least {count}"
    return Deny(
        POLICY,
        problem(
            "schema-violation",
            f"{count} of the contract.",
            violations=[violation.as_member() for violation in told],
        ),
    )
