"""The guide about versions that end says what happens: its policy, dates, header fields, refusal and settings."""

import json
import re
from collections.abc import Mapping

import msgspec
import yaml

from catalog.notices.settings import NoticeSettings
from contracts.estate.calendar import lifecycle_of
from contracts.estate_files import DeprecationPolicyEntry, VersionEntry
from policies import lifecycle
from policies.verdict import Deny
from tests.docs.test_guides import fences
from tests.support.policy_world import World, exchange, operation, version

GUIDE = "docs/guides/deprecation.md"


def test_the_calendar_that_the_guide_shows(written: Mapping[str, str]) -> None:
    guide = written[GUIDE]
    titled = dict(fences(guide, "yaml"))
    policy = msgspec.convert(
        yaml.load(titled["ostiary.yaml"], yaml.BaseLoader)["deprecation-policy"],
        DeprecationPolicyEntry,
        strict=False,
    )
    text = yaml.load(titled["apis/orders/api.yaml"], yaml.BaseLoader)["versions"]["v1"]
    calendar = lifecycle_of(msgspec.convert(text, VersionEntry), policy)
    for window, shown in zip(
        calendar.brownouts[1:],
        (
            "1 December 2027 from 10:00 until\n11:00",
            "17 December from 10:00\nuntil 14:00",
            "28 December from 08:00 until 20:00",
        ),
        strict=True,
    ):
        hours = re.findall(r"\d\d:\d\d", shown)
        assert [
            f"{each % 86_400 // 3600:02}:{each % 3600 // 60:02}" for each in (window.start, window.end)
        ] == hours
        assert " ".join(shown.split()) in " ".join(guide.split())

    world = World()
    bound = version(lifecycle=calendar, successor_base_path="/orders/v2")
    stage = lifecycle.bind(bound, operation(), world.ports())
    assert stage is not None
    world.now = calendar.brownouts[1].start
    request = exchange()
    verdict = stage(request)
    assert isinstance(verdict, Deny)
    ((_, fields),) = fences(guide, "http")
    shown_fields = [f"{name.decode().title()}: {value.decode()}" for name, value in request.answer_headers]
    assert fields.splitlines() == shown_fields
    ((_, body),) = fences(guide, "json")
    assert json.loads(verdict.problem.body()) == json.loads(body)


def test_every_setting_of_notices_is_in_the_guide(written: Mapping[str, str]) -> None:
    for name in NoticeSettings.model_fields:
        assert re.search(rf"(OSTIARY_CATALOG_|…_){name.upper()}\b", written[GUIDE]), name
