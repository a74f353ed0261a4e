"""Links of responses (OAS 3.1 §4.8.20): what a consumer can do next with what it received."""

from typing import Final

from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.rule import row
from contracts.documents.document import Node

_TELLING: Final = ("operationRef", "operationId", "parameters", "requestBody", "server")

ROWS: Final = (
    row("response-link-added", "info", "Consumers may follow another link.", area="links", direction="response"),
    row(
        "response-link-removed",
        "warning",
        "Consumers that follow links find none there any more.",
        area="links",
        direction="response",
    ),
    row(
        "response-link-changed",
        "warning",
        "Consumers that follow links are led elsewhere.",
        area="links",
        direction="response",
    ),
)


def compare_links(context: Context, old: Node, new: Node, where: Where) -> None:
    """The links of one response."""
    before, after = (
        {
            name: target
            for name, written in (section.members() if section is not None else ())
            if (target := contract.references.follow(written)) is not None
        }
        for contract, section in ((context.base, old.get("links")), (context.revision, new.get("links")))
    )
    for name in {**before, **after}:
        at = where.down("links", name)
        if name not in after:
            context.changes.add("response-link-removed", at, f"the link {said(name)} was removed", before[name])
        elif name not in before:
            context.changes.add("response-link-added", at, f"the link {said(name)} was added", after[name])
        else:
            was, is_ = (
                {key: each.value.get(key) for key in _TELLING if key in each.value}
                for each in (before[name], after[name])
            )
            if was != is_:
                message = f"the link {said(name)} went from {said(was)} to {said(is_)}"
                context.changes.add("response-link-changed", at, message, after[name], before=was, after=is_)
