"""What gateways send, read up to a bound and decoded."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from contracts.problems import Problem, problem

T = TypeVar("T")

_VALUE: Final = re.compile(r" '.*'", re.DOTALL)


async def read_body(
    request: Request, maximum: int, decode: Callable[[bytes], T], what: str, rule: str
) -> T | Problem:
    """The body as `decode` has it, which raises what msgspec's decoders do; `what` says what it should be."""
    data = bytearray()
    try:
        async for piece in request.stream():
            data += piece
            if len(data) > maximum:
                return problem("body-too-large", f"The limit is {maximum} bytes.", limit=maximum)
    except ClientDisconnect:
        return problem("request-timeout", f"The {what} did not arrive whole.")
    try:
        return decode(bytes(data))
    except msgspec.ValidationError as error:
        # Its text names the place and what should be there; the one value that it repeats is left out.
        message = _VALUE.sub("", str(error))
        violation = {"in": "body", "pointer": "", "rule": rule, "message": message}
        return problem("schema-violation", f"The body is no {what}.", violations=[violation])
    except msgspec.DecodeError:
        return problem("malformed-json", "The body is not acceptable JSON.")
