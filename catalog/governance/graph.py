"""An estate as a graph: who calls which API, which system serves it, which business objects it carries, and where
each of these has its system of record. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from contracts.estate.estate import Estate
from contracts.estate_files import ApiFile

Kind: TypeAlias = Literal["consumer", "api", "system", "object"]
Relation: TypeAlias = Literal["calls", "served-by", "record-in", "carries"]

KINDS: Final[tuple[Kind, ...]] = ("consumer", "api", "system", "object")


class Node(msgspec.Struct, frozen=True):
    """`id` is the kind and the name (`api:orders`). `owner` is the team of an API, else empty; `detail` what else
    there is to say of it: an API's classification, a system's description, the API through which an object is
    read where it has its system of record."""

    id: str
    kind: Kind
    name: str
    title: str
    owner: str
    detail: str


class Edge(msgspec.Struct, frozen=True):
    """`calls` from a consumer to an API, `served-by` from an API to a system, `carries` from an API to an object,
    `record-in` from an object to the system that holds the truth of it. `through` are the versions, or the APIs,
    by which it is so."""

    source: str
    target: str
    relation: Relation
    through: tuple[str, ...]


class Graph(msgspec.Struct, frozen=True):
    """Nodes by kind and name. `unrecorded` are objects of which no API claims that its system holds the truth,
    `disputed` those of which two systems do."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    unrecorded: tuple[str, ...]
    disputed: tuple[str, ...]


def graph_of(estate: Estate, about: str | None = None) -> Graph:
    """All of it, or what is around one node: the APIs that it has to do with, and all that these have."""
    every = tuple(_edges(estate))
    if about is not None:
        near = _around(about, every)
        # Where an object has its record is said whichever API says so.
        objects = {each.target for each in near if each.relation == "carries"}
        objects |= {each.source for each in near if each.relation == "record-in"}
        records = [each for each in every if each.relation == "record-in" and each.source in objects]
        every = tuple(each for each in every if each in near or each in records)
    nodes = {each.id: each for each in _nodes(estate)}
    shown = (
        set(nodes) if about is None else {about, *(end for each in every for end in (each.source, each.target))}
    )
    systems: dict[str, set[str]] = {each: set() for each in shown if each.startswith("object:")}
    for edge in every:
        if edge.relation == "record-in":
            systems[edge.source].add(edge.target)
    return Graph(
        tuple(nodes[each] for each in sorted(shown & set(nodes), key=_order)),
        every,
        tuple(sorted(each for each, found in systems.items() if not found)),
        tuple(sorted(each for each, found in systems.items() if len(found) > 1)),
    )


def system_of(estate: Estate, upstream: str) -> str:
    """The system that an upstream is a way into; without a name, the upstream is one by itself."""
    entry = estate.file.upstreams.get(upstream)
    return upstream if entry is None or entry.system is None else entry.system


def record(name: str) -> str:
    """A business object's name, however it is written."""
    return name.strip().lower()


def _around(about: str, every: tuple[Edge, ...]) -> frozenset[Edge]:
    kind = about.partition(":")[0]
    apis = {about} if kind == "api" else set()
    for each in every:
        if about in (each.source, each.target):
            apis |= {end for end in (each.source, each.target) if end.startswith("api:")}
            apis |= {f"api:{name}" for name in each.through if each.relation == "record-in"}
    return frozenset(each for each in every if each.source in apis or each.target in apis)


def _order(identity: str) -> tuple[int, str]:
    kind, _, name = identity.partition(":")
    return [str(each) for each in KINDS].index(kind), name


def _nodes(estate: Estate) -> Iterator[Node]:
    for name, consumer in estate.consumers.consumers.items():
        yield Node(f"consumer:{name}", "consumer", name, consumer.title, "", "")
    for name, api in estate.apis.items():
        yield Node(f"api:{name}", "api", name, api.title, api.owner, api.classification)
    described: dict[str, list[str]] = {}
    for name, upstream in estate.file.upstreams.items():
        texts = described.setdefault(system_of(estate, name), [])
        if upstream.description:
            texts.append(upstream.description)
    for name, texts in described.items():
        yield Node(f"system:{name}", "system", name, name, "", "; ".join(texts))
    recorded: dict[str, list[str]] = {}
    for name, api in sorted(estate.apis.items()):
        for each in (*api.system_of_record_for, *api.business_objects):
            recorded.setdefault(record(each), [])
        for each in api.system_of_record_for:
            recorded[record(each)].append(name)
    for name, apis in recorded.items():
        yield Node(f"object:{name}", "object", name, name, "", ", ".join(apis))


def _edges(estate: Estate) -> Iterator[Edge]:
    for name, consumer in sorted(estate.consumers.consumers.items()):
        called: dict[str, set[str]] = {}
        for application in consumer.applications.values():
            for each in application.subscriptions:
                called.setdefault(each.api, set()).add(each.version)
        for api, versions in sorted(called.items()):
            if api in estate.apis:
                yield Edge(f"consumer:{name}", f"api:{api}", "calls", _sorted(versions))
    records: dict[tuple[str, str], list[str]] = {}
    for name, file in sorted(estate.apis.items()):
        yield from _of_api(estate, name, file)
        for thing in file.system_of_record_for:
            key = (f"object:{record(thing)}", f"system:{system_of(estate, file.upstream)}")
            records.setdefault(key, []).append(name)
    for (source, target), through in sorted(records.items()):
        yield Edge(source, target, "record-in", tuple(through))


def _of_api(estate: Estate, name: str, api: ApiFile) -> Iterator[Edge]:
    served: dict[str, set[str]] = {}
    for version, entry in api.versions.items():
        if entry.state != "retired":
            served.setdefault(system_of(estate, entry.upstream or api.upstream), set()).add(version)
    for system, versions in sorted(served.items()):
        yield Edge(f"api:{name}", f"system:{system}", "served-by", _sorted(versions))
    for thing in sorted({record(each) for each in (*api.system_of_record_for, *api.business_objects)}):
        yield Edge(f"api:{name}", f"object:{thing}", "carries", ())


def _sorted(versions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(versions, key=lambda each: (len(each), each)))
