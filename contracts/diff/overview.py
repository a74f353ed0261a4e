"""What concerns a document as a whole: its version, its name, whether it is there at all."""

from typing import Final

from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.rule import row
from contracts.openapi.extensions import ODOO_GUARD

AREA: Final = "document"

ROWS: Final = (
    row(
        "openapi-version-changed",
        "info",
        "The same contract can be said in another version.",
        area=AREA,
        bump="patch",
    ),
    row("document-version-changed", "info", "The document says itself that it changed.", area=AREA, bump="patch"),
    row("document-title-changed", "info", "The API is called otherwise.", area=AREA, bump="patch"),
    row(
        "odoo-guard-changed",
        "warning",
        "Nobody can tell which calls of Odoo another guard lets through.",
        area=AREA,
        direction="request",
        undecided=True,
    ),
    row("api-version-added", "info", "Consumers have another version.", area=AREA),
    row("api-version-removed", "error", "Consumers call a version that is gone.", area=AREA),
    row("api-version-removed-after-sunset", "info", "The version ended as it was announced.", area=AREA),
    row(
        "too-many-changes",
        "error",
        "Two documents with so little in common are not two versions of one API.",
        area=AREA,
    ),
)


def compare_overview(context: Context) -> None:
    """The fields of the document itself."""
    base, revision = context.base.document.root, context.revision.document.root
    for pointer, rule in (
        ("/openapi", "openapi-version-changed"),
        ("/info/version", "document-version-changed"),
        ("/info/title", "document-title-changed"),
    ):
        old, new = base.document.at(pointer), revision.document.at(pointer)
        if old is not None and new is not None and old.value != new.value:
            message = f"`{pointer[1:].replace('/', '.')}` went from {said(old.value)} to {said(new.value)}"
            at = Where(pointer, pointer)
            context.changes.add(rule, at, message, new, before=old.value, after=new.value)
    was, is_ = base.get(ODOO_GUARD), revision.get(ODOO_GUARD)
    if (was and was.value) != (is_ and is_.value):
        at = Where(f"/{ODOO_GUARD}", f"/{ODOO_GUARD}")
        said_of = "was added" if was is None else "was removed" if is_ is None else "is another"
        before, after = (None if each is None else each.value for each in (was, is_))
        message = f"`{ODOO_GUARD}` {said_of}"
        context.changes.add("odoo-guard-changed", at, message, is_ or was or revision, before=before, after=after)
