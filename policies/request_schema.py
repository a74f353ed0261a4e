"""The request against its contract: parameters, and a JSON body, with all that is wrong in one answer.

It runs when the body is there (`needs_body`); a body of another media type passes unchecked and streams. Type
and length of a body were judged by `body_limits`, before it was read.
"""

from typing import Any, Final

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.body_limits import has_body
from policies.exchange import Exchange, Violation
from policies.ports import Ports
from policies.validation.json_text import Malformed, parse
from policies.validation.media_types import content_of, declares_json
from policies.validation.parameters import ParameterReader
from policies.validation.validators import validators_of
from policies.validation.violations import MAXIMUM, violations_of
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "request-schema"

# Beyond these a body gets its first violation only: see `violations_of`. So many values, each wrong in all three
# branches of an `anyOf`, take 80 ms; wrong in one way, 6 ms.
_LISTED_BYTES: Final = 65_536
_LISTED_VALUES: Final = 2_000

_MISSING: Final = Violation("body", "", "required", "is required")


def needs_body(operation: Operation) -> bool:
    """Whether the request's body has to be read whole first: it may be JSON."""
    return operation.body is not None and any(
        declares_json(entry.range) or entry.range.startswith(("application/*", "*/*"))
        for entry in operation.body.content
    )


def bind(version: ApiVersion, operation: Operation, ports: Ports | None = None) -> Stage:
    """The BODY-phase stage of an operation. It sets `exchange.parameters` and `exchange.body_value`."""
    validators = validators_of(version)
    read_parameters = ParameterReader(operation, validators)
    if operation.body is None:

        def check_parameters(exchange: Exchange) -> Verdict:
            violations = read_parameters(exchange)
            return _refuse(violations) if violations else ALLOW

        return check_parameters

    content = content_of(operation.body.content, validators)
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
            entry = content.find(exchange.fields.get(b"content-type", b""))
            if entry is not None and entry.json:
                value = parse(body)
                if type(value) is Malformed:
                    return _malformed(value)
                exchange.body_value = value
                if entry.check is not None and not entry.check.is_valid(value):
                    complete = can_list_all(body)
                    violations += violations_of(entry.check, value, "body", all_of_them=complete)
        return _refuse(violations, complete=complete) if violations else ALLOW

    return check_request


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
