"""An estate held against its Odoos, or against another: for `ostiary odoo drift` and `ostiary check --live`."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from catalog.cli.odoo_access import with_odoo
from catalog.cli.output import fail

if TYPE_CHECKING:
    from catalog.odoo.drift.finding import Found
    from catalog.odoo.drift.instance import Backed
    from catalog.odoo.remote import Remote
    from contracts.estate.estate import Estate
    from contracts.estate_files import UpstreamEntry

_VARIABLE: Final = "OSTIARY_SECRET_"
"""What a gateway looks credentials up by, too."""

SecretsDirectory = Annotated[
    Path | None,
    typer.Option(
        "--secrets",
        metavar="DIR",
        help="A directory with the upstreams' keys, a file each, as a gateway is given it.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Keys:
    """By what an upstream's Odoo is asked: one key for all (`key`, or in `key_file`), or each by its name."""

    key: str | None = None
    key_file: Path | None = None
    secrets: Path | None = None

    def of(self, entry: "UpstreamEntry", *, elsewhere: bool) -> str | None:
        """The key for an upstream, where it is not the one for all. `elsewhere`: it goes to another Odoo, and so
        only where it was named for that. Ends the command where it cannot be read."""
        name = entry.credential
        if self.key is not None or self.key_file is not None or name is None:
            return self.key
        if self.secrets is not None and (self.secrets / name).is_file():
            try:
                return (self.secrets / name).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeError):
                fail(f"--secrets: the key {name!r} cannot be read")
        return None if elsewhere else os.environ.get(_VARIABLE + name.upper().replace("-", "_"))

    @property
    def is_one_for_all(self) -> bool:
        return self.key is not None or self.key_file is not None


@dataclass(frozen=True, slots=True)
class Instead:
    """Another Odoo in the place of an upstream's. What is empty is as the upstream says."""

    url: str
    database: str = ""
    user: str = ""
    protocol: Literal["json2", "jsonrpc"] | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """One Odoo that was looked at. `major` is its version."""

    upstream: str
    url: str
    major: int
    protocol: str
    found: "tuple[Found, ...]"

    def shown(self) -> dict[str, Any]:
        return {"upstream": self.upstream, "url": self.url, "odoo": self.major, "protocol": self.protocol}


def look(estate: "Estate", keys: Keys, only: str | None = None, instead: Instead | None = None) -> list[Looked]:
    """Each Odoo of the estate that serves anything, one after the other; `only` that of one upstream. Ends the
    command where one cannot be asked."""
    backed = dict(_backed(estate, only))
    entries = [estate.file.upstreams[name] for name in backed]
    names = ", ".join(backed)
    if keys.is_one_for_all and len({each.credential for each in entries}) > 1:
        fail(f"there are several Odoos ({names}): no key goes to another's", hint="Name one with --upstream.")
    if instead is not None and len({(each.url, each.database) for each in entries}) > 1:
        fail(f"there are several Odoos ({names}): which is this instead of?", hint="Name it with --upstream.")
    return [_look(estate, name, versions, keys, instead) for name, versions in backed.items()]


def _backed(estate: "Estate", only: str | None) -> "Iterator[tuple[str, tuple[Backed, ...]]]":
    from catalog.odoo.drift.instance import backed_by
    from contracts.estate.decode import suggestion

    odoos = [name for name, entry in estate.file.upstreams.items() if entry.kind == "odoo"]
    if only is not None and only not in odoos:
        fail(f"no upstream of kind `odoo` is called {only!r}{suggestion(only, odoos)}")
    for name in odoos if only is None else [only]:
        if versions := backed_by(estate.versions, name):
            yield name, versions


def _look(
    estate: "Estate", name: str, versions: "tuple[Backed, ...]", keys: Keys, instead: Instead | None
) -> Looked:
    from catalog.odoo.drift.instance import found_by
    from catalog.odoo.remote import dialect_of

    entry = estate.file.upstreams[name]
    texts = _Texts(estate)

    async def work(remote: "Remote") -> "tuple[int, str, list[Found]]":
        return remote.major, remote.dialect, await found_by(remote, versions, texts)

    other = instead or Instead(entry.url, protocol=dialect_of(entry.protocol))
    key = keys.of(entry, elsewhere=instead is not None)
    if key is None and keys.key_file is None:
        what = f"there is no key for the upstream {name!r} (its credential is {entry.credential!r})"
        fail(what, hint="Give it with --key-file, or with --secrets as a gateway has it.")
    (major, dialect, found), _ = with_odoo(
        work,
        other.url,
        other.database or entry.database or "",
        other.user or entry.login or "",
        key,
        keys.key_file,
        other.protocol,
    )
    return Looked(name, other.url.rstrip("/"), major, dialect, tuple(found))


class _Texts(Mapping[str, Mapping[str, bytes]]):
    """The files of each API of an estate that was read from a directory."""

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate

    def __getitem__(self, api: str) -> Mapping[str, bytes]:
        texts = self._estate.texts
        return {name: texts[name] for name in sorted(self._estate.files[api]) if name in texts}

    def __iter__(self) -> Iterator[str]:
        return iter(self._estate.files)

    def __len__(self) -> int:
        return len(self._estate.files)
