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
    after: DateForm = msgspec.field(name="to")


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
    value: Any = msgspec.UNSET
    kind: Kind | None = msgspec.field(default=None, name="as")
    values: dict[str, Any] | None = None
    """New values by the text of the old."""
    otherwise: Any = msgspec.UNSET
    """The value for those that `values` does not have; without it they are refused."""
    multiply: float | None = None
    """The factor from one unit to the other."""
    dates: Dates | None = None
    jmespath: Expression | None = None
