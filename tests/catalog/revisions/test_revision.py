"""Revisions are named by their content, and take no path that could be anything but a file of the estate."""

import pytest

from catalog.revisions.revision import BadRevision, Revision
from catalog.revisions.units import ESTATE_UNIT, BadPath, check_path, own_unit

ORDERS = {"apis/orders/api.yaml": b"title: Orders\n", "apis/orders/v1.openapi.yaml": b"openapi: 3.1.0\n"}


def test_the_same_files_are_the_same_revision_in_any_order() -> None:
    again = dict(reversed(ORDERS.items()))
    assert Revision.of("orders", ORDERS).digest == Revision.of("orders", again).digest


@pytest.mark.parametrize(
    "other",
    [
        ORDERS | {"apis/orders/api.yaml": b"title: Order\n"},
        ORDERS | {"common/errors.yaml": b"a: 1\n"},
        {"apis/orders/api.yaml": ORDERS["apis/orders/api.yaml"]},
    ],
)
def test_other_content_is_another_revision(other: dict[str, bytes]) -> None:
    assert Revision.of("orders", ORDERS).digest != Revision.of("orders", other).digest


def test_a_listing_reads_back() -> None:
    revision = Revision.of("orders", ORDERS)
    assert Revision.read(revision.listing) == revision
    assert revision.listing.startswith(b'{"unit":"orders","files":[["apis/orders/api.yaml","sha256:')


@pytest.mark.parametrize(
    ("unit", "files", "reason"),
    [
        ("Orders", ORDERS, "no unit can be called 'Orders'"),
        ("orders/../x", ORDERS, "no unit can be called"),
        ("partners", ORDERS, "'apis/partners/api.yaml' is missing"),
        (ESTATE_UNIT, {"ostiary.yaml": b"", "teams.yaml": b""}, "'consumers.yaml' is missing"),
        ("orders", ORDERS | {f"common/{n}.yaml": b"" for n in range(500)}, "502 files; 500 are allowed"),
        ("orders", ORDERS | {"common/a.yaml": bytes(10 * 1024 * 1024 + 1)}, "'common/a.yaml' has more than"),
        ("orders", ORDERS | {f"common/{n}.yaml": bytes(9_000_000) for n in range(6)}, "has more than 52428800"),
    ],
)
def test_what_is_no_revision_is_refused(unit: str, files: dict[str, bytes], reason: str) -> None:
    with pytest.raises(BadRevision, match=reason):
        Revision.of(unit, files)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "apis/../../x",
        "apis/./x",
        "apis//x",
        "apis/orders/",
        ".git/config",
        "apis/.hidden/x",
        "a\\b",
        "a\0b",
        "a\nb",
        "C:x",
        "a\udcff",
        "x" * 256,
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        check_path(path)
    with pytest.raises(BadPath):
        Revision.of("orders", ORDERS | {path: b""})


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("apis/orders/api.yaml", "orders"),
        ("apis/orders/v1.openapi.yaml", "orders"),
        ("apis/orders/v2.openapi.json", "orders"),
        ("apis/orders/notes.md", ESTATE_UNIT),
        ("ostiary.yaml", ESTATE_UNIT),
        ("common/errors.yaml", ESTATE_UNIT),
    ],
)
def test_a_file_belongs_to_a_unit_by_its_place(path: str, unit: str) -> None:
    assert own_unit(path) == unit
