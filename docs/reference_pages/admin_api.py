"""The operations of the admin API, from its own contract."""

from collections.abc import Iterator

from catalog.api.admin.contract import CONTRACT, ROOT, admin_contract
from contracts.documents.document import Document, Node, load
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from reference_pages.markup import code, escaped, prose, table


def page() -> str:
    """A table of all operations, then a section for each tag."""
    root, _ = load(CONTRACT / ROOT, ROOT)
    assert root is not None
    written = {operation.text("operationId"): operation for operation in _operations(root)}
    rows: dict[str, list[list[str]]] = {}
    version = admin_contract()
    for operation in version.operations:
        node = written[operation.id]
        tags = node.get("tags")
        tag = str(tags.value[0]) if tags is not None else ""
        roles = sorted({role for alternative in operation.scopes for role in alternative})
        rows.setdefault(tag, []).append(
            [
                code(f"{operation.method} {version.base_path}{operation.path}"),
                code(operation.id),
                escaped(" ".join((node.text("description") or "").split())),
                ", ".join(map(code, roles)) or "any member",
            ]
        )
    info, tags = root.root.get("info"), root.root.get("tags")
    assert info is not None
    assert tags is not None
    parts = ["# Admin API\n", prose(info.text("description"))]
    for tag in tags.items():
        name = tag.text("name") or ""
        parts += [f"## {name.capitalize()}\n", escaped(tag.text("description") or "") + "\n"]
        parts.append(
            table(["Operation", "Id", "What it does", "Roles, of which one is needed"], rows.get(name, []))
        )
    return "\n".join(parts)


def _operations(root: Document) -> Iterator[Node]:
    documents: dict[str, Document | None] = {ROOT: root}

    def read(name: str) -> Document | None:
        if name not in documents:
            documents[name], _ = load(CONTRACT / name, name)
        return documents[name]

    references = References(root, read, Report())
    paths = root.root.get("paths")
    for _, written in paths.members() if paths is not None else ():
        item = references.follow(written)
        if item is None:
            continue
        for method, operation in item.members():
            if method != "parameters":
                yield operation
