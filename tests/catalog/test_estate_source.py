"""The watch over an estate, on real files."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from watchfiles import Change

from catalog import estate_source
from catalog.estate_source import EstateFilter, watch
from catalog.estate_source import estate_source as source_of
from catalog.publishing.compilation import Overrides, SourceError

SAMPLE = Path(estate_source.__file__).parent / "demo" / "estate"


@asynccontextmanager
async def watching(root: Path) -> AsyncIterator[Callable[[Callable[[], object]], Awaitable[None]]]:
    """Gives a function that makes a change and returns once it was noticed."""
    seen = asyncio.Event()

    async def on_change() -> None:
        seen.set()

    task = asyncio.create_task(watch(root, on_change))

    async def noticed(change: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            seen.clear()
            change()
            await seen.wait()

    # The watch has begun once it notices something: until then a marker is touched again and again.
    async with asyncio.timeout(30):
        number = 0
        while not seen.is_set():
            number += 1
            (root / "marker.yaml").write_text(str(number))
            await asyncio.sleep(0.05)
    try:
        yield noticed
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_every_kind_of_edit_is_noticed(tmp_path: Path) -> None:
    root, outside = tmp_path / "estate", tmp_path / "outside"
    (root / "apis").mkdir(parents=True)
    (outside / "orders").mkdir(parents=True)
    (outside / "orders" / "api.yaml").write_text("title: Orders\n")
    (tmp_path / "new.yaml").write_text("name: new\n")
    async with watching(root) as noticed:
        await noticed(lambda: (root / "ostiary.yaml").write_text("name: old\n"))
        await noticed(lambda: (tmp_path / "new.yaml").replace(root / "ostiary.yaml"))  # as editors save
        await noticed(lambda: (outside / "orders").rename(root / "apis" / "orders"))  # a directory, whole
        await noticed(lambda: (root / "apis" / "orders" / "api.yaml").write_text("title: Others\n"))
        await noticed(lambda: shutil.rmtree(root / "apis"))


async def test_an_estate_that_goes_away_and_comes_back_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estate_source, "_RETRY_SECONDS", 0.05)
    root = tmp_path / "estate"
    root.mkdir()
    async with watching(root) as noticed:
        await noticed(lambda: root.rename(tmp_path / "away"))
        await noticed(lambda: (tmp_path / "away").rename(root))
        await noticed(lambda: (root / "ostiary.yaml").write_text("name: back\n"))


async def test_without_notifications_it_polls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estate_source, "_RETRY_SECONDS", 0.05)
    real = estate_source.awatch

    async def refusing(root: Path, *, force_polling: bool | None, **options: Any) -> AsyncIterator[Any]:
        if not force_polling:
            raise OSError(28, "inotify watch limit reached")
        async with aclosing(real(root, force_polling=True, **options)) as changes:
            async for each in changes:
                yield each

    monkeypatch.setattr(estate_source, "awatch", refusing)
    root = tmp_path / "estate"
    root.mkdir()
    async with watching(root) as noticed:
        await noticed(lambda: (root / "ostiary.yaml").write_text("name: polled\n"))


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("/e/ostiary.yaml", True),
        ("/e/apis/orders", True),
        ("/e/..data", True),  # how a mounted ConfigMap changes
        ("/e/.git/index", False),
        ("/e/.ostiary/catalog/catalog.db-wal", False),
        ("/e/apis/orders/.v1.openapi.yaml.swp", False),
        ("/e/apis/orders/v1.openapi.yaml~", False),
        ("/e/data/catalog.db-wal", False),
        ("/e/data-model/common.yaml", True),
    ],
)
def test_only_what_may_be_part_of_an_estate_matters(path: str, matters: bool) -> None:
    assert EstateFilter(Path("/e"), Path("/e/data"))(Change.modified, path) is matters


def test_an_estate_below_a_directory_of_an_ignored_name_is_watched() -> None:
    assert EstateFilter(Path("/home/me/.ostiary/estate"))(Change.modified, "/home/me/.ostiary/estate/teams.yaml")


def test_the_sample_estate_compiles_with_the_deployments_overrides() -> None:
    plain = source_of(SAMPLE, Overrides())()
    assert plain.contracts is not None
    name = plain.contracts.upstreams[0].name
    compiled = source_of(SAMPLE, Overrides({name: "http://127.0.0.1:9"}, "https://gateway.example"))()
    assert compiled.contracts is not None
    assert compiled.contracts.audience == "https://gateway.example"
    assert compiled.contracts.upstreams[0].url == "http://127.0.0.1:9"
    assert compiled.applications == plain.applications
    with pytest.raises(SourceError, match="OSTIARY_CATALOG_UPSTREAM_URLS: no upstream is called 'nobody'"):
        source_of(SAMPLE, Overrides({"nobody": "http://127.0.0.1:9"}))()


def test_a_broken_estate_compiles_to_findings_alone(tmp_path: Path) -> None:
    root = Path(shutil.copytree(SAMPLE, tmp_path / "estate"))
    (root / "teams.yaml").write_text("teams: []\n")
    compiled = source_of(root, Overrides())()
    assert compiled.contracts is None
    assert any(finding.place.file == "teams.yaml" for finding in compiled.findings)
