"""Object rules: who may touch what, in CEL (https://cel.dev), over what a call says of itself.

`claims.partner_id == path.partner_id` lets partners at their own things. A rule is compiled when it is bound; its
types, the names in it and its cost are checked offline. Where it cannot be decided (a claim that is not there, a
value that is not what the contract says) the call is refused: a rule that has no word never lets anybody through.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, field

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.exchange import Exchange
from policies.object_rules.cost import BUDGET
from policies.object_rules.declared import Declared
from policies.object_rules.request import BODY, ClaimType, declared_values, given_values
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Clock, Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

if TYPE_CHECKING:
    from policies.object_rules.program import Rule

POLICY: Final = "object-rule"

EXAMPLE: Final = """\
claims:
  partner_id: string
  roles: strings
rules:
  - rule: claims.partner_id == consumer || "support" in claims.roles
    message: Partners see their own orders.
"""

_NO_WORD: Final = "A rule of the contract cannot be decided for this call, so that it is refused."


class RuleEntry(PolicyConfig, frozen=True):
    """One rule. All of them have to hold."""

    rule: Annotated[str, Meta(min_length=1, max_length=2_000)]
    """An expression in CEL that is true for the calls that are let through."""
    message: Annotated[str, Meta(max_length=200)] = "A rule of the contract does not admit this call."
    """What a caller is told where it is not."""


class ObjectRuleConfig(PolicyConfig, frozen=True):
    """Settings of `object-rule`. In a contract, `x-ostiary-rule` is short for its `rules`."""

    rules: Annotated[tuple[RuleEntry, ...], Meta(max_length=20)] = ()
    """The rules."""
    claims: dict[str, ClaimType] = field(default_factory=dict)
    """The claims that rules may read, with their types; none: any claim, of any type."""


def bind(config: ObjectRuleConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None without rules. Raises RuleError."""
    if not config.rules:
        return None
    # The library is large, and most gateways have no rules.
    from policies.object_rules.program import Rule, RuleError

    declared = declared_values(version, operation, config.claims)
    rules = tuple((Rule(entry.rule, declared), entry.message) for entry in config.rules)
    if fault := _too_dear(rule for rule, _ in rules):
        raise RuleError(fault)
    return RuleCheck(rules, declared.get(BODY), ports.clock).check


def check(setting: Setting[ObjectRuleConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """Rules with unknown names or wrong types, those that could cost too much, and any that would refuse all."""
    from policies.object_rules.program import Rule, RuleError, check_types

    declared = declared_values(version, operation, setting.config.claims)
    rules: list[Rule] = []
    for index, entry in enumerate(setting.config.rules):
        try:
            check_types(entry.rule, declared)
            rules.append(Rule(entry.rule, declared))
        except RuleError as error:
            yield Fault(f"/rules/{index}/rule", str(error))
    if fault := _too_dear(rules):
        yield Fault("/rules", fault)
    if setting.config.rules:
        yield from _unread(operation)


def _too_dear(rules: "Iterable[Rule]") -> str:
    cost = sum(rule.cost for rule in rules)
    return f"all rules together may cost {cost} units, more than {BUDGET}" if cost > BUDGET else ""


def _unread(operation: Operation) -> Iterator[Fault]:
    for use in operation.policies:
        if use.policy == "request-schema" and "off" in (use.mode, *use.consumers.values()):
            yield Fault("", "`request-schema` is off here: nobody reads what rules are about")


class RuleCheck:
    """All rules of an operation. Reads what `authentication` and `request-schema` have set."""

    __slots__ = ("_body", "_clock", "_rules")

    def __init__(self, rules: "tuple[tuple[Rule, str], ...]", body: Declared | None, clock: Clock) -> None:
        self._body = body
        self._clock = clock
        self._rules = tuple(
            (
                rule,
                Deny(POLICY, problem("object-rule-denied", message, decided=True)),
                Deny(POLICY, problem("object-rule-denied", _NO_WORD, decided=False)),
            )
            for rule, message in rules
        )

    def check(self, exchange: Exchange) -> Verdict:
        given = given_values(exchange, self._body)
        now = self._clock()
        for rule, denied, undecided in self._rules:
            word = rule.admits(given, now)
            if word is not True:
                return denied if word is False else undecided
        return ALLOW
