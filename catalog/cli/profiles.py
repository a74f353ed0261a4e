"""Profiles: which catalog to talk to and as whom, in a file of the user's own.

`$XDG_CONFIG_HOME/ostiary/profiles.json` (by default below `~/.config`), which only its user may read: it has
member tokens in it.
"""

import json
import os
import re
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ProfileError(Exception):
    """The file or what it says cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A catalog by its URL, and the member token for it."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles by name; `current` is the one that is used where none is named."""

    by_name: dict[str, Profile]
    current: str | None = None


def fault_of_url(url: str) -> str | None:
    """Why a catalog must not be talked to at this URL: a token never travels in clear to another machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"{url!r} is no http(s) URL"
    if parts.username is not None or parts.query or parts.fragment:
        return "the catalog's URL has a user, a query or a fragment"
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return f"{url} is neither https nor this machine: the token would travel in clear"
    return None


def is_token(text: str) -> bool:
    """Whether a text can be a bearer token (RFC 6750 §2.1) at all."""
    return re.fullmatch(r"[A-Za-z0-9\-._~+/]+=*", text) is not None


def profiles_path() -> Path:
    """Where the file is or shall be (XDG Base Directory Specification)."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".config"
    return base / "ostiary" / "profiles.json"


def read_profiles(path: Path) -> Profiles:
    """The profiles; none where there is no file. Raises ProfileError."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read()
    except FileNotFoundError:
        return Profiles({})
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ProfileError(f"{path} can be read by others, and has tokens in it: chmod 600 {path}")
    try:
        return _parsed(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProfileError(f"{path} is no file of profiles") from None


def _parsed(value: Any) -> Profiles:
    found = {str(name): Profile(str(each["url"]), str(each["token"])) for name, each in value["profiles"].items()}
    current = value.get("current")
    return Profiles(found, current if current in found else None)


def write_profiles(path: Path, profiles: Profiles) -> None:
    """Writes the file, whole or not at all, for its user alone. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    value = {
        "current": profiles.current,
        "profiles": {
            name: {"url": each.url, "token": each.token} for name, each in sorted(profiles.by_name.items())
        },
    }
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".profiles-")  # made with mode 600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
