"""What `ostiary check` finds of an adapter: no operation that serves, or messages that one side does not admit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from contracts.documents.document import escape
from contracts.estate.adapting import find, target_of
from contracts.estate.decode import suggestion
from contracts.operations import AdaptedTo, ApiVersion, JsonSchema, Operation
from policies.adapting.library import Library
from policies.adapting.messages import answer_schema, request_schema, status_schemas
from policies.adapting.proof import Counterexample, Finding, judge
from policies.mapping.steps import Step
from policies.policy import Fault

_ERRORS: Final = ("4", "5", "D")
"""First characters of statuses as a contract has them. `default` is taken for errors."""


def missing(versions: Mapping[str, ApiVersion], version: ApiVersion, operation: Operation) -> Fault | None:
    """Why no operation of another version serves this one; None where one does."""
    if operation.adapted is not None:
        return None
    target = target_of(operation)
    if target is None:
        return Fault("", "it names no version that serves it")
    name, wanted = target
    if name == version.version:
        return Fault("/version", f"{name} is this version itself")
    if name not in versions:
        return Fault("/version", f"there is no version {name!r}{suggestion(name, versions)}")
    there = find(versions, name, wanted)
    if there is None:
        known = [each.id for each in versions[name].operations]
        return Fault("/operation", f"{name} has no operation {wanted!r}{suggestion(wanted, known)}")
    further = target_of(there)
    if further is not None:
        return Fault("/version", f"{wanted!r} of {name} is itself served by {further[0]}; name that one")
    return Fault("", "a WebSocket is of one version: its messages are not looked at")


def both_ways(
    version: ApiVersion,
    operation: Operation,
    there: ApiVersion,
    target: AdaptedTo,
    request: Sequence[Step],
    response: Sequence[Step],
    statuses: Mapping[int, int],
) -> Iterator[Fault]:
    """Valid requests of the old operation that do not become valid ones of the new, and answers the other way."""
    other = find({there.version: there}, there.version, target.operation)
    assert other is not None
    library = Library({**version.documents, **there.documents})
    source = request_schema(operation)
    wanted = request_schema(other, open_to_others=other.unknown_query == "ignore")
    found = judge(request, source, wanted, library)
    yield from _told(found, "/request", f"a request of {version.version}", f"{there.version} {other.id}")
    admitted = status_schemas(operation)
    for status, schema in status_schemas(other).items():
        if status.startswith(_ERRORS):
            continue
        pointer = f"/statuses/{escape(status)}"
        told = str(statuses.get(int(status), status)) if status.isdigit() else status
        if (own := _at(admitted, told)) is None:
            message = f"{there.version} answers {status}, and the contract of {version.version} has no {told}"
            yield Fault(pointer, message)
            continue
        (mine,) = own
        yield from _answers(mine, schema, response, library, version, f"the {status} of {there.version}")


def _answers(
    mine: JsonSchema | None,
    theirs: JsonSchema | None,
    steps: Sequence[Step],
    library: Library,
    version: ApiVersion,
    what: str,
) -> Iterator[Fault]:
    if mine is None or theirs is None:
        if mine is not None:
            yield Fault("/response", f"{what} has no JSON, and the contract of {version.version} has some")
        return
    found = judge(steps, answer_schema(theirs), answer_schema(mine), library)
    yield from _told(found, "/response", what, version.version)


def _at(declared: Mapping[str, JsonSchema | None], status: str) -> tuple[JsonSchema | None] | None:
    """What is declared of a status, by itself, by its range or by default; None where nothing is."""
    for key in (status, f"{status[0]}XX", "DEFAULT"):
        if key in declared:
            return (declared[key],)
    return None


def _told(found: Finding, pointer: str, what: str, whom: str) -> Iterator[Fault]:
    if isinstance(found, Counterexample):
        yield Fault(pointer, f"{what} is not one of {whom}: {found}")
    elif found is not None:
        tried = f"{found.tried} examples were" if found.tried != 1 else "1 example was"
        message = f"it could not be proved that {what} is always one of {whom}: {found.reason}; {tried} right"
        yield Fault(pointer, message, certain=False)
