"""The scopes that a subscription grants, held against its contract: each is declared there, and asked for."""

from collections.abc import Iterator, Set

from contracts.documents.document import Document
from contracts.estate.catalogue import finding
from contracts.estate.decode import suggestion
from contracts.findings import Finding, Place


def check_granted(
    scope: str, place: Place, version: str, asked: Set[str], contract: Document | None
) -> Iterator[Finding]:
    """What is wrong with one scope. `version` names the API's version, `asked` are the scopes that its operations
    ask for, and `contract` is its document."""
    if scope in asked:
        return
    declared = _declared(contract) if contract is not None else set()
    if declared and scope not in declared:
        message = f"the contract of {version} declares no scope {scope!r}{suggestion(scope, declared)}"
        yield finding("unknown-scope", place, message)
    else:
        message = f"no operation of {version} asks for the scope {scope!r}{suggestion(scope, asked)}"
        yield finding("scope-unused", place, message)


def _declared(contract: Document) -> set[str]:
    """The scopes of the contract's OAuth flows. Schemes of other types declare none."""
    schemes = contract.at("/components/securitySchemes")
    flows = [scheme.get("flows") for _, scheme in schemes.members()] if schemes is not None else []
    scopes = [flow.get("scopes") for each in flows if each is not None for _, flow in each.members()]
    return {name for each in scopes if each is not None for name, _ in each.members()}
