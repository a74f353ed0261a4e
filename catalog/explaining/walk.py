"""A request's way through the stages, without a gateway: each is asked, and its decision kept with the cause.

They are the stages themselves, bound as a gateway binds them. Authentication alone is taken for granted where it
is said who calls, since nobody here can sign a token.
"""

from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from catalog.explaining.asked import Asked
from catalog.explaining.destination import Destination, destination
from catalog.explaining.grounds import ROUTING, UPSTREAM_STEP, Ground, Situation, grounds, use_of
from catalog.explaining.ports import NotOffline, offline_ports
from catalog.explaining.routes import Routes, Target
from catalog.explaining.telling import refused, told
from contracts.estate.estate import Estate, access_applications, contracts_part
from contracts.policy_settings import Mode
from contracts.problems import Problem
from policies import authentication, cors, sender_constraint, target
from policies.binding import BoundStages, bind_all
from policies.credentials.api_key import NOT_ALLOWED
from policies.exchange import Exchange, Header
from policies.installed import installed
from policies.modes import chosen
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Reply, Stage, Switch, Verdict

Decision: TypeAlias = Literal[
    "found",
    "granted",
    "allowed",
    "refused",
    "would refuse",
    "answered",
    "goes on as",
    "called",
    "off",
    "undecided",
    "failed",
]
"""`granted`: taken as proved. `undecided`: what it asks cannot be known here. `failed`: it raised."""

ENDS: Final[frozenset[Decision]] = frozenset({"refused", "answered", "failed"})

_PROVED: Final = (authentication.POLICY, sender_constraint.POLICY)


@dataclass(frozen=True, slots=True)
class Step:
    """What one policy decided, in words, and where in the estate the cause stands."""

    policy: str
    decision: Decision
    said: str = ""
    because: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True)
class Walk:
    """The whole way. `problem` is the refusal, if it ended so; `destination` is None where no upstream is called.
    `answer` are the policies that would judge the answer, in their order, and how they hold; `headers` those that
    the client would get of the policies; `unbound` the policies that have nothing to do on the operation."""

    steps: tuple[Step, ...]
    problem: Problem | None = None
    destination: Destination | None = None
    answer: tuple[tuple[str, Mode], ...] = ()
    headers: tuple[Header, ...] = ()
    unbound: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        return self.steps[-1].decision in ("refused", "failed")

    @property
    def undecided(self) -> bool:
        """Whether it ended where it could not be known who calls."""
        return self.steps[-1].decision == "undecided"


