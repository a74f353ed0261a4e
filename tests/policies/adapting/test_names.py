"""Upstreams are told the version that serves, and clients the one that they called."""

import pytest

from contracts.dates import timestamp
from contracts.operations import VersionChoice
from policies.adapting.names import renaming
from policies.exchange import Header

DATES = (("v1", timestamp("2026-01-01")), ("v2", timestamp("2026-06-01")))


@pytest.mark.parametrize(
    ("choice", "before", "after"),
    [
        (None, (b"API-Version", b"v1"), (b"API-Version", b"v1")),
        (VersionChoice("header"), (b"Api-Version", b"v1"), (b"Api-Version", b"v2")),
        (VersionChoice("header"), (b"Accept", b"v1"), (b"Accept", b"v1")),
        (VersionChoice("date", released=DATES), (b"api-version", b"2026-02-02"), (b"api-version", b"2026-06-01")),
        (
            VersionChoice("media-type", vendor="acme"),
            (b"Accept", b"application/vnd.acme.v1+json;q=0.5, */*"),
            (b"Accept", b"application/vnd.acme.v2+json;q=0.5, */*"),
        ),
        (
            VersionChoice("media-type", vendor="acme"),
            (b"content-type", b"application/vnd.acme.v1+json"),
            (b"content-type", b"application/vnd.acme.v2+json"),
        ),
        (
            VersionChoice("media-type", vendor="acme"),
            (b"x-other", b"application/vnd.acme.v1+json"),
            (b"x-other", b"application/vnd.acme.v1+json"),
        ),
    ],
)
def test_a_field_that_names_the_version(choice: VersionChoice | None, before: Header, after: Header) -> None:
    assert renaming(choice, "v1", "v2")(before) == after
