"""What an estate says of how an Odoo is spared: decoded, checked, and carried into the snapshot."""

from pathlib import Path

import msgspec
import pytest

from contracts.estate.estate import check, contracts_part, load_estate
from contracts.limits import RateLimit
from contracts.odoo_care import OdooCare
from contracts.resilience import HealthCheck
from contracts.snapshot import ContractsPart, Upstream, encode_part
from tests.support.estates import write_estate

ERP = "upstreams:\n  erp: {kind: odoo, url: 'https://odoo.example.com', credential: k%s}\n"
SAID = ", health: {}, care: {wait: 20, queue: 8, pace: 1/second, repeats: 3, back-off: 0.1}"


def written(tmp_path: Path, more: str) -> Path:
    return write_estate(tmp_path, ("ostiary.yaml", "upstreams:\n", ERP % more))


def erp(tmp_path: Path, more: str) -> tuple[ContractsPart, Upstream]:
    estate, findings = load_estate(written(tmp_path, more))
    assert estate is not None, findings
    part = contracts_part(estate)
    return part, next(each for each in part.upstreams if each.name == "erp")


def test_the_snapshot_has_what_the_estate_says(tmp_path: Path) -> None:
    part, upstream = erp(tmp_path, SAID)
    pace = RateLimit("pace", 1, 1, "gcra", burst=1)
    assert upstream.care == OdooCare(wait=20.0, queue=8, pace=pace, repeats=3, back_off=0.1)
    assert upstream.health == HealthCheck("/web/health")
    assert msgspec.json.decode(encode_part(part)[1], type=ContractsPart) == part


def test_without_a_word_the_defaults_hold_and_nothing_is_asked(tmp_path: Path) -> None:
    _, upstream = erp(tmp_path, "")
    assert (upstream.care, upstream.health) == (OdooCare(), None)


@pytest.mark.parametrize(
    ("more", "rule", "pointer"),
    [
        (", care: {wait: 0}", "invalid-value", "/upstreams/erp/care/wait"),
        (", care: {queue: -1}", "invalid-value", "/upstreams/erp/care/queue"),
        (", care: {repeats: 6}", "invalid-value", "/upstreams/erp/care/repeats"),
        (", care: {back-off: 0}", "invalid-value", "/upstreams/erp/care/back-off"),
        (", care: {pace: fast}", "invalid-value", "/upstreams/erp/care/pace"),
        (", care: {pace: 0/second}", "limit-unusable", "/upstreams/erp/care/pace"),
        (", timeouts: {total: 5}, care: {pace: 30/minute}", "limit-unusable", "/upstreams/erp/care/pace"),
        (", care: {speed: 1}", "unknown-key", "/upstreams/erp/care/speed"),
    ],
)
def test_what_cannot_be_is_pointed_at(tmp_path: Path, more: str, rule: str, pointer: str) -> None:
    assert (rule, pointer) in {(each.rule, each.place.pointer) for each in check(written(tmp_path, more))}


@pytest.mark.parametrize(
    ("entry", "rule", "pointer"),
    [
        ("care: {wait: 1}", "upstream-key-unused", "/upstreams/bookshop/care"),
        ("health: {interval: 5}", "missing-key", "/upstreams/bookshop/health"),
    ],
)
def test_what_is_an_odoos_alone_is_nothing_for_others(tmp_path: Path, entry: str, rule: str, pointer: str) -> None:
    url = "url: http://127.0.0.1:9000"
    root = write_estate(tmp_path, ("ostiary.yaml", url, f"{url}\n    {entry}"))
    assert (rule, pointer) in {(each.rule, each.place.pointer) for each in check(root)}


def test_a_pace_at_which_a_change_can_be_told_of_is_none_of_these(tmp_path: Path) -> None:
    _, upstream = erp(tmp_path, ", timeouts: {total: 6}, care: {pace: 30/minute}")
    assert upstream.timeouts.total == 6
