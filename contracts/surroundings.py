"""What there is around an operation, for settings of policies that say something of others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from contracts.findings import Place
from contracts.operations import ApiVersion


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`versions` are all of the operation's API that compile, by name; `consumers` are the estate's. `serving` are
    the upstreams that may get its calls, by name with their tags of residency: its own, and those to which
    policies may have calls sent. `plans` are those for whose calls the settings hold, each with where its limits
    stand, by their names."""

    versions: Mapping[str, ApiVersion] = field(default_factory=dict)
    consumers: Collection[str] = ()
    serving: Mapping[str, str | None] = field(default_factory=dict)
    plans: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)
