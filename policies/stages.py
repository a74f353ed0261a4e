"""The order of the policies, written once, with the reason beside each.

Before the first of them, the listener has refused what is no sound message, `policies.target` has made the path
one string, and the router has found the operation. After the last, the upstream is called. Its answer passes the
policies in the opposite order, those that have something to do on answers.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from contracts.operations import ApiVersion, Operation
from policies import (
    api_version,
    authentication,
    body_limits,
    canary,
    classification,
    content_digest,
    idempotency,
    lifecycle,
    mirror,
    network,
    object_rule,
    rate_limit,
    request_content,
    request_schema,
    response_schema,
    sender_constraint,
    subscription,
    websocket,
)
from policies.limits import settings as limit_settings
from policies.policy import ENFORCED, SWITCHED, NoConfig, Phase, Policy
from policies.ports import Ports
from policies.verdict import Stage

Bind: TypeAlias = Callable[[ApiVersion, Operation, Ports], Stage | None]


def _fixed(bind: Bind) -> Callable[[NoConfig, ApiVersion, Operation, Ports], Stage | None]:
    """Of a policy that has nothing to set."""
    return lambda _config, version, operation, ports: bind(version, operation, ports)


ORDER: Final[tuple[Policy[Any], ...]] = (
    Policy(
        id=authentication.POLICY,
        why="Early: all after it depends on who calls, and a stranger learns nothing but how to get a token.",
        failure="Without its issuer's keys, a token that is not known yet is answered with 503.",
        config=NoConfig,
        phase=Phase.HEAD,
        bind=_fixed(authentication.bind),
        always=True,
        modes=ENFORCED,
    ),
    Policy(
        id=api_version.POLICY,
        why="Once it is known who is pinned; before a proof is used up, or a limit taken, for another version.",
        failure="It reads the access part in force, which is always there.",
        config=NoConfig,
        phase=Phase.HEAD,
        bind=_fixed(api_version.bind),
        always=True,
        modes=ENFORCED,
    ),
    Policy(
        id=sender_constraint.POLICY,
        why="Right after the token: who cannot prove that it is theirs is nobody to whom anything is granted.",
        failure="Without room for used proofs a bound token is refused with 503.",
        config=NoConfig,
        phase=Phase.HEAD,
        bind=_fixed(sender_constraint.bind),
        always=True,
        modes=ENFORCED,
    ),
    Policy(
        id=subscription.POLICY,
        why="Before the limits, so that a call that is not allowed takes nothing from the application's quota.",
        failure="It reads the access part in force, which is always there.",
        config=NoConfig,
        phase=Phase.HEAD,
        bind=_fixed(subscription.bind),
        always=True,
        modes=ENFORCED,
    ),
    Policy(
        id=network.POLICY,
        why="Once it is known which consumer calls; what comes from elsewhere takes nothing of its limits.",
        failure="It depends on nothing else; a client without an address is refused.",
        config=network.NetworkConfig,
        phase=Phase.HEAD,
        bind=network.bind,
        check=network.check,
        example=network.EXAMPLE,
    ),
    Policy(
        id=rate_limit.POLICY,
        why="Before the body is read, so that a client over its quota costs no bandwidth and no validation.",
        failure="Without the shared state each limit does as it says: workers enforce their shares of it, it does "
        "not hold, or every call is refused with 503.",
        config=limit_settings.RateLimitConfig,
        phase=Phase.HEAD,
        bind=rate_limit.bind,
        check=limit_settings.check,
        always=True,
        example=rate_limit.EXAMPLE,
    ),
    Policy(
        id=lifecycle.POLICY,
        why="After the limits, so that whoever hammers an ended version is metered; before any work on the body.",
        failure="It reads the clock and nothing else.",
        config=NoConfig,
        phase=Phase.HEAD,
        bind=_fixed(lifecycle.bind),
        always=True,
        modes=ENFORCED,
    ),
    Policy(
        id=body_limits.POLICY,
        why="Late on the head: a body that is too long, or of a type that the contract lacks, is not read at all.",
        failure="It depends on nothing else.",
        config=NoConfig,
        phase=Phase.HEAD,
        bind=_fixed(body_limits.bind),
        always=True,
        modes=ENFORCED,
    ),
    Policy(
        id=websocket.POLICY,
        why="Where the contract opens a WebSocket: its handshake is judged once the call itself is allowed.",
        failure="It depends on nothing else.",
        config=NoConfig,
        phase=Phase.HEAD,
        bind=_fixed(websocket.bind),
        always=True,
        modes=ENFORCED,
    ),
    Policy(
        id=content_digest.POLICY,
        why="First on a signed body: what is parsed has to be what was signed.",
        failure="It depends on nothing else.",
        config=NoConfig,
        phase=Phase.BODY,
        bind=_fixed(content_digest.bind),
        reads_whole=lambda _config, version, operation: content_digest.reads_whole(version, operation),
        always=True,
        modes=ENFORCED,
    ),
    Policy(
        id=request_content.POLICY,
        why="Before the contract's own rules: what is parsed was decoded within bounds, and is bounded itself.",
        failure="It depends on nothing else.",
        config=request_content.RequestContentConfig,
        phase=Phase.BODY,
        bind=request_content.bind,
        always=True,
        reads_whole=request_content.reads_whole,
        example=request_content.EXAMPLE,
    ),
    Policy(
        id=request_schema.POLICY,
        why="The dearest comes last: only a request that may be made is parsed and checked against the contract.",
        failure="It depends on nothing else.",
        config=request_schema.RequestSchemaConfig,
        phase=Phase.BODY,
        bind=request_schema.bind,
        check=request_schema.check,
        example=request_schema.EXAMPLE,
        reads_whole=lambda _config, _version, operation: request_schema.needs_body(operation),
        always=True,
    ),
    Policy(
        id=object_rule.POLICY,
        why="On what the contract has been found to hold of: a rule is about values, and not about their form.",
        failure="A rule that cannot be decided refuses the call.",
        config=object_rule.ObjectRuleConfig,
        phase=Phase.BODY,
        bind=object_rule.bind,
        check=object_rule.check,
        example=object_rule.EXAMPLE,
    ),
    Policy(
        id=idempotency.POLICY,
        why="After all that may refuse: a key is claimed only for what would be done. It keeps answers as the "
        "policies after it have made them: a caller is shown again what it was shown.",
        failure="Without the shared state requests with a key are refused with 503, or let through where "
        "`on-unavailable` is `open`.",
        config=idempotency.IdempotencyConfig,
        phase=Phase.BODY,
        bind=idempotency.bind,
        bind_answer=idempotency.bind_answer,
        check=idempotency.check,
        reads_whole=idempotency.reads_whole,
        example=idempotency.EXAMPLE,
    ),
    Policy(
        id=classification.POLICY,
        why="After the upstream's answer was held to the contract, which says how its values are classified.",
        failure="An answer that it cannot read is refused with 502; of an error the status alone is told.",
        config=classification.ClassificationConfig,
        bind=classification.bind,
        bind_answer=classification.bind_answer,
        check=classification.check,
        example=classification.EXAMPLE,
    ),
    Policy(
        id=response_schema.POLICY,
        why="On what the client gets; what does not match the contract is reported and not held back.",
        failure="An answer that is too long, or encoded, passes unchecked.",
        config=NoConfig,
        phase=Phase.RESPONSE,
        always=True,
        mode="report",
        modes=("report",),
    ),
    Policy(
        id=canary.POLICY,
        why="Next to the upstream: what goes to the one or the other is the same, and all the others have allowed it.",
        failure="A canary that cannot be called is passed over, where a call may be made once more.",
        config=canary.CanaryConfig,
        phase=Phase.BODY,
        bind=canary.bind,
        modes=SWITCHED,
        check=canary.check,
        upstreams=canary.upstreams,
        example=canary.EXAMPLE,
    ),
    Policy(
        id=mirror.POLICY,
        why="Last: what is copied is what goes upstream, and of the answers it sees what came from there.",
        failure="A mirror that fails, is slow, or has too much to do takes nothing from the caller.",
        config=mirror.MirrorConfig,
        phase=Phase.BODY,
        bind=mirror.bind,
        bind_answer=mirror.bind_answer,
        modes=SWITCHED,
        check=mirror.check,
        upstreams=mirror.upstreams,
        watches=True,
        example=mirror.EXAMPLE,
    ),
)
