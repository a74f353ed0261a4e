"""Contracts as people read them: the texts of a revision, parsed once and kept for the next reader."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cachetools import LRUCache

from catalog.publication import Publisher
from contracts.diff.contract import Contract, contract_in
from contracts.documents.document import Document, parse
from contracts.estate.loading import CONTRACT
from contracts.findings import Finding

_KEPT: Final = 32


@dataclass(frozen=True, slots=True)
class _Texts:
    """Implements the diff's `Tree` over the files of a revision."""

    files: Mapping[str, bytes]
    start: str
    folder: str = ""

    def read(self, name: str) -> tuple[Document | None, list[Finding]] | None:
        data = self.files.get(name)
        return None if data is None else parse(data, name)

    def contracts(self) -> Iterator[str]:
        return (name for name in sorted(self.files) if CONTRACT.fullmatch(name.rpartition("/")[2]))


class Contracts:
    """Reads contracts out of the store's revisions."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._kept: LRUCache[tuple[str, str], Contract] = LRUCache(_KEPT)

    def in_force(self, api: str) -> str | None:
        """The revision of an API that is in force, by digest."""
        pointer = self._publisher.pointers.get(api)
        return None if pointer is None else pointer.revision

    async def of(self, revision: str, api: str, version: str) -> Contract | None:
        """A version's contract in a revision; None where it has none, or none that can be read.

        Raises AlteredError, SQLAlchemyError.
        """
        kept = self._kept.get((revision, version))
        if kept is not None:
            return kept
        files = await self._publisher.planner.revisions.files(revision)
        if files is None:
            return None
        for name in files:
            match = CONTRACT.fullmatch(name.rpartition("/")[2])
            if match is not None and match["version"] == version and name.startswith(f"apis/{api}/"):
                found, _ = contract_in(_Texts(files, name), name)
                if found is not None:
                    self._kept[revision, version] = found
                return found
        return None
