"""Two catalog processes on one store: what one of them publishes the other hands out, and decides on top of."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from catalog.cli.main import build
from tests.catalog.processes import ROOT, Process, catalog, eventually

SAMPLE = ROOT / "catalog" / "demo" / "estate"


@contextmanager
def two(directory: Path, store_url: str) -> Iterator[tuple[Process, Process]]:
    """Governed, with the keys of one directory."""
    first, second = directory / "first", directory / "second"
    first.mkdir()
    second.mkdir()
    common = {
        "OSTIARY_CATALOG_DATA": str(directory / "data"),
        "OSTIARY_CATALOG_DATABASE_URL": store_url,
        "OSTIARY_CATALOG_URL": "https://catalog.example",
    }
    with catalog(first, OSTIARY_CATALOG_ESTATE=str(SAMPLE), OSTIARY_CATALOG_WATCH="0", **common) as bootstrap:
        bootstrap.stop()
    with catalog(first, **common) as one, catalog(second, **common) as other:
        yield one, other


class Member:
    """Somebody who runs commands against whichever process answers."""

    def __init__(self, name: str, directory: Path, store_url: str) -> None:
        at = ("--data", str(directory / "data"))
        self._token = run("catalog", "member-token", name, *at, OSTIARY_CATALOG_DATABASE_URL=store_url)["token"]

    def __call__(self, process: Process, *arguments: str) -> Any:
        return run(*arguments, OSTIARY_CATALOG_URL=process.url, OSTIARY_TOKEN=self._token)


def run(*arguments: str, **environment: str) -> Any:
    ended = CliRunner().invoke(build(), [*arguments, "--json"], env=environment)
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


def test_what_is_proposed_to_one_is_decided_at_the_other_and_handed_out_by_both(
    tmp_path: Path, empty_url: str
) -> None:
    estate = shutil.copytree(SAMPLE, tmp_path / "estate")
    file = estate / "apis" / "shipments" / "api.yaml"
    with two(tmp_path, empty_url) as (one, other):
        jonas, omar = (Member(name, tmp_path, empty_url) for name in ("jonas", "omar"))
        before = other.get("/healthz")[1]["snapshot"]
        file.write_text(file.read_text().replace("title: Shipments", "title: Parcels"))
        [pushed] = [each for each in jonas(one, "push", str(estate))["units"] if each["change"]]
        assert pushed["outcome"] == "published"
        now = one.get("/healthz")[1]["snapshot"]
        assert now["serial"] > before["serial"]
        status, manifest = other.get(f"/gateway/snapshot?known={before['digest']}&wait=30", authorised=True)
        assert (status, manifest is not None) == (200, True)
        eventually(lambda: other.get("/healthz")[1]["snapshot"] == now, "the other has it")

        file.write_text(file.read_text().replace("criticality: 2", "criticality: 3"))
        [pushed] = [each for each in jonas(one, "push", str(estate))["units"] if each["change"]]
        assert pushed["outcome"] == "proposed"
        number = str(pushed["change"])
        seen = omar(other, "changes", "show", number)["etag"]
        decided = omar(other, "changes", "approve", number, "--seen", seen, "-m", "Fine")
        assert decided["change"]["state"] == "published"
        latest = other.get("/healthz")[1]["snapshot"]
        eventually(lambda: one.get("/healthz")[1]["snapshot"] == latest, "the one has it")
