"""The access part in force, indexed for the request path."""

from collections.abc import Mapping

from contracts.snapshot import AccessPart, Application


class AccessView:
    """Implements `policies.ports.Access`. `swap` replaces all of it between two requests."""

    __slots__ = ("_applications", "_generation")

    def __init__(self) -> None:
        self._applications: Mapping[str, Application] = {}
        self._generation = 0

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def applications(self) -> Mapping[str, Application]:
        return self._applications

    def swap(self, part: AccessPart) -> None:
        self._applications = {application.client_id: application for application in part.applications}
        self._generation += 1
