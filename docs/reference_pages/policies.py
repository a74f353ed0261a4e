"""The policies in their order, and a page for each."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

from policies import policy, stages, target
from policies.policy import Phase, Policy
from policies.settings_keys import Key, keys_of
from policies.stages import ORDER
from reference_pages.markup import code, escaped, prose, table
from reference_pages.sources import path_of, problems_of_policy, texts_below

INDEX = "reference/policies.md"
_METRIC = "[`{0}`](../metrics.md#{0})"


def pages() -> Mapping[str, Callable[[], str]]:
    """By path in the documentation, in the order of the policies."""
    return {INDEX: index, **{page_of(entry): partial(page, entry) for entry in ORDER}}


def page_of(entry: Policy[Any]) -> str:
    """Where a policy's page is."""
    return f"reference/policies/{entry.id}.md"


def index() -> str:
    """The order, and what holds for all."""
    phases = texts_below(policy, "Phase")
    rows = [
        [str(position), f"[`{entry.id}`](policies/{entry.id}.md)", entry.phase.value, escaped(entry.why)]
        for position, entry in enumerate(ORDER, 1)
    ]
    return "\n".join(
        (
            "# Policies\n",
            prose(stages.__doc__),
            table(["", "Policy", "Phase", "Why here"], rows),
            table(["Phase", ""], ([phase.value, phases[phase.name]] for phase in Phase)),
            (
                "A policy that has nothing to do on an operation is not bound to it and costs it nothing: a "
                "public operation has no `authentication`, a version without dates no `lifecycle`. A policy that "
                "raises refuses the request with [`policy-failed`](problems.md#policy-failed).\n"
            ),
            (
                "`ostiary policies` shows what is installed, plug-ins too; [Policies](../guides/policies.md) how "
                "they are set, and [Policies of your own](../guides/plugins.md) how one is added.\n"
            ),
            f"## `{target.POLICY}` {{#{target.POLICY}}}\n",
            "Before the first policy, on every request. It has no settings.\n",
            prose(target.__doc__),
            table(["", ""], [["File", code(path_of(target))], ["Refuses with", _refusals(target, "problems.md")]]),
        )
    )


def page(entry: Policy[Any]) -> str:
    """What one policy does, how it fails, how it is set."""
    module = module_of(entry)
    facts = [
        ["Position", f"{ORDER.index(entry) + 1}, phase {entry.phase.value}. {escaped(entry.why)}"],
        ["Judges", _judges(entry)],
        ["Where it cannot decide", escaped(entry.failure)],
        ["Modes", _modes(entry)],
        ["Refuses with", _refusals(module, "../problems.md")],
        ["Counted in", _metrics(entry)],
        ["File", code(path_of(module))],
    ]
    return "\n".join(
        (
            f"# `{entry.id}`\n",
            prose(module.__doc__),
            table(["", ""], facts),
            "## Settings {#settings}\n",
            _settings(entry),
            *_example(entry),
        )
    )


def module_of(entry: Policy[Any]) -> ModuleType:
    """A policy's file is named as it is."""
    return sys.modules[f"policies.{entry.id.replace('-', '_')}"]


def _judges(entry: Policy[Any]) -> str:
    requests, answers = entry.bind is not None, entry.bind_answer is not None
    if requests and answers:
        return "requests and answers"
    return "requests" if requests else "answers"


def _modes(entry: Policy[Any]) -> str:
    if entry.modes == (entry.mode,):
        return f"{code(entry.mode)} alone: it holds on every operation where it has something to do"
    where = f"{code(entry.mode)} on every operation" if entry.always else "it is not bound"
    return f"{', '.join(map(code, entry.modes))}; where nothing is set, {where}, and else {code(entry.mode)}"


def _refusals(module: ModuleType, problems: str) -> str:
    return ", ".join(f"[`{each}`]({problems}#{each})" for each in problems_of_policy(module)) or "nothing"


def _metrics(entry: Policy[Any]) -> str:
    names = ["ostiary_refusals_total"] if "enforce" in entry.modes else []
    names += ["ostiary_would_refuse_total"] if "report" in entry.modes else []
    return ", ".join(map(_METRIC.format, names)) + f", with `policy` {code(entry.id)}"


def _settings(entry: Policy[Any]) -> str:
    keys = keys_of(entry.config)
    if not keys:
        return "It has none of its own" + (
            ".\n" if len(entry.modes) == 1 else ", only `mode` and `consumers`, which all have.\n"
        )
    rows = [
        [code(key.path), escaped(key.kind), _default(key), escaped(key.bounds), escaped(key.meaning)]
        for key in keys
    ]
    said = (
        "Beside `mode` and `consumers`, which all have. In a key, `*` is any name and `[]` each item of a list.\n"
    )
    return f"{said}\n\n{table(['Key', 'Type', 'Default', 'Bounds', 'Meaning'], rows)}"


def _default(key: Key) -> str:
    return key.default if key.default in ("", "required") else code(key.default)


def _example(entry: Policy[Any]) -> tuple[str, ...]:
    if not entry.example:
        return ()
    lines = [f"    {line}".rstrip() for line in entry.example.strip("\n").splitlines()]
    return ("## Example {#example}\n", "\n".join(("```yaml", "policies:", f"  {entry.id}:", *lines, "```\n")))
