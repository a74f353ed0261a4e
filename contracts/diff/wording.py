"""Where a location lies, in words: `/responses/200/content/application~1json/schema` is a response's JSON."""

from contracts.diff.changes import Where, said
from contracts.documents.document import tokens_of


def holder_of(where: Where) -> str:
    """What holds a schema: a body, a parameter, a header; empty for what has no name of its own."""
    tokens = tokens_of(where.stable)
    if tokens[:1] in (["paths"], ["webhooks"]):
        tokens = _inside(tokens[2:])
    calling = ""
    while tokens[:1] == ["callbacks"] and len(tokens) > 3:
        calling += f" of the callback {said(tokens[1])}"
        tokens = _inside(tokens[3:])
    found = ""
    if tokens[:1] == ["parameters"] and len(tokens) > 1:
        location, _, name = tokens[1].partition(":")
        found = f"the {location} parameter" if location == "path" else f"the {location} parameter {said(name)}"
    elif tokens[:2] == ["requestBody", "content"] and len(tokens) > 2:
        found = f"the request body ({said(tokens[2])})"
    elif tokens[:1] == ["responses"] and len(tokens) > 3:
        if tokens[2] == "headers":
            found = f"the header {said(tokens[3])} of the response {said(tokens[1])}"
        else:
            found = f"the response {said(tokens[1])} ({said(tokens[3])})"
    return found + calling if found else ""


def _inside(tokens: list[str]) -> list[str]:
    """What follows the operation of a path item: one of its own methods, or an additional one."""
    return tokens[2:] if tokens[:1] == ["additionalOperations"] else tokens[1:]
