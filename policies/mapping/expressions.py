"""JMESPath expressions (https://jmespath.org/specification.html), for what the plain steps cannot say.

The language has neither loops nor variables nor access to anything but the value. What makes a result larger than
what went in is that a multi-select names it several times: how often in all is bounded here, and so is an
expression's length. How large a body may be is bounded by whoever holds it.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from policies.mapping.conversions import UnconvertibleError

_LONGEST: Final = 500
_MOST_COPIES: Final = 10_000
"""How many times over an expression may have its input in the result: the product over its multi-selects."""

Expression: TypeAlias = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=_LONGEST, description="a JMESPath expression of 500 characters or less"),
]


def compiled(expression: str) -> Callable[[Any], Any]:
    """What the expression makes of a value; None where it finds nothing. Raises ValueError for what is none.

    The function raises UnconvertibleError.
    """
    # Most gateways have no expression, and do without the library.
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        parsed = jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    if _copies(parsed.parsed) > _MOST_COPIES:
        raise ValueError("its multi-selects could make too much of a small input")

    def evaluate(value: Any) -> Any:
        try:
            return parsed.search(_plain(value))
        except JMESPathError as error:
            raise UnconvertibleError(f"does not fit the expression ({type(error).__name__})") from None

    return evaluate


def _copies(node: Any) -> int:
    below = 1
    children = node.get("children", ()) if isinstance(node, dict) else ()
    for child in children:
        below *= _copies(child)
    if isinstance(node, dict) and node.get("type") in ("multi_select_list", "multi_select_dict"):
        below *= len(children)
    return below


def _plain(value: Any) -> Any:
    """With numbers as the library knows them, and nothing shared with what it is given."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value
