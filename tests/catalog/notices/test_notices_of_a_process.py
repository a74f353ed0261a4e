"""A catalog as a process tells of its estate's calendar by itself, and once, over a kill."""

import email
import shutil
import signal
from email.message import Message
from pathlib import Path

from catalog.calendar.entries import calendar_of
from contracts.estate.estate import load_estate
from tests.catalog.processes import ROOT, catalog, eventually

SAMPLE = ROOT / "catalog" / "demo" / "estate"


def test_notices_fall_into_the_folder_once_though_the_process_is_killed(tmp_path: Path) -> None:
    estate = Path(shutil.copytree(SAMPLE, tmp_path / "estate"))
    post = tmp_path / "post"
    settings = {
        "OSTIARY_CATALOG_ESTATE": str(estate),
        "OSTIARY_CATALOG_NOTICES_DIRECTORY": str(post),
        "OSTIARY_CATALOG_NOTICES_FROM": "Ostiary <ostiary@acme.example>",
    }
    loaded, _ = load_estate(estate)
    assert loaded is not None
    (entry,) = calendar_of(loaded)
    told = 1 + len({each.consumer for each in entry.subscribers})  # the owner, and each consumer

    def subjects() -> list[str]:
        messages: list[Message] = [email.message_from_bytes(each.read_bytes()) for each in post.glob("*.eml")]
        return sorted(str(each["Subject"]) for each in messages)

    with catalog(tmp_path, **settings) as process:
        first = eventually(lambda: len(subjects()) == told and subjects(), "notices of orders v1")
        assert set(first) == {f"{entry.name} ends on 31 December 2029"}
        eventually(lambda: "notice sent" in process.log, "the log tells of it")
        assert process.stop(signal.SIGKILL) == -signal.SIGKILL
    with catalog(tmp_path, **settings) as process:
        api = estate / "apis/partners/api.yaml"
        text = api.read_text()
        calendar = "v1: { state: deprecated, deprecation: 2026-12-01, sunset: 2099-01-01 }"
        assert "v1: { state: published }" in text
        api.write_text(text.replace("v1: { state: published }", calendar))
        after = eventually(
            lambda: any("1 January 2099" in each for each in subjects()) and subjects(), "the new calendar is told"
        )
        assert [each for each in after if entry.name in each] == first
        assert process.stop() == 0
