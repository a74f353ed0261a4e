"""`ostiary policies`, through typer's runner."""

import json
from typing import Annotated, Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build, main
from policies import installed
from policies.installed import Origin
from policies.policy import Phase, Policy, PolicyConfig
from policies.stages import ORDER
from tests.support.plugins import plugged_in


class Room(PolicyConfig, frozen=True):
    """For a test."""

    most: Annotated[int, msgspec.Meta(ge=1, le=9)] = 3
    """Guests, at most."""


ROOM: Policy[Room] = Policy(
    id="room",
    why="Before the house is full.",
    failure="It cannot fail.",
    config=Room,
    phase=Phase.HEAD,
    bind=lambda *_: None,
    modes=("off", "enforce"),
    example="most: 5\nmode: enforce\n",
)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(build(), ["policies", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_list_has_the_order_the_modes_and_what_happens_on_failure() -> None:
    result = run("--json")
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert [(row["position"], row["id"], row["phase"]) for row in rows] == [
        (position, policy.id, policy.phase.value) for position, policy in enumerate(ORDER, 1)
    ]
    assert {row["origin"] for row in rows} == {"built in"}
    for row, policy in zip(rows, ORDER, strict=True):
        assert (row["failure"], tuple(row["modes"]), row["mode"]) == (policy.failure, policy.modes, policy.mode)
    printed = run().stdout.splitlines()
    assert len(printed) == len(ORDER) + 1
    for line, policy in zip(printed[1:], ORDER, strict=True):
        assert policy.id in line
        assert line.endswith(policy.failure)


def test_a_plug_in_is_shown_with_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    with plugged_in(monkeypatch, ROOM):
        monkeypatch.setattr(installed, "origins", lambda: {"room": Origin("acme-policies", "1.2")})
        (line,) = [line for line in run().stdout.splitlines() if "  room  " in line]
        shown = run("show", "room")
        as_json: dict[str, Any] = json.loads(run("show", "room", "--json").stdout)
    # It is not bound where nobody names it.
    assert [cell.strip() for cell in line.split("  ") if cell][-3:] == ["off", "acme-policies 1.2", ROOM.failure]
    assert shown.exit_code == 0
    for text in ("acme-policies 1.2", ROOM.why, "It cannot fail.", "integer (1 to 9)", "Guests, at most."):
        assert text in shown.stdout
    assert "  policies:\n    room:\n      most: 5\n      mode: enforce\n" in shown.stdout
    assert as_json["settings"] == [
        {"path": "most", "kind": "integer", "default": "3", "bounds": "1 to 9", "meaning": "Guests, at most."}
    ]


def test_one_is_shown_as_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = run("show", "rate-limit", "--markdown").stdout
    assert ours.startswith("# `rate-limit`\n\n")
    assert "\n## Settings\n" in ours
    with plugged_in(monkeypatch, ROOM):
        theirs = run("show", "room", "--markdown").stdout
    # The module in which it is bound describes it: this one.
    assert theirs.startswith(f"# `room`\n\n{__doc__}\n")
    assert "| `most` | integer | `3` | 1 to 9 | Guests, at most. |" in theirs
    assert theirs.endswith("```yaml\npolicies:\n  room:\n    most: 5\n    mode: enforce\n```\n")


def test_a_name_that_is_nearly_one_is_suggested() -> None:
    result = run("show", "rate-limits")
    assert result.exit_code == 2
    assert "there is no policy 'rate-limits' (did you mean 'rate-limit'?)" in result.output


def test_a_broken_plug_in_is_a_sentence_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["ostiary", "policies"])
    with plugged_in(monkeypatch, room=ImportError("no module named 'acme'")), pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert (
        said == "ostiary: the plug-in 'room' (tests:room) cannot be loaded: ImportError: no module named 'acme'\n"
    )
