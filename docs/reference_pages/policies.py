"""The stages in their order."""

import sys
from types import ModuleType

from policies import policy, stages, target
from policies.policy import Phase
from reference_pages.markup import code, escaped, prose, table
from reference_pages.sources import path_of, problems_by_module, texts_below


def page() -> str:
    """The order, then one section for each policy."""
    phases = texts_below(policy, "Phase")
    rows = [
        [str(position), f"[`{entry.id}`](#{entry.id})", entry.phase.value, escaped(entry.why)]
        for position, entry in enumerate(stages.ORDER, 1)
    ]
    parts = [
        "# Policies\n",
        prose(stages.__doc__),
        table(["", "Policy", "Phase", "Why here"], rows),
        table(["Phase", ""], ([phase.value, phases[phase.name]] for phase in Phase)),
        (
            "A policy that has nothing to do on an operation is not bound to it and costs it nothing: a public "
            "operation has no `authentication`, a version without dates no `lifecycle`. A policy that raises "
            "refuses the request with [`policy-failed`](problems.md#policy-failed).\n"
        ),
        _section(target.POLICY, target, "Before the first stage, on every request."),
    ]
    for position, entry in enumerate(stages.ORDER, 1):
        module = sys.modules[f"policies.{entry.id.replace('-', '_')}"]
        when = f"Position {position}, phase {entry.phase.value}. {entry.why}"
        parts.append(_section(entry.id, module, when, refuses=entry.phase is not Phase.RESPONSE))
    return "\n".join(parts)


def _section(policy: str, module: ModuleType, when: str, *, refuses: bool = True) -> str:
    path = path_of(module)
    ids = problems_by_module().get(path, ()) if refuses else ()
    refusals = ", ".join(f"[`{each}`](problems.md#{each})" for each in ids) or "nothing"
    return "\n".join(
        (
            f"## `{policy}` {{#{policy}}}\n",
            f"{escaped(when)}\n",
            prose(module.__doc__),
            table(["", ""], [["File", code(path)], ["Refuses with", refusals]]),
        )
    )
