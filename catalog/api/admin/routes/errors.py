"""Calls that failed: `contract/errors.yaml`."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import DEFAULT_LIMIT, Page, cut
from catalog.api.admin.routing import AdminRoute
from catalog.calendar.entries import CurrentView
from catalog.clock import moment
from catalog.publishing.published import CurrentPublished, Published
from catalog.reporting.explaining import explain
from catalog.reporting.failures import FailureQueries, Kept, Sought, sight_of


class FailedCall(msgspec.Struct, frozen=True):
    number: int
    request_id: str
    at: datetime
    api: str
    version: str
    operation: str
    method: str
    path: str
    application: str
    consumer: str
    status: int
    problem: str
    policy: str
    upstream: str
    aborted: bool
    milliseconds: int
    gateway: str
    title: str
    happened: str
    advice: str


class ErrorRoutes:
    """The handlers."""

    def __init__(self, queries: FailureQueries, view: CurrentView, published: CurrentPublished) -> None:
        self._queries = queries
        self._view = view
        self._published = published
        self._paths: tuple[Published | None, Mapping[tuple[str, str, str], str]] = (None, {})
        self.routes = (AdminRoute("listErrors", self.list_errors),)

    async def list_errors(self, request: AdminRequest) -> Result:
        query = request.query
        limit: int = query.get("limit", DEFAULT_LIMIT)
        after: str | None = query.get("after")
        if after is not None and not (after.isdecimal() and len(after) < 19):
            return Page[FailedCall]((), None)  # behind what is no number of ours comes nothing
        sought = Sought(
            query.get("request_id", ""),
            query.get("application", ""),
            query.get("api", ""),
            query.get("version", ""),
            None if after is None else int(after),
        )
        sight = sight_of(request.principal, self._view())
        found = await self._queries.find(sought, sight, limit + 1)
        shown = [self._shown(each, with_gateway=sight.everything) for each in found]
        return cut(shown, limit, lambda each: str(each.number))

    def _shown(self, kept: Kept, *, with_gateway: bool) -> FailedCall:
        failure, explained = kept.failure, explain(kept.failure)
        return FailedCall(
            number=kept.number,
            request_id=failure.request_id,
            at=moment(failure.at),
            api=failure.api,
            version=failure.version,
            operation=failure.operation,
            method=failure.method,
            path=self._templates().get((failure.api, failure.version, failure.operation), ""),
            application=failure.application,
            consumer=failure.consumer,
            status=failure.status,
            problem=failure.problem,
            policy=failure.policy,
            upstream=failure.upstream,
            aborted=failure.aborted,
            milliseconds=failure.milliseconds,
            gateway=kept.gateway if with_gateway else "",
            title=explained.title,
            happened=explained.happened,
            advice=explained.advice,
        )

    def _templates(self) -> Mapping[tuple[str, str, str], str]:
        """The paths of the operations in force, put together once for each snapshot."""
        published = self._published()
        if self._paths[0] is not published or published is None:
            versions = () if published is None else published.contracts.versions
            templates = {
                (version.api, version.version, operation.id): version.base_path + operation.path
                for version in versions
                for operation in version.operations
            }
            self._paths = (published, templates)
        return self._paths[1]
