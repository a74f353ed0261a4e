"""The `tls` keys of an upstream: names alone, carried into the snapshot, and of no use without https."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.estate.estate import check, contracts_part, load_estate
from contracts.estate_files import EstateFile
from contracts.snapshot import UpstreamTls
from tests.support.estates import write_estate

URL = "url: http://127.0.0.1:9000"
TLS = "\n    tls: {ca: shop-ca, client-certificate: our-certificate, server-name: shop.internal}"


def estate_with(folder: Path, text: str) -> Path:
    root = write_estate(folder)
    path = root / "ostiary.yaml"
    before = path.read_text()
    assert before.count(URL) == 1
    path.write_text(before.replace(URL, text))
    return root


def rules(root: Path) -> list[str]:
    return [finding.rule for finding in check(root)]


def test_the_snapshot_says_what_the_file_says(tmp_path: Path) -> None:
    root = estate_with(tmp_path, "url: https://127.0.0.1:9000" + TLS)
    assert rules(root) == []
    estate, _ = load_estate(root)
    assert estate is not None
    (upstream,) = contracts_part(estate).upstreams
    assert upstream.tls == UpstreamTls("shop-ca", "our-certificate", "shop.internal")


def test_it_means_nothing_over_plain_http(tmp_path: Path) -> None:
    assert rules(estate_with(tmp_path, URL + TLS)) == ["upstream-key-unused"]


@pytest.mark.parametrize(
    "tls",
    [
        {"ca": "-----BEGIN CERTIFICATE-----"},
        {"client-certificate": "/etc/key.pem"},
        {"server-name": "a b"},
        {"server-name": "-a"},
        {"verify": False},
    ],
)
def test_values_and_a_way_around_verification_are_refused(tls: dict[str, Any]) -> None:
    upstream = {"url": "https://shop", "tls": tls}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "a", "upstreams": {"shop": upstream}, "plans": {}}, EstateFile)
