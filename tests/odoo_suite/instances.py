"""The Odoos that the suite runs against: the stand-in in each version and protocol, and a real one that is given.

A real one is named by `OSTIARY_TEST_ODOO_URL`, `OSTIARY_TEST_ODOO_DB`, `OSTIARY_TEST_ODOO_USER` and
`OSTIARY_TEST_ODOO_KEY` (an API key of that user, or over JSON-RPC its password). The user may read, create, change
and delete contacts, products and sales orders; the module `sale_management` is installed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from tests.catalog.odoo.standing_in import KEY, odoo

Protocol = Literal["json2", "jsonrpc"]

_NAMES: Final = {name: f"OSTIARY_TEST_ODOO_{name.upper()}" for name in ("url", "db", "user", "key")}


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to run against; `version` is empty for the real one."""

    version: str
    protocol: Protocol

    def __str__(self) -> str:
        return f"{self.version or 'real'}-{self.protocol}"


@dataclass(frozen=True, slots=True)
class Odoo:
    """An Odoo that runs."""

    url: str
    database: str
    user: str
    key: str
    protocol: Protocol


def kinds() -> tuple[Kind, ...]:
    """All that there is now."""
    stand_ins = (
        Kind("17.0", "jsonrpc"),
        Kind("18.0", "jsonrpc"),
        Kind("19.0", "jsonrpc"),
        Kind("19.0", "json2"),
    )
    if _NAMES["url"] not in os.environ:
        return stand_ins
    return (*stand_ins, Kind("", "jsonrpc"), Kind("", "json2"))


@contextmanager
def running(kind: Kind) -> Iterator[Odoo]:
    """It, for as long as the context lasts. Raises KeyError where a real one is named in part."""
    if not kind.version:
        url, database, user, key = (os.environ[name] for name in _NAMES.values())
        yield Odoo(url, database, user, key, kind.protocol)
        return
    with odoo(kind.version) as url:
        yield Odoo(url, "odoo19", "admin", KEY, kind.protocol)
