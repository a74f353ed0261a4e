"""The files of the contracts in force, as the store has them: where a finding stands in them."""

from collections.abc import Callable, Iterable, Mapping

from catalog.revisions.pointers import Pointer
from catalog.revisions.store import AlteredError, Files, RevisionStore
from catalog.revisions.stored import files_of

CurrentPointers = Callable[[], Mapping[str, Pointer]]
"""The revisions in force by unit."""


class ContractTexts:
    """Reads them when they are needed: the catalog keeps no texts."""

    def __init__(self, revisions: RevisionStore, pointers: CurrentPointers) -> None:
        self._revisions = revisions
        self._pointers = pointers

    def revision(self, api: str) -> str:
        """The digest of what is in force of an API; empty where the store has none."""
        pointer = self._pointers().get(api)
        return "" if pointer is None or pointer.revision is None else pointer.revision

    async def of(self, apis: Iterable[str]) -> Mapping[str, Files]:
        """Files by path for each API; none where the store has none that can be used. Raises SQLAlchemyError."""
        found: dict[str, Files] = {}
        for api in apis:
            digest = self.revision(api)
            try:
                found[api] = await files_of(self._revisions, api, digest) if digest else {}
            except AlteredError:
                found[api] = {}
        return found
