"""Where in the estate the cause of a decision stands.

What settings say knows where it was set; the rest is found by what each of our policies reads. A ground may be one
that is not there (an operation without `security` of its own): who looks for its place finds none.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.documents.document import escape, unescape
from contracts.estate.loading import API, APIS, CONSUMERS, CONTRACT, ESTATE
from contracts.openapi.extensions import LIMIT, UPSTREAM, WEBSOCKET
from contracts.openapi.object_rules import RULE
from contracts.operations import ApiVersion, Operation
from contracts.policy_settings import PolicyUse, over
from contracts.problems import Problem
from contracts.snapshot import Subscription
from policies import (
    api_version,
    authentication,
    body_limits,
    content_digest,
    lifecycle,
    rate_limit,
    request_content,
    request_schema,
    response_schema,
    sender_constraint,
    subscription,
    websocket,
)

ROUTING: Final = "routing"
UPSTREAM_STEP: Final = "upstream"
"""What is no policy, and has its causes too."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A value of a file by its JSON pointer, the first that is there of several. With `parameter` (its location
    and name) it is that one among the parameters of the operation at the pointer, or of the path above it."""

    file: str
    pointers: tuple[str, ...]
    parameter: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a request when a policy decides. `files` are those of its API."""

    version: ApiVersion
    operation: Operation
    files: frozenset[str]
    application: str = ""
    consumer: str = ""
    subscription: Subscription | None = None
    position: int = 0
    """The subscription's place among those of the application."""

    @property
    def plan(self) -> str:
        return "" if self.subscription is None else self.subscription.plan

    @property
    def contract(self) -> str:
        """The file of the version's contract."""
        folder = f"{APIS}/{self.version.api}/"
        for file in sorted(self.files):
            match = CONTRACT.fullmatch(file.removeprefix(folder))
            if match is not None and match["version"] == self.version.version:
                return file
        return folder

    def in_operation(self, *keys: str) -> tuple[Ground, ...]:
        """Members of the operation."""
        return tuple(Ground(self.contract, (f"{self.operation.pointer}/{escape(key)}",)) for key in keys)

    def in_either(self, key: str) -> tuple[Ground, ...]:
        """A member of the operation, or where it has none that of the document."""
        name = escape(key)
        return (Ground(self.contract, (f"{self.operation.pointer}/{name}", f"/{name}")),)

    def in_api(self, *pointers: str) -> tuple[Ground, ...]:
        return (Ground(f"{APIS}/{self.version.api}/{API}", pointers),)

    def in_application(self, pointer: str = "") -> tuple[Ground, ...]:
        if not self.application:
            return ()
        above = f"/consumers/{escape(self.consumer)}/applications/{escape(self.application)}"
        return (Ground(CONSUMERS, (above + pointer,)),)


def _of_the_subscription(known: Situation) -> tuple[Ground, ...]:
    own = "" if known.subscription is None else f"/subscriptions/{known.position}"
    return (*known.in_application(own), *known.in_either("security"))


def _of_the_limits(known: Situation) -> tuple[Ground, ...]:
    plan = (Ground(ESTATE, (f"/plans/{escape(known.plan)}/limits",)),) if known.plan else ()
    return (*plan, *known.in_either(LIMIT))


def _of_the_body(known: Situation) -> tuple[Ground, ...]:
    return (*known.in_operation("requestBody"), *known.in_either(LIMIT))


_READ: Final[Mapping[str, Callable[[Situation], tuple[Ground, ...]]]] = {
    ROUTING: lambda known: (Ground(known.contract, (known.operation.pointer,)),),
    api_version.POLICY: lambda known: (*known.in_api("/versioning"), *known.in_application("/pinned")),
    authentication.POLICY: lambda known: known.in_either("security"),
    sender_constraint.POLICY: lambda known: known.in_application("/oauth"),
    subscription.POLICY: _of_the_subscription,
    rate_limit.POLICY: _of_the_limits,
    lifecycle.POLICY: lambda known: known.in_api(f"/versions/{known.version.version}"),
    body_limits.POLICY: _of_the_body,
    websocket.POLICY: lambda known: known.in_operation(WEBSOCKET),
    content_digest.POLICY: lambda known: known.in_either("security"),
    request_content.POLICY: lambda known: known.in_operation("requestBody"),
    request_schema.POLICY: lambda known: known.in_operation("parameters", "requestBody"),
    response_schema.POLICY: lambda known: known.in_operation("responses"),
    "object-rule": lambda known: known.in_either(RULE),
    UPSTREAM_STEP: lambda known: (
        *known.in_either(UPSTREAM),
        *known.in_api(f"/versions/{known.version.version}/upstream", "/upstream"),
    ),
}


def grounds(
    policy: str, known: Situation, use: PolicyUse | None, refusal: Problem | None = None
) -> tuple[Ground, ...]:
    """The nearest first: what was violated, what is set, and what the policy reads of the estate."""
    read = _READ.get(policy)
    found = [
        *(_violated(known, refusal) if refusal is not None else ()),
        *(_set_in(source) for source in reversed(use.sources if use is not None else ())),
        *(read(known) if read is not None else ()),
    ]
    return tuple(dict.fromkeys(found))


def _set_in(source: str) -> Ground:
    file, _, pointer = source.partition("#")
    return Ground(file, (pointer,))


def _violated(known: Situation, refusal: Problem) -> Iterator[Ground]:
    """The parameters and the body of which a refusal says that they do not match."""
    members: Any = refusal.extensions.get("violations", ())
    for member in members:
        if member["in"] == "body":
            yield from known.in_operation("requestBody")
        else:
            name = unescape(member["pointer"].partition("/")[2].partition("/")[0])
            yield Ground(known.contract, (known.operation.pointer,), (member["in"], name))


def use_of(
    policy: str, operation: Operation, plans: Mapping[str, tuple[PolicyUse, ...]], plan: str
) -> PolicyUse | None:
    """What is set of a policy on an operation, for those under a plan; None where nothing is."""
    below = next((use for use in operation.policies if use.policy == policy), None)
    above = next((use for use in plans.get(plan, ()) if use.policy == policy), None)
    if above is None:
        return below
    return above if below is None else over(below, above)
