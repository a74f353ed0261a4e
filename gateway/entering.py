"""Where a request enters: from its target to the operation that the contract has there, or why there is none."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from contracts.problems import Problem, problem
from gateway.routes import Route, ServedOperation
from gateway.runtime import Runtime
from gateway.wire.head import HOP, connection_options
from policies import target
from policies.exchange import Exchange

Found: TypeAlias = tuple[dict[str, ServedOperation], tuple[str, ...]]
"""What a router has at a path: operations by method, and the values of the template's parameters."""

_RETRY: Final = (("retry-after", "1"),)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who refuses before any stage runs, and with what."""

    policy: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Document:
    """A document that the gateway has at this path itself: JSON."""

    data: bytes


NOT_READY: Final = Refusal("routing", problem("not-ready", "No snapshot has arrived yet.", headers=_RETRY))
NOTHING_HERE: Final = Refusal("routing", problem("route-not-found", "No published contract has this path."))


def look_up(exchange: Exchange, runtime: Runtime | None) -> Found | Refusal | Document:
    """Normalises the target, where the listener has not, and finds what is at its path."""
    if runtime is None:
        return NOT_READY
    if not exchange.path:
        normal = target.normalise(exchange.target, exchange.fields.get(b"host", b""), matrix=True)
        if isinstance(normal, Problem):
            return Refusal("target", normal)
        exchange.path, exchange.query = normal
    return runtime.router.match(exchange.path) or _off_the_map(exchange, runtime)


def _off_the_map(exchange: Exchange, runtime: Runtime) -> Found | Refusal | Document:
    """What is found by more than its path."""
    there = runtime.versioned.find(exchange.path)
    if there is not None:
        found = there.match(exchange)
        return Refusal("routing", found) if isinstance(found, Problem) else found
    document = runtime.well_known.get(exchange.path)
    if document is not None and exchange.method in ("GET", "HEAD"):
        return Document(document)
    otherwise = runtime.by_path.find(exchange, runtime.router)
    if otherwise is None:
        return NOTHING_HERE
    return Refusal("routing", otherwise) if isinstance(otherwise, Problem) else otherwise


def switched(exchange: Exchange, runtime: Runtime | None, version: str) -> Found | Refusal:
    """What another version has at the same path. That version may be served by a path of its own by now."""
    there = None if runtime is None else runtime.versioned.find(exchange.path)
    found = None if there is None else there.at(version, exchange)
    if found is None:
        return NOTHING_HERE
    return Refusal("routing", found) if isinstance(found, Problem) else found


def by_method(exchange: Exchange, methods: dict[str, ServedOperation]) -> ServedOperation | None:
    """The operation of the request's method. RFC 9110 §9.3.2: HEAD is what GET would say, without the content."""
    served = methods.get(exchange.method)
    return methods.get("GET") if served is None and exchange.method == "HEAD" else served


def hidden(exchange: Exchange, route: Route) -> Problem | None:
    """The refusal of what names in Connection a field that the contract declares: it would be judged by that field
    and go on without. RFC 9110 §7.6.1: nobody may name one there that is meant for all recipients."""
    named = exchange.fields.get(b"connection")
    if named is None:
        return None
    return None if connection_options(named).isdisjoint(route.judged) else HOP


def not_allowed(exchange: Exchange, methods: dict[str, ServedOperation]) -> Problem:
    """Of a method that the contract does not have at a path; it says which it has (RFC 9110 §15.5.6)."""
    allowed = sorted({*methods, "HEAD"} if "GET" in methods else methods)
    detail = f"The contract has no {exchange.method} here."
    header = (("allow", ", ".join(allowed)),)
    return problem("method-not-allowed", detail, headers=header, allowed=allowed)
