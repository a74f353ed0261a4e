"""A small estate for tests of the calendar, without a file."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from contracts.estate_files import (
    ApiFile,
    ApplicationEntry,
    ConsumerEntry,
    ConsumersFile,
    DeprecationPolicyEntry,
    EstateFile,
    MemberEntry,
    SubscriptionEntry,
    TeamEntry,
    TeamsFile,
    VersionEntry,
)
from contracts.operations import ApiVersion, Lifecycle
from tests.support.policy_world import version

DAY = 86_400
SUNSET = 1_814_400_000  # 2027-07-01
DEPRECATION = SUNSET - 181 * DAY  # 2027-01-01

POLICY = DeprecationPolicyEntry(notice_days=90, extension_max_days=60)


def member(name: str, *roles: Any) -> MemberEntry:
    return MemberEntry(name, f"{name}@acme.example", roles)


TEAMS = TeamsFile(
    {
        "sales": TeamEntry(
            "Sales",
            "sales@acme.example",
            {"ines": member("ines", "api-owner"), "olga": member("olga", "api-owner"), "dev": member("dev")},
        ),
        "architecture": TeamEntry(
            "Architecture",
            "architecture@acme.example",
            {"ada": member("ada", "architect"), "alan": member("alan", "architect", "api-owner")},
        ),
    }
)


def application(*versions: str) -> ApplicationEntry:
    return ApplicationEntry(
        "An application", tuple(SubscriptionEntry("orders", each, "gold") for each in versions)
    )


def federated(view: "View") -> None:
    """From now on the orders API governs itself, with an architect of its own."""
    sales = TEAMS.teams["sales"]
    members = {**sales.members, "alma": member("alma", "architect")}
    view.teams = TeamsFile({**TEAMS.teams, "sales": msgspec.structs.replace(sales, members=members)})
    view.apis["orders"] = msgspec.structs.replace(view.apis["orders"], governance="federated")


CONSUMERS = ConsumersFile(
    {
        "shop": ConsumerEntry("Shop", "dev@shop.example", {"shop-web": application("v1", "v2")}, "shop"),
        "carrier": ConsumerEntry(
            "Carrier", "it@carrier.example", {"carrier-app": application("v1"), "carrier-bot": application("v1")}
        ),
        "other": ConsumerEntry("Other", "it@other.example", {"other-app": application("v2")}),
    }
)

ENDING = Lifecycle("deprecated", DEPRECATION, SUNSET, "v2", "https://docs.example/v2")


@dataclass
class View:
    """What `EstateView` asks for; change what a test is about."""

    v1: Lifecycle = ENDING
    policy: DeprecationPolicyEntry | None = POLICY
    consumers: ConsumersFile = CONSUMERS
    teams: TeamsFile = TEAMS
    more: tuple[ApiVersion, ...] = ()
    apis: dict[str, ApiFile] = field(
        default_factory=lambda: {
            name: ApiFile(name.title(), "sales", "sales@acme.example", "erp", "internal", {"v1": VersionEntry()})
            for name in ("orders", "books")
        }
    )

    @property
    def file(self) -> EstateFile:
        return EstateFile("acme", {}, {}, deprecation_policy=self.policy)

    @property
    def versions(self) -> tuple[ApiVersion, ...]:
        return (version(lifecycle=self.v1), version(version="v2", base_path="/orders/v2"), *self.more)
