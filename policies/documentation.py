"""The reference page of a policy, in Markdown: ours in the documentation, and that of a plug-in for its own."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from policies.policy import Policy
from policies.settings_keys import keys_of

_CODE: Final = re.compile(r"(`[^`]*`)")
_NO_VALUE: Final = ("", "required")


def page(policy: Policy[Any], about: str, more: Iterable[tuple[str, str]] = ()) -> str:
    """What it does (`about`, in Markdown), how it fails, how it is set. `more` are further facts."""
    parts = (f"# `{policy.id}`\n", f"{about.strip()}\n", _facts(policy, more), _settings(policy), _example(policy))
    return "\n".join(parts)


def _facts(policy: Policy[Any], more: Iterable[tuple[str, str]]) -> str:
    return _table(
        ("", ""),
        [
            ("Runs", f"in the phase `{policy.phase.value}`. {_escaped(policy.why)}"),
            ("Judges", _judges(policy)),
            ("Where it cannot decide", _escaped(policy.failure)),
            ("Modes", _modes(policy)),
            *more,
        ],
    )


def _judges(policy: Policy[Any]) -> str:
    judged = (("requests", policy.bind), ("answers", policy.bind_answer))
    return " and ".join(what for what, bind in judged if bind is not None) or "nothing"


def _modes(policy: Policy[Any]) -> str:
    if policy.modes == (policy.mode,):
        return f"`{policy.mode}` alone: it holds on every operation where it has something to do"
    modes = ", ".join(f"`{mode}`" for mode in policy.modes)
    if policy.always:
        return f"{modes}; on every operation `{policy.mode}`, if no other is set"
    return f"{modes}; where it is set, `{policy.mode}` if no other is, and where it is not, it is not bound"


def _settings(policy: Policy[Any]) -> str:
    heading = "## Settings\n\n"
    keys = keys_of(policy.config)
    if not keys:
        others = "." if len(policy.modes) == 1 else ", only `mode` and `consumers`, which all have."
        return f"{heading}It has none of its own{others}\n"
    said = "Beside `mode` and `consumers`, which all have. In a key, `*` is any name and `[]` each item of a list."
    rows = [
        (
            f"`{key.path}`",
            _escaped(key.kind),
            key.default if key.default in _NO_VALUE else f"`{key.default}`",
            _escaped(key.bounds),
            _escaped(key.meaning),
        )
        for key in keys
    ]
    return f"{heading}{said}\n\n{_table(('Key', 'Type', 'Default', 'Bounds', 'Meaning'), rows)}"


def _example(policy: Policy[Any]) -> str:
    if not policy.example:
        return ""
    lines = [f"    {line}".rstrip() for line in policy.example.strip("\n").splitlines()]
    return "\n".join(("## Example\n", "```yaml", "policies:", f"  {policy.id}:", *lines, "```\n"))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (header, ["---"] * len(header), *rows)
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _escaped(text: str) -> str:
    """A sentence in which no angle bracket outside of code is taken for a tag."""
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in _CODE.split(text))
