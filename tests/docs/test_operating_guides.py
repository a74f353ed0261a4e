"""What the guides on upstreams and on observing show is what the product has."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import yaml

from contracts.estate.estate import load_estate
from contracts.estate_files import BreakerEntry, EjectionEntry, HealthEntry, RetriesEntry, TimeoutsEntry
from gateway.shedding import SHARES
from gateway.telemetry import metrics
from tests.docs.test_guides import fences
from tests.support.estates import write_estate


def test_the_upstream_that_is_shown_has_no_findings_and_every_key(
    written: Mapping[str, str], tmp_path: Path
) -> None:
    shown = next(
        yaml.safe_load(content)["upstreams"]["stock"]
        for title, content in fences(written["docs/guides/upstreams.md"], "yaml")
        if title == "ostiary.yaml"
    )
    for key, entry in {
        "timeouts": TimeoutsEntry,
        "retries": RetriesEntry,
        "breaker": BreakerEntry,
        "ejection": EjectionEntry,
        "health": HealthEntry,
    }.items():
        assert set(shown[key]) == {field.encode_name for field in msgspec.structs.fields(entry)}, key
    file = write_estate(tmp_path) / "ostiary.yaml"
    whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    name = next(iter(whole["upstreams"]))
    whole["upstreams"][name] |= {key: value for key, value in shown.items() if key != "url"}
    file.write_text(yaml.safe_dump(whole), encoding="utf-8")
    assert load_estate(file.parent)[1] == []


def test_shares_of_the_room(written: Mapping[str, str]) -> None:
    table = dict(re.findall(r"^\| (\d)[^|]* \| ([^|]+) \|$", written["docs/guides/upstreams.md"], re.M))
    assert {key: int((re.search(r"(\d+) %", text) or [0, 100])[1]) for key, text in table.items()} == {
        str(criticality): round(share * 100) for criticality, share in SHARES.items()
    }


def test_queries_name_metrics_and_labels_that_there_are(written: Mapping[str, str]) -> None:
    known = {each.name: each for each in vars(metrics).values() if isinstance(each, metrics.Metric)}
    named = 0
    for page in ("docs/guides/upstreams.md", "docs/guides/observing.md"):
        for name, selected in re.findall(r"(ostiary_\w+)(?:\{(\w+)!?=\")?", written[page]):
            metric = known[name.removesuffix("_bucket")]
            assert not selected or selected in metric.labels, (name, selected)
            named += 1
        for labels, query in re.findall(r"sum by \(([^)]+)\) \(?(?:rate\()?(ostiary_\w+)", written[page]):
            allowed = {*known[query.removesuffix("_bucket")].labels, "le"}
            assert set(labels.split(", ")) <= allowed, query
    assert named > 10
