"""What the reference says of settings is what their types say."""

from typing import Annotated, Literal

import msgspec
import pytest

from policies.policy import NoConfig, PolicyConfig
from policies.settings_keys import Key, UnfitType, keys_of


class Window(PolicyConfig, frozen=True):
    """An inner mapping."""

    opens: Annotated[str, msgspec.Meta(pattern="^[0-9:]+$", description="a time, such as 08:30")]
    days: tuple[Literal["mon", "sun"], ...] = ("mon",)
    """On these
    days."""


class Tree(PolicyConfig, frozen=True):
    below: "tuple[Tree, ...]" = ()


class Settings(PolicyConfig, frozen=True):
    most_bytes: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    """Bytes, at most."""
    share: Annotated[float, msgspec.Meta(gt=0, lt=1)] | None = None
    strict: bool = False
    names: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=9)], ...], msgspec.Meta(min_length=1)] = ("a",)
    windows: dict[str, Window] = msgspec.field(default_factory=dict)
    """By name."""
    single: Window | None = None


def test_every_key_has_its_row_and_mappings_that_are_alike_have_theirs_once() -> None:
    assert keys_of(Settings) == (
        Key("most-bytes", "integer", "10", "1 to 100", "Bytes, at most."),
        Key("share", "number", "", "more than 0, less than 1", ""),
        Key("strict", "true or false", "false", "", ""),
        Key("names", "list of text (at most 9 long)", '["a"]', "at least 1 long", ""),
        Key("windows", "mapping of names to mappings", "{}", "", "By name."),
        Key("windows.*.opens", "text", "required", "a time, such as 08:30", ""),
        Key("windows.*.days", "list of `mon`, `sun`", '["mon"]', "", "On these days."),
        Key("single", "mapping", "", "", "Its keys are those of `windows.*`."),
    )


def test_a_type_that_holds_itself_is_shown_once() -> None:
    assert [key.path for key in keys_of(Tree)] == ["below"]


def test_nothing_to_set_has_no_rows() -> None:
    assert keys_of(NoConfig) == ()


class _TwoKinds(PolicyConfig, frozen=True):
    value: int | str = 0


class _Numbered(PolicyConfig, frozen=True):
    value: dict[int, str] = msgspec.field(default_factory=dict)


class _Listed(PolicyConfig, frozen=True):
    value: list[str] = msgspec.field(default_factory=list)


@pytest.mark.parametrize("config", [_TwoKinds, _Numbered, _Listed])
def test_what_no_file_can_be_checked_against_is_refused(config: type[PolicyConfig]) -> None:
    with pytest.raises(UnfitType, match="'value'"):
        keys_of(config)
