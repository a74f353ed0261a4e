"""Which version of an API a request is for, where several are served at one base path.

A request says it in a header field, in a media type, or by a date; one that says nothing gets the default, where
there is one. What is unknown or malformed is refused with all that could have been said (RFC 9110 §15.5.1 and
§15.5.7).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from contracts.dates import timestamp, written
from contracts.operations import VersionChoice
from contracts.problems import Problem, problem
from policies.exchange import Header
from policies.media_ranges import media_ranges
from policies.validation.media_types import ContentType, parse_content_type

Fields: TypeAlias = Mapping[bytes, bytes]
"""Of a request: lower-case names, duplicates joined."""

_UNSAID: Final = "The API is served in several versions here; say which you mean, by {how}."
_UNKNOWN: Final = "The API has no such version here; say which you mean, by {how}."
_TWO: Final = "`Accept` and `Content-Type` name two versions."


@dataclass(frozen=True, slots=True)
class Chosen:
    """A version's name. `said`: the request itself named it."""

    version: str
    said: bool


class Chooser:
    """Chooses among `versions`, those that are served. `retired` ones can be chosen, and are not recommended."""

    __slots__ = ("_choice", "_header", "_members", "_read", "_versions", "vary")

    def __init__(self, choice: VersionChoice, versions: Collection[str], retired: Collection[str] = ()) -> None:
        self._choice = choice
        self._versions = frozenset(versions)
        self._header = choice.header.lower().encode("ascii")
        readers: dict[str, Callable[[Fields], Chosen | Problem]] = {
            "header": self._by_header,
            "media-type": self._by_media_type,
            "date": self._by_date,
        }
        self._read = readers[choice.by]
        listed = sorted(self._versions.difference(retired), key=lambda name: int(name[1:]))
        self._members = _listed(choice, listed)
        names = {"header": choice.header, "media-type": "Accept", "date": f"{choice.header}, Authorization"}
        self.vary: Header = (b"vary", names[choice.by].encode("ascii"))
        """What else the answer depends on (RFC 9110 §12.5.5)."""

    def choose(self, fields: Fields) -> Chosen | Problem:
        """The version that the request is for."""
        return self._read(fields)

    def told(self, version: str) -> Header:
        """What the client is told of the version that served it."""
        return self._header, version.encode("ascii")

    def _by_header(self, fields: Fields) -> Chosen | Problem:
        said = fields.get(self._header)
        if said is None:
            return self._default()
        name = said.strip().decode("latin-1")
        return Chosen(name, True) if name in self._versions else self._refusal("version-unknown", _UNKNOWN)

    def _by_date(self, fields: Fields) -> Chosen | Problem:
        said = fields.get(self._header)
        if said is None:
            return self._default()
        text = said.strip().decode("latin-1")
        try:
            version = released_by(self._choice, timestamp(text))
        except ValueError:
            version = None
        if version is None or version not in self._versions:
            return self._refusal("version-unknown", _UNKNOWN)
        return Chosen(version, True)

    def _by_media_type(self, fields: Fields) -> Chosen | Problem:
        accepted = fields.get(b"accept")
        wanted, unavailable = "", False
        for media_range in media_ranges(accepted) if accepted is not None else ():
            name = self._named(media_range)
            if name is None:
                wanted, unavailable = "", False
                break  # it is content with what there is
            if name in self._versions:
                wanted = name
                break
            unavailable = True
        content_type = fields.get(b"content-type")
        sent = None if content_type is None else parse_content_type(content_type)
        name = None if sent is None else self._named(sent)
        if name is not None and name not in self._versions:
            return self._refusal("version-unknown", _UNKNOWN)
        if wanted and name and wanted != name:
            return self._refusal("version-unknown", _TWO)
        if wanted or name:
            return Chosen(wanted or name or "", True)
        return self._refusal("version-not-acceptable", _UNKNOWN) if unavailable else self._default()

    def _named(self, media_type: ContentType) -> str | None:
        """The version that a media type names, perhaps none that there is; None where it names none."""
        start, end = f"application/vnd.{self._choice.vendor}.", "+json"
        essence = media_type.essence
        if essence.startswith(start) and essence.endswith(end):
            return essence[len(start) : -len(end)]
        number = media_type.parameters.get("version")
        return None if number is None else f"v{number.removeprefix('v')}"

    def _default(self) -> Chosen | Problem:
        default = self._choice.default
        if not default and self._choice.by == "date":
            # Who calls is not known yet: the newest stands until the application's pin is.
            default = next((name for name, _ in reversed(self._choice.released) if name in self._versions), "")
        if default in self._versions:
            return Chosen(default, False)
        return self._refusal("version-unknown", _UNSAID)

    def _refusal(self, kind: str, detail: str) -> Problem:
        how = {
            "header": f"the header field `{self._choice.header}`",
            "media-type": "a media type in `Accept`",
            "date": f"a date in the header field `{self._choice.header}`",
        }
        return problem(kind, detail.format(how=how[self._choice.by]), headers=(_text(self.vary),), **self._members)


def released_by(choice: VersionChoice, date: int) -> str | None:
    """The newest version of those released until the date (Unix seconds)."""
    return next((name for name, released in reversed(choice.released) if released <= date), None)


def _listed(choice: VersionChoice, versions: list[str]) -> dict[str, Any]:
    """What can be chosen, as members of a problem."""
    members: dict[str, Any] = {"versions": versions}
    if choice.by == "media-type":
        members["media-types"] = [f"application/vnd.{choice.vendor}.{version}+json" for version in versions]
    if choice.by == "date":
        members["released"] = {name: written(date) for name, date in choice.released if name in versions}
    if choice.default:
        members["default"] = choice.default
    return members


def _text(header: Header) -> tuple[str, str]:
    return header[0].decode("ascii"), header[1].decode("ascii")
