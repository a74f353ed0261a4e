"""What an estate says of upstreams that fail: decoded, checked, and carried into the snapshot."""

from pathlib import Path

import msgspec
import pytest

from contracts.estate.estate import check, contracts_part, load_estate
from contracts.resilience import BreakerSettings, EjectionSettings, HealthCheck, RetrySettings
from contracts.snapshot import ContractsPart, Upstream, encode_part
from tests.support.estates import write_estate

URL = "url: http://127.0.0.1:9000"
SAID = """\
url: http://127.0.0.1:9000/shop
    targets: [http://127.0.0.1:9001/, "http://127.0.0.1:9002"]
    breaker: { consecutive: 7, open-for: 3 }
    retries: { attempts: 0, budget: 0 }
    ejection: { share: 0.25 }
    health: { path: /up, interval: 5, unhealthy-after: 1 }
"""


def part_of(root: Path, **options: object) -> ContractsPart:
    estate, findings = load_estate(root)
    assert estate is not None, findings
    return contracts_part(estate, **options)  # type: ignore[arg-type]


def test_the_snapshot_has_what_the_estate_says(tmp_path: Path) -> None:
    part = part_of(write_estate(tmp_path, ("ostiary.yaml", URL, SAID)))
    (upstream,) = part.upstreams
    assert upstream.breaker == BreakerSettings(consecutive=7, open_for=3.0)
    assert upstream.retries == RetrySettings(attempts=0, budget=0.0)
    assert upstream.ejection == EjectionSettings(share=0.25)
    assert upstream.health == HealthCheck("/up", interval=5.0, unhealthy_after=1)
    assert [(origin, each.url) for origin, each in upstream.each_target()] == [
        ("http://127.0.0.1:9001", "http://127.0.0.1:9001/shop"),
        ("http://127.0.0.1:9002", "http://127.0.0.1:9002/shop"),
    ]
    assert msgspec.json.decode(encode_part(part)[1], type=ContractsPart) == part


def test_without_a_word_the_defaults_hold(tmp_path: Path) -> None:
    (upstream,) = part_of(write_estate(tmp_path)).upstreams
    plain = Upstream("bookshop", "http", upstream.url)
    for name in ("breaker", "retries", "ejection", "health", "targets"):
        assert getattr(upstream, name) == getattr(plain, name)
    assert upstream.each_target() == (("http://127.0.0.1:9000", upstream),)


def test_a_part_from_before_there_were_such_settings_decodes() -> None:
    old = b'{"name": "a", "kind": "http", "url": "http://127.0.0.1:1"}'
    assert msgspec.json.decode(old, type=Upstream) == Upstream("a", "http", "http://127.0.0.1:1")


def test_what_a_deployment_puts_in_the_place_of_an_upstream_is_one_server(tmp_path: Path) -> None:
    root = write_estate(tmp_path, ("ostiary.yaml", URL, SAID))
    (upstream,) = part_of(root, upstream_urls={"bookshop": "http://127.0.0.1:4711"}).upstreams
    assert upstream.targets == ()


def test_the_version_carries_its_criticality(tmp_path: Path) -> None:
    root = write_estate(tmp_path, ("apis/books/api.yaml", "criticality: 3", "criticality: 1"))
    assert [version.criticality for version in part_of(root).versions] == [1]


@pytest.mark.parametrize(
    ("targets", "rule", "pointer"),
    [
        ("[http://127.0.0.1:99999]", "invalid-value", "/upstreams/bookshop/targets/0"),
        ("[http://127.0.0.1:1, https://127.0.0.1:2]", "invalid-value", "/upstreams/bookshop/targets/1"),
        ("[http://127.0.0.1:1/path]", "invalid-value", "/upstreams/bookshop/targets/0"),
        ("[http://me@127.0.0.1:1]", "invalid-value", "/upstreams/bookshop/targets/0"),
        ("[http://shop.example]\n    credential: k", "credential-in-clear", "/upstreams/bookshop/targets/0"),
    ],
)
def test_a_target_that_cannot_be_is_pointed_at(tmp_path: Path, targets: str, rule: str, pointer: str) -> None:
    root = write_estate(tmp_path, ("ostiary.yaml", URL, f"{URL}\n    targets: {targets}"))
    found = {(each.rule, each.place.pointer) for each in check(root)}
    assert (rule, pointer) in found


@pytest.mark.parametrize(
    "entry", ["breaker: {rate: 0}", "retries: {attempts: 99}", "ejection: {share: 2}", "health: {path: up}"]
)
def test_a_setting_out_of_its_bounds_is_refused(tmp_path: Path, entry: str) -> None:
    root = write_estate(tmp_path, ("ostiary.yaml", URL, f"{URL}\n    {entry}"))
    assert "invalid-value" in {each.rule for each in check(root)}
