"""The access part in force, indexed for the request path."""

from collections.abc import Mapping

from contracts.snapshot import Application


class AccessView:
    """Implements `policies.ports.Access`. `swap` replaces all of it between two requests."""

    __slots__ = ("applications", "generation")

    def __init__(self) -> None:
        self.applications: Mapping[str, Application] = {}
        self.generation = 0

    def swap(self, applications: Mapping[str, Application]) -> None:
        """`applications` are by client id."""
        self.applications = applications
        self.generation += 1
