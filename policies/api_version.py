"""The version of an API that a date stands for: the date to which the application that calls is pinned.

Who calls is known only after authentication, which belongs to an operation of some version. Where the request
names no date itself and the application's leads to another version than that one's, the exchange goes on as that
one's. So it does as the default's where the version only stood in for it and nobody is pinned.
"""

from typing import Final

from contracts.operations import ApiVersion, Operation, VersionChoice
from policies.answer import Answer, Wish
from policies.exchange import Exchange
from policies.ports import Access, Ports
from policies.verdict import ALLOW, AnswerFilter, Deny, Stage, Switch, Verdict
from policies.version_choice import released_by

POLICY: Final = "api-version"


def bind(version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None where the version is not chosen by a date."""
    choice = version.choice
    if choice is None or choice.by != "date":
        return None
    return by_default if operation.public else PinnedVersion(version, choice, ports.access).check


def bind_answer(version: ApiVersion, operation: Operation, ports: Ports) -> AnswerFilter | None:
    """None where the version is chosen by the path."""
    return None if version.choice is None else OwnWord(version.choice.header)


class OwnWord:
    """Which version has served a request the gateway says, and no upstream beside it."""

    __slots__ = ("_header",)

    def __init__(self, header: str) -> None:
        self._header = header.lower().encode("ascii")

    def head(self, exchange: Exchange, answer: Answer, /) -> Wish | Deny:
        answer.without(self._header)
        return Wish.PASS

    def body(self, exchange: Exchange, answer: Answer, /) -> Deny | None:
        return None


def by_default(exchange: Exchange) -> Verdict:
    """Of a caller who is pinned to no date, or of whom nobody asks: see `VersionedApi.match`."""
    default = exchange.noted(POLICY)
    return ALLOW if default is None else Switch(default)


class PinnedVersion:
    """Reads `exchange.principal`."""

    __slots__ = ("_access", "_api", "_choice", "_header", "_version")

    def __init__(self, version: ApiVersion, choice: VersionChoice, access: Access) -> None:
        self._api = version.api
        self._version = version.version
        self._choice = choice
        self._header = choice.header.lower().encode("ascii")
        self._access = access

    def check(self, exchange: Exchange) -> Verdict:
        principal = exchange.principal
        assert principal is not None
        if self._header in exchange.fields:
            return ALLOW
        application = self._access.applications.get(principal.client_id)
        date = None if application is None else application.pinned.get(self._api)
        if date is None:
            return by_default(exchange)
        # A date before the first version is not published; the version that stands in is then as good as any.
        pinned = released_by(self._choice, date) or self._version
        return ALLOW if pinned == self._version else Switch(pinned)
