"""Units: what is changed, approved and rolled back as one. An API is one; the estate's own files are another."""

import re
from typing import Final

from contracts.estate.loading import API, APIS, CONSUMERS, CONTRACT, ESTATE, TEAMS
from contracts.estate.rules import RESERVED_NAME, matches
from contracts.estate_words import Name

ESTATE_UNIT: Final = RESERVED_NAME
"""The unit of the estate's own files. An API of this name is refused by `check`."""

ESTATE_FILES: Final = (CONSUMERS, ESTATE, TEAMS)
"""What the unit `estate` has at least; the lint rulesets that `ostiary.yaml` names are beside them."""

MAX_FILES: Final = 500
"""Files of one revision."""
MAX_FILE_BYTES: Final = 10 * 1024 * 1024
MAX_REVISION_BYTES: Final = 50 * 1024 * 1024
MAX_PATH: Final = 255
"""Characters of a path."""

_MISREAD: Final = re.compile(r"[\\:]")
"""What is no separator here, and one elsewhere."""


class BadPath(ValueError):
    """A path that no file of a revision may have; the message says why."""


def is_unit(name: str) -> bool:
    """Whether a unit may be called so."""
    return len(name) <= 63 and matches(Name, name)


def api_file(api: str) -> str:
    """Where the description of an API stands in an estate."""
    return f"{APIS}/{api}/{API}"


def own_unit(path: str) -> str:
    """The unit that a file of an estate belongs to by its place: an API for its `api.yaml` and its contracts, else
    `estate`. Whether a unit refers to files elsewhere too is only known when it was compiled."""
    segments = path.split("/")
    if len(segments) == 3 and segments[0] == APIS and (segments[2] == API or CONTRACT.fullmatch(segments[2])):
        return segments[1]
    return ESTATE_UNIT


def check_path(path: str) -> str:
    """The path, if a file of a revision may have it: relative, with slashes, no segment hidden or dotted.

    Raises BadPath. What comes from someone else becomes the name of a file here.
    """
    if len(path) > MAX_PATH:
        raise BadPath(f"the path {path[:60]!r}… is longer than {MAX_PATH} characters")
    if not path.isprintable() or _MISREAD.search(path):
        raise BadPath(f"the path {path!r} has a character that no file's name may have here")
    if any(not segment or segment.startswith(".") for segment in path.split("/")):
        raise BadPath(f"the path {path!r} is not relative, or has a segment that is empty or begins with a dot")
    return path
