"""The estate on disk as a source of publications, and the watch over its files."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import structlog
from watchfiles import Change, awatch

from catalog.estates import load_estate
from catalog.publishing.compilation import Compilation, Overrides, Source, compiled
from catalog.revisions.closure import units_of

log = structlog.get_logger("catalog.watch")

_IGNORED_DIRECTORIES = frozenset({".git", ".ostiary", "__pycache__"})
_IGNORED_SUFFIXES = ("~", ".swp", ".swx", ".tmp")
_QUIET_MS = 50  # an editor's several writes are one change
_GATHER_MS = 400  # but nobody waits longer than this for the first of them
_RETRY_SECONDS = 2.0


def estate_source(root: Path, overrides: Overrides) -> Source:
    """Compiles the estate at `root`, with the deployment's overrides, each time it is asked."""

    def compile_estate() -> Compilation:
        estate, findings = load_estate(root)
        return compiled(estate, findings, overrides, {} if estate is None else units_of(estate))

    return compile_estate


async def watch(root: Path, on_change: Callable[[], Awaitable[object]], *, ignore: Path | None = None) -> None:
    """Calls `on_change` after every change below `root`, until it is cancelled. What is below `ignore` is none.

    Where the system has no notification to give (too many watches, some network file systems) it looks at the
    files again and again instead. A directory that goes away is waited for.
    """
    root = await asyncio.to_thread(root.resolve)
    accept = EstateFilter(root, None if ignore is None else await asyncio.to_thread(ignore.resolve))
    polling = missed = False
    while True:
        if await asyncio.to_thread(root.is_dir):
            if missed:
                await on_change()
            changes = awatch(
                root, watch_filter=accept, debounce=_GATHER_MS, step=_QUIET_MS, force_polling=polling or None
            )
            try:
                async with aclosing(changes):
                    async for _ in changes:
                        await on_change()
                        if not await asyncio.to_thread(root.is_dir):
                            break
            except FileNotFoundError:
                log.warning("estate directory missing", directory=str(root))
            except OSError as error:
                log.warning("watching by polling", reason=str(error))
                polling = True
        missed = True
        await asyncio.sleep(_RETRY_SECONDS)


class EstateFilter:
    """Leaves out what no estate is made of. Directories stay in: one may be renamed into its place whole."""

    def __init__(self, root: Path, ignore: Path | None = None) -> None:
        self._root = root
        self._ignore = ignore

    def __call__(self, _change: Change, path: str) -> bool:
        """Whether this path may matter; called by watchfiles for each change."""
        changed = Path(path)
        if path.endswith(_IGNORED_SUFFIXES) or (self._ignore and changed.is_relative_to(self._ignore)):
            return False
        if not changed.is_relative_to(self._root):
            return True
        return _IGNORED_DIRECTORIES.isdisjoint(changed.relative_to(self._root).parts)
