"""A retry budget (as in Finagle and gRPC): retries are a share of the requests, so that they cannot make a storm.

Each request adds `ratio` of a retry, each retry takes a whole one. What was saved is bounded.
"""

from typing import Final

SAVED: Final = 50.0
"""The most retries that can be saved up, and what a budget begins with: enough for all the calls that meet a
target at the moment in which it dies."""


class RetryBudget:
    """Of `n` requests no more than `ratio * n + SAVED` are ever retried."""

    __slots__ = ("_ratio", "_tokens", "denied", "taken")

    def __init__(self, ratio: float) -> None:
        self._ratio = ratio
        self._tokens = SAVED if ratio else 0.0
        self.taken = 0
        self.denied = 0

    def request(self) -> None:
        """A request, whether it will be retried or not."""
        tokens = self._tokens + self._ratio
        self._tokens = tokens if tokens < SAVED else SAVED if self._ratio else 0.0

    def take(self) -> bool:
        """Takes one retry, if there is one."""
        if self._tokens < 1.0:
            self.denied += 1
            return False
        self._tokens -= 1.0
        self.taken += 1
        return True
