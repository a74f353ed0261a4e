"""The policies in their order, and a page for each."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

from policies import documentation, policy, stages, target
from policies.policy import Phase, Policy
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
    more = (
        ("Position", str(ORDER.index(entry) + 1)),
        ("Refuses with", _refusals(module, "../problems.md")),
        ("Counted in", _metrics(entry)),
        ("File", code(path_of(module))),
    )
    return documentation.page(entry, prose(module.__doc__), more)


def module_of(entry: Policy[Any]) -> ModuleType:
    """A policy's file is named as it is."""
    return sys.modules[f"policies.{entry.id.replace('-', '_')}"]


def _refusals(module: ModuleType, problems: str) -> str:
    return ", ".join(f"[`{each}`]({problems}#{each})" for each in problems_of_policy(module)) or "nothing"


def _metrics(entry: Policy[Any]) -> str:
    names = ["ostiary_refusals_total"] if "enforce" in entry.modes else []
    names += ["ostiary_would_refuse_total"] if "report" in entry.modes else []
    return ", ".join(map(_METRIC.format, names)) + f", with `policy` {code(entry.id)}"