class Walker:
    """Walks requests through an estate."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._part = contracts_part(estate)
        self._urls = {each.name: each.url for each in self._part.upstreams}
        self._applications = {each.client_id: each for each in access_applications(estate)}
        self._routes = Routes(self._part.versions)

    async def walk(self, asked: Asked) -> Walk:
        """Raises BadRequest."""
        exchange = asked.exchange(self._part.audience)
        normal = target.normalise(exchange.target, exchange.fields[b"host"], matrix=True)
        if isinstance(normal, Problem):
            return _ended([Step(target.POLICY, "refused", refused(normal))], normal)
        exchange.path, exchange.query = normal
        steps = [Step(target.POLICY, "allowed", exchange.path)]
        found = self._routes.find(exchange)
        if isinstance(found, Problem) and (preflight := self._routes.asked_about(exchange)) is not None:
            answered = await self._preflight(asked, exchange, steps, preflight)
            if answered is not None:
                return answered
        return await self._from(asked, exchange, steps, found)

    async def _preflight(self, asked: Asked, exchange: Exchange, steps: list[Step], about: Target) -> Walk | None:
        """Of the operation that a preflight is about, `cors` alone is asked; None where that has no answer."""
        bound = bind_all(about.version, about.operation, self._ports(asked))
        if cors.POLICY not in bound.policies:
            return None
        known = self._situation(asked, about)
        stage = bound.every[bound.policies.index(cors.POLICY)]
        step, verdict = await self._step(asked, exchange, cors.POLICY, stage, known)
        if step.decision not in ENDS:
            return None
        steps.append(Step(ROUTING, "found", f"a preflight of {_named(about)}", grounds(ROUTING, known, None)))
        refusal = verdict.problem if isinstance(verdict, Deny) else None
        use = use_of(cors.POLICY, about.operation, {}, "")
        steps.append(Step(cors.POLICY, step.decision, step.said, grounds(cors.POLICY, known, use, refusal)))
        return Walk(tuple(steps), refusal)

    def _ports(self, asked: Asked) -> Ports:
        return offline_ports(self._part, self._applications, asked.at)

    async def _from(self, asked: Asked, exchange: Exchange, steps: list[Step], found: Target | Problem) -> Walk:
        if isinstance(found, Problem):
            return _ended([*steps, Step(ROUTING, "refused", refused(found))], found)
        version, operation = found.version, found.operation
        known = self._situation(asked, found)
        steps.append(Step(ROUTING, "found", _named(found), grounds(ROUTING, known, None)))
        ports = self._ports(asked)
        try:
            bound = bind_all(version, operation, ports)
        except Exception as fault:  # a gateway does not start such a version
            said = f"{version.api} {version.version} cannot be bound: {type(fault).__name__}: {fault}"
            return Walk((*steps, Step(ROUTING, "failed", said)))
        for policy, stage in zip(bound.policies, bound.every, strict=True):
            use = use_of(policy, operation, ports.plan_policies, known.plan if exchange.subscription else "")
            step, verdict = await self._step(asked, exchange, policy, stage, known)
            refusal = verdict.problem if isinstance(verdict, Deny) else None
            steps.append(Step(policy, step.decision, step.said, grounds(policy, known, use, refusal)))
            if isinstance(verdict, Switch):
                return await self._from(asked, exchange, steps, self._routes.at(verdict.version, exchange))
            if step.decision in ENDS or (step.decision == "undecided" and policy == authentication.POLICY):
                # Without knowing who calls there is nothing to ask the others.
                return Walk(tuple(steps), refusal, headers=tuple(exchange.answer_headers), unbound=_unbound(bound))
        going = destination(exchange, found, self._urls)
        said = f"{going.upstream}: {going.method} {going.where}"
        steps.append(Step(UPSTREAM_STEP, "called", said, grounds(UPSTREAM_STEP, known, None)))
        return Walk(
            tuple(steps),
            destination=going,
            answer=tuple(_judging(bound, exchange)),
            headers=tuple(exchange.answer_headers),
            unbound=_unbound(bound),
        )

    async def _step(
        self, asked: Asked, exchange: Exchange, policy: str, stage: Stage, known: Situation
    ) -> tuple[Step, Verdict]:
        """The step without its causes, and the verdict that counts."""
        if policy in _PROVED and asked.caller is not None:
            return self._granted(asked, exchange, policy, known)
        at_work, mode = chosen(stage, exchange)
        if at_work is None:
            return Step(policy, "off"), ALLOW
        try:
            pending = at_work(exchange)
            verdict = await pending if isinstance(pending, Awaitable) else pending
        except NotOffline as reason:
            return Step(policy, "undecided", str(reason)), ALLOW
        except Exception as fault:
            return Step(policy, "failed", f"{type(fault).__name__}: {fault}"), ALLOW
        if isinstance(verdict, Switch):
            return Step(policy, "goes on as", verdict.version), verdict
        if verdict is ALLOW:
            return Step(policy, "allowed", told(policy, exchange)), verdict
        if isinstance(verdict, Reply):
            said = f"{verdict.answer.status}, by the gateway itself"
        else:
            assert isinstance(verdict, Deny)
            if policy == authentication.POLICY and verdict.problem.type.id == "issuer-unavailable":
                return Step(policy, "undecided", "what keys are checked with is needed"), ALLOW
            said = refused(verdict.problem)
        if mode == "report":
            return Step(policy, "would refuse", said), ALLOW
        return Step(policy, "answered" if isinstance(verdict, Reply) else "refused", said), verdict

    def _granted(self, asked: Asked, exchange: Exchange, policy: str, known: Situation) -> tuple[Step, Verdict]:
        """In place of a proof that nobody here can give. That a plan takes no API keys is known all the same."""
        caller = asked.caller
        assert caller is not None
        if policy == sender_constraint.POLICY:
            return Step(policy, "granted", "that the token is the caller's, if it is bound to a key"), ALLOW
        by_key = known.operation.api_key is not None and not known.operation.scopes
        if by_key and known.subscription is not None and known.plan not in self._ports(asked).key_plans:
            return Step(policy, "refused", refused(NOT_ALLOWED.problem)), NOT_ALLOWED
        granted = frozenset() if known.subscription is None else frozenset(known.subscription.scopes)
        principal = caller.principal(granted, asked.at, "urn:ostiary:explain", by_key=by_key)
        exchange.principal = principal
        kind = "an API key" if by_key else "a token"
        scopes = " ".join(sorted(principal.scopes)) or "no scope"
        said = f"{kind} of {caller.application} ({caller.consumer}) with {scopes}"
        return Step(policy, "granted", said), ALLOW

    def _situation(self, asked: Asked, found: Target) -> Situation:
        version, caller = found.version, asked.caller
        files = self._estate.files.get(version.api, frozenset())
        if caller is None:
            return Situation(version, found.operation, files)
        entry = self._estate.consumers.consumers[caller.consumer].applications[caller.application]
        for position, each in enumerate(entry.subscriptions):
            if (each.api, each.version) == (version.api, version.version):
                application = self._applications[caller.application]
                subscription = next(
                    one for one in application.subscriptions if (one.api, one.version) == (each.api, each.version)
                )
                return Situation(
                    version, found.operation, files, caller.application, caller.consumer, subscription, position
                )
        return Situation(version, found.operation, files, caller.application, caller.consumer)


def _ended(steps: list[Step], refusal: Problem) -> Walk:
    return Walk(tuple(steps), refusal)


def _named(found: Target) -> str:
    version, operation = found.version, found.operation
    return (
        f"{version.api} {version.version} {operation.id}: {operation.method} {version.base_path}{operation.path}"
    )


def _judging(bound: BoundStages, exchange: Exchange) -> Iterator[tuple[str, Mode]]:
    for each in bound.filters:
        at_work, mode = each.choose(exchange)
        if at_work is not None:
            yield each.policy, mode
    for policy in bound.reporters:
        yield policy, "report"


def _unbound(bound: BoundStages) -> tuple[str, ...]:
    there = {*bound.policies, *(each.policy for each in bound.filters), *bound.reporters}
    return tuple(each.id for each in installed() if each.id not in there)
