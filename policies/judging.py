"""What `ostiary check` asks about settings of policies, answered by those that are installed."""

from collections.abc import Iterable, Mapping

import msgspec

from contracts.operations import ApiVersion, Operation
from contracts.policy_settings import MODES, Mode, PolicyUse
from contracts.surroundings import Surroundings
from policies.installed import find, installed
from policies.policy import PolicyConfig, Setting


class InstalledPolicies:
    """Implements `contracts.estate.policy_rules.PolicyJudge`. Raises PluginError when it is made: also what sets
    nothing of a broken plug-in is not judged without it."""

    def __init__(self) -> None:
        installed()

    def names(self) -> Iterable[str]:
        return [policy.id for policy in installed()]

    def config(self, policy: str, /) -> type[PolicyConfig] | None:
        found = find(policy)
        return None if found is None else found.config

    def modes(self, policy: str, /) -> tuple[Mode, ...]:
        found = find(policy)
        return MODES if found is None else found.modes

    def upstreams(self, use: PolicyUse, /) -> Mapping[str, str]:
        policy = find(use.policy)
        if policy is None:
            return {}
        try:
            return policy.upstreams(msgspec.convert(use.config, policy.config))
        except msgspec.ValidationError:
            return {}  # `faults` says it

    def faults(
        self,
        use: PolicyUse,
        plan: str,
        version: ApiVersion,
        operation: Operation,
        around: Surroundings,
        /,
    ) -> Iterable[tuple[str, str, bool]]:
        policy = find(use.policy)
        if policy is None:
            return
        try:
            config = msgspec.convert(use.config, policy.config)
        except msgspec.ValidationError as error:
            yield "", str(error), True  # a key that no layer gives
            return
        setting = Setting(config, use.mode or policy.mode, plan, use.consumers, around)
        for fault in policy.check(setting, version, operation):
            yield fault.pointer, fault.message, fault.certain
