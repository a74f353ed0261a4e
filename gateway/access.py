"""The access part in force, as the request path reads it."""

from collections.abc import Mapping

from contracts.snapshot import Application
from gateway.access_index import AccessIndex
from policies.credentials.known_keys import KnownKey
from policies.credentials.revocation import NOTHING, Revocations


class AccessView:
    """Implements `policies.ports.Access`. `swap` replaces all of it between two requests."""

    __slots__ = ("applications", "generation", "identities", "keys", "revocations")

    def __init__(self) -> None:
        self.applications: Mapping[str, Application] = {}
        self.identities: Mapping[tuple[str, str], Application] = {}
        self.keys: Mapping[str, KnownKey] = {}
        self.revocations: Revocations = NOTHING
        self.generation = 0

    def swap(self, index: AccessIndex) -> None:
        """A part that is settled. What was verified under the one before is verified again: a change of one
        application may be what ends a token, and to find out whose tokens it does not touch would have to be right
        each time, to save each client one verification of 90 µs."""
        self.applications = index.applications
        self.identities = index.identities
        self.keys = index.keys
        self.revocations = index.revocations
        self.generation += 1
