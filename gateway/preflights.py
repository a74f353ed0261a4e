"""CORS preflights (Fetch standard, §3.2.2): `OPTIONS` at a path whose contract has no such method.

A preflight is about a request that is to come. Of its operation the policy `cors` alone is asked, and what that
does not answer is no preflight to anybody else: no stage behind it ever sees it.
"""

from collections.abc import Mapping

from gateway.routes import Route, ServedOperation
from policies import cors
from policies.exchange import Exchange
from policies.verdict import Stage


def asked_about(exchange: Exchange, methods: Mapping[str, ServedOperation]) -> ServedOperation | None:
    """The operation of the request that is to come; None where this is no preflight, or the contract has none."""
    method = cors.asked_method(exchange)
    if method is None:
        return None
    return methods.get(method) or (methods.get("GET") if method == "HEAD" else None)


def stage_of(route: Route) -> tuple[int, Stage] | None:
    """The stage of `cors` on an operation, and its place."""
    stages = route.stages
    if cors.POLICY not in stages.policies:
        return None
    index = stages.policies.index(cors.POLICY)
    return index, stages.every[index]


def tell(exchange: Exchange, route: Route) -> None:
    """Adds to a refusal that comes before all stages what a browser needs to show it to the page."""
    found = stage_of(route)
    if found is not None:
        found[1](exchange)
