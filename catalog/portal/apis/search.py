"""What a reader looks for in the catalogue: words in names, operations, fields and descriptions; and filters."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.estate.estate import Estate
from contracts.operations import ApiVersion

_WORDS: Final = re.compile(r"\w+")
_MOST_HITS: Final = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a word was found: the version, and the operation or field."""

    version: str
    what: str


@dataclass(frozen=True, slots=True)
class Index:
    """What can be found of one API. `texts` are whole words in lower case, by where they stand."""

    text: str
    places: tuple[tuple[str, Hit], ...]

    def hits(self, words: Iterable[str]) -> tuple[Hit, ...] | None:
        """Where the words are, if all of them are anywhere; None if one is not."""
        found: dict[Hit, None] = {}
        for word in words:
            places = [hit for text, hit in self.places if word in text]
            if not places and word not in self.text:
                return None
            found.update(dict.fromkeys(places))
        return tuple(found)[:_MOST_HITS]


def words_of(text: str) -> tuple[str, ...]:
    """The words of what was typed, in lower case."""
    return tuple(word.lower() for word in _WORDS.findall(text[:200]))


def index_of(estate: Estate) -> Mapping[str, Index]:
    """By API."""
    versions: dict[str, list[ApiVersion]] = {}
    for version in estate.versions:
        versions.setdefault(version.api, []).append(version)
    found = {}
    for name, api in estate.apis.items():
        about = (name, api.title, api.description, *api.business_objects, *api.system_of_record_for)
        places = [place for version in versions.get(name, ()) for place in _places(version)]
        found[name] = Index(" ".join(about).lower(), tuple(places))
    return found


def _places(version: ApiVersion) -> Iterable[tuple[str, Hit]]:
    for operation in version.operations:
        label = f"{operation.method} {operation.path}"
        yield f"{operation.id} {label}".lower(), Hit(version.version, label)
        for parameter in operation.parameters:
            yield parameter.name.lower(), Hit(version.version, f"{label}: {parameter.name}")
    for document in version.documents.values():
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            for field in _fields(schema):
                yield field.lower(), Hit(version.version, f"{name.rpartition('/')[2]}.{field}")


def _fields(schema: Any) -> Iterable[str]:
    """The names of a schema's properties, of those in it too."""
    pending = [schema]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            properties = each.get("properties")
            if isinstance(properties, dict):
                yield from properties
            pending.extend(each.values())
        elif isinstance(each, list):
            pending.extend(each)
