"""One declared change, as it is written in a contract or manifest."""

from typing import Annotated, Any, Final

import msgspec

from policies.mapping.conversions import DateForm, Kind
from policies.mapping.expressions import Expression
from policies.mapping.places import PlaceText
from policies.policy import PolicyConfig

ACTS: Final = ("rename", "move", "copy", "default", "set", "drop", "convert", "compute")
"""Of these a step has exactly one: where it does what it does."""


class Dates(PolicyConfig, frozen=True):
    """The form in which a moment is written, and the one it is to have."""

    before: DateForm = msgspec.field(name="from")
    """As it is written. `odoo` is `2026-05-01 10:00:00` in UTC."""
    after: DateForm = msgspec.field(name="to")
    """As it is to be written."""


class Step(PolicyConfig, frozen=True):
    """One change, of what is at one place. What is not there is not changed."""

    rename: PlaceText | None = None
    """Gives a member another name, `to`, in the same object."""
    move: PlaceText | None = None
    """Moves a value to another place, `to`: a whole pointer, the same up to its last `*`."""
    copy: PlaceText | None = None
    """As `move`, and the value stays where it is too."""
    default: PlaceText | None = None
    """Puts `value` where there is nothing."""
    set: PlaceText | None = None
    """Puts `value`, whatever there is."""
    drop: PlaceText | None = None
    """Takes a member out."""
    convert: PlaceText | None = None
    """Writes a value in another form: by `as`, `values`, `multiply` or `dates`."""
    compute: PlaceText | None = None
    """Puts what the `jmespath` expression finds in the whole value; nothing where it finds nothing."""

    to: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    """The name for `rename`, the place for `move` and `copy`."""
    value: Any = msgspec.UNSET
    """For `default` and `set`."""
    kind: Kind | None = msgspec.field(default=None, name="as")
    """The kind of value to convert to: text that reads `12` is the integer 12, and the other way round."""
    values: dict[str, Any] | None = None
    """New values by the text of the old."""
    otherwise: Any = msgspec.UNSET
    """The value for those that `values` does not have; without it they are refused."""
    multiply: float | None = None
    """The factor from one unit to the other."""
    dates: Dates | None = None
    """The forms of a moment."""
    jmespath: Expression | None = None
    """For `compute`: an expression of [JMESPath](https://jmespath.org)."""
