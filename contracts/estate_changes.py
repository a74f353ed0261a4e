"""What an estate asks of its changes: the `changes` key of `ostiary.yaml`, as typed values."""

from typing import Annotated, Literal

import msgspec

from contracts.estate_words import Classification, Criticality, Date, EstateStruct, Governance, Name, Role

Touch = Literal[
    "new-api",
    "removed-api",
    "new-version",
    "removed-version",
    "deprecation",
    "reinstatement",
    "retirement",
    "revival",
    "withdrawal",
    "owner",
    "classification",
    "criticality",
    "governance",
    "upstream",
    "policies",
    "suppressions",
    "people",
    "rules",
    "upstreams",
    "plans",
    "consumers",
    "issuers",
]
"""What a change does besides changing contracts; `docs/guides/changes.md` says what each means."""


class WhenEntry(EstateStruct, frozen=True):
    """For which changes a rule holds: those that fit every key that is given, each by one of its values."""

    unit: tuple[Literal["api", "estate"], ...] = ()
    apis: tuple[Name, ...] = ()
    verdict: tuple[Literal["breaking", "undecided", "compatible"], ...] = ()
    lint: tuple[Literal["errors", "warnings", "clean"], ...] = ()
    touches: tuple[Touch, ...] = ()
    classification: tuple[Classification, ...] = ()
    criticality: tuple[Criticality, ...] = ()
    governance: tuple[Governance, ...] = ()


class ApproversEntry(EstateStruct, frozen=True):
    """How many people have to approve, in which role, and of which teams."""

    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1)]
    count: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    of: Literal["governance", "anyone", "owner", "domain"] = "governance"


class RequireEntry(EstateStruct, frozen=True):
    """What such a change needs. Nothing is fine too: then the rule only shows that it was thought of."""

    approvals: tuple[ApproversEntry, ...] = ()
    waived: tuple[Literal["breaking", "undecided", "lint"], ...] = ()


class ApprovalRule(EstateStruct, frozen=True):
    """One rule. All that fit a change hold for it."""

    name: Name
    when: WhenEntry = WhenEntry()
    require: RequireEntry = RequireEntry()
    reason: str = ""


class FreezeWindow(EstateStruct, frozen=True):
    """A time in which nothing is published but emergencies; `except` names units that it spares. In UTC."""

    start: Date = msgspec.field(name="from")
    until: Date
    reason: str
    spared: tuple[Name, ...] = msgspec.field(name="except", default=())


def _rule(
    name: str,
    when: WhenEntry,
    reason: str,
    *approvals: ApproversEntry,
    waived: tuple[Literal["breaking", "undecided", "lint"], ...] = (),
) -> ApprovalRule:
    return ApprovalRule(name, when, RequireEntry(approvals, waived), reason)


_DECIDED_TOGETHER: tuple[Governance, ...] = ("centralised", "federated")
_ARCHITECT = ApproversEntry(("architect",))
_SECURITY = ApproversEntry(("security",), of="anyone")

DEFAULT_RULES: tuple[ApprovalRule, ...] = (
    _rule(
        "breaking",
        WhenEntry(verdict=("breaking",)),
        "What breaks consumers goes into a new version, or is waived for each of them.",
        waived=("breaking",),
    ),
    _rule("lint", WhenEntry(lint=("errors",)), "A rule that is broken is broken on purpose.", waived=("lint",)),
    _rule(
        "undecided",
        WhenEntry(verdict=("undecided",), governance=_DECIDED_TOGETHER),
        "Where no tool can tell whether it breaks consumers, somebody decides.",
        _ARCHITECT,
    ),
    _rule(
        "undecided-alone",
        WhenEntry(verdict=("undecided",), governance=("decentralised",)),
        "Where nobody is asked, what no tool can tell counts as breaking.",
        waived=("undecided",),
    ),
    _rule(
        "new-api",
        WhenEntry(touches=("new-api",), governance=_DECIDED_TOGETHER),
        "Whoever opens an API promises to keep it.",
        _ARCHITECT,
    ),
    _rule(
        "lifecycle",
        WhenEntry(
            touches=("deprecation", "reinstatement", "retirement", "revival", "removed-version", "removed-api"),
            governance=_DECIDED_TOGETHER,
        ),
        "When a version ends, and whether it does, is a promise to consumers.",
        _ARCHITECT,
    ),
    _rule(
        "bar",
        WhenEntry(touches=("owner", "governance", "criticality", "suppressions")),
        "Nobody lowers the bar for their own changes.",
        ApproversEntry(("architect",), of="anyone"),
    ),
    _rule(
        "classification",
        WhenEntry(touches=("classification",)),
        "Who may see data is decided by those who answer for it.",
        _SECURITY,
    ),
    _rule(
        "policies",
        WhenEntry(touches=("policies",)),
        "What is refused, and what is let pass, is a matter of security.",
        _SECURITY,
    ),
    _rule(
        "restricted",
        WhenEntry(classification=("restricted",), governance=_DECIDED_TOGETHER),
        "Restricted data has a second pair of eyes.",
        _SECURITY,
    ),
    _rule(
        "critical",
        WhenEntry(criticality=(1,), governance=_DECIDED_TOGETHER),
        "What the business stops without is looked at twice.",
        ApproversEntry(("architect",), 2),
    ),
    _rule(
        "estate",
        WhenEntry(unit=("estate",)),
        "Upstreams, plans, people and consumers concern every API.",
        ApproversEntry(("architect", "operator"), of="anyone"),
    ),
    _rule(
        "people",
        WhenEntry(touches=("people", "rules", "issuers")),
        "Who may decide, by which rules, and whose tokens open the gateway, is a matter of security.",
        _SECURITY,
    ),
)
"""What holds in an estate that has no rules of its own."""


class ChangesEntry(EstateStruct, frozen=True):
    """What changes need. Days; `approval` takes the place of the default rules as a whole."""

    approval: tuple[ApprovalRule, ...] = DEFAULT_RULES
    freeze_windows: tuple[FreezeWindow, ...] = ()
    waiver_max_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 180
    waiver_notice_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 14
    emergency_review_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 3
