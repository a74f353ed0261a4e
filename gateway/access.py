"""The access part in force, indexed for the request path."""

from collections.abc import Mapping

from contracts.snapshot import Application
from policies.revocation import NOTHING, Revocations


class AccessView:
    """Implements `policies.ports.Access`. `swap` replaces all of it between two requests."""

    __slots__ = ("applications", "generation", "revocations")

    def __init__(self) -> None:
        self.applications: Mapping[str, Application] = {}
        self.revocations = NOTHING
        self.generation = 0

    def swap(self, applications: Mapping[str, Application], revocations: Revocations = NOTHING) -> None:
        """`applications` are by client id."""
        self.applications = applications
        self.revocations = revocations
        self.generation += 1
