"""The metrics of several workers as one text: each sample says by a label which worker counted it.

They are not added up. A sum that falls when a worker restarts is no counter; Prometheus sees each worker's series
restart, and adds rates.
"""

from collections.abc import Iterable
from typing import Final

WORKER: Final = "worker"


def merge(texts: Iterable[tuple[str, str]]) -> str:
    """The exposition of several (worker, text), family by family (text format 0.0.4)."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for worker, text in texts:
        family = ""
        for line in text.splitlines():
            if line.startswith("# "):
                family = line.split(" ", 3)[2]
                head = heads.setdefault(family, [])
                if line not in head:
                    head.append(line)
            elif line:
                samples.setdefault(family, []).append(_labelled(line, worker))
    return "".join("\n".join([*head, *samples.get(family, ())]) + "\n" for family, head in heads.items() if head)


def _labelled(line: str, worker: str) -> str:
    """A sample line with the worker's label before its own. A name has neither brace nor space."""
    label = f'{WORKER}="{worker}"'
    name, brace, rest = line.partition("{")
    if brace and " " not in name:
        return f"{name}{{{label},{rest}"
    name, _, value = line.partition(" ")
    return f"{name}{{{label}}} {value}"
