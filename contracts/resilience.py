"""How the gateway bears with an upstream that fails: the breaker, retries, ejection and health checks.

Times are seconds, shares are from 0 to 1. A gateway-type failure is: nobody listens, no answer in time, an answer
that is no HTTP, or 502, 503 or 504.
"""

from typing import Final

import msgspec

ODOO_HEALTH: Final = "/web/health"
"""Where an Odoo says whether it is well: `{"status": "pass"}`, without a log-in."""


class BreakerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When calls to an upstream are broken off at once, for `open_for` seconds: after `consecutive` failures in a
    row, or when `rate` of at least `minimum` calls within `window` seconds failed. Then `probes` calls at a time
    are let through, and as many successes close it again. Where there are several targets, a try that failed and
    is made again does not count."""

    consecutive: int = 10
    rate: float = 0.5
    minimum: int = 20
    window: float = 10.0
    open_for: float = 5.0
    probes: int = 3


class RetrySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """At most `attempts` more tries of a call that may be repeated, and over time no more than `budget` retries
    for each request. Before the nth retry passes a random time of up to `pause` · 2^(n-1) seconds."""

    attempts: int = 1
    budget: float = 0.2
    pause: float = 0.05


class EjectionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A target is left out after `failures` in a row: for `base` seconds, twice as long each time that it fails
    again soon, up to `longest`; never more than `share` of the upstream's targets at once."""

    failures: int = 5
    base: float = 10.0
    longest: float = 300.0
    share: float = 0.5


class HealthCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A GET of `path` at each target, every `interval` seconds: `unhealthy_after` failures in a row leave a target
    out, `healthy_after` successes take it back. A success is a status from 200 to 299 within `timeout`; at an
    Odoo's own path, that it says `pass`."""

    path: str
    interval: float = 10.0
    timeout: float = 2.0
    unhealthy_after: int = 3
    healthy_after: int = 2
