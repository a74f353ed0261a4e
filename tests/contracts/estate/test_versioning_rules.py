from pathlib import Path

import pytest

from contracts.dates import timestamp
from contracts.estate.estate import access_applications, load_estate
from contracts.findings import has_errors
from contracts.operations import VersionChoice
from tests.support.estates import write_estate

API = "apis/books/api.yaml"
CONTRACT = "apis/books/v1.openapi.yaml"
SHOP = "consumers.yaml"


def two_versions(root: Path, versioning: str, *, v1: str = "", v2: str = "", pinned: str = "") -> Path:
    """The estate with `books` in two versions of the same paths, both at the API's one base path."""
    write_estate(root)
    api = root / API
    text = api.read_text()
    head, _, tail = text.partition("versions:\n  v1:\n")
    entries = f"versions:\n  v2: {{ state: published{v2} }}\n  v1:\n{v1}"
    api.write_text(f"{head}versioning: {versioning}\n{entries}{tail}")
    before, _, rest = (root / CONTRACT).read_text().partition("servers:\n")
    contract = before + rest.partition("    description: Behind the gateway\n")[2]
    for version in ("v1", "v2"):
        (root / f"apis/books/{version}.openapi.yaml").write_text(contract)
    consumers = root / SHOP
    shop = consumers.read_text()
    assert "        subscriptions:\n" in shop
    consumers.write_text(shop.replace("        subscriptions:\n", f"{pinned}        subscriptions:\n", 1))
    return root


def found(root: Path, rule: str) -> list[str]:
    return [
        f"{each.place.file}#{each.place.pointer} {each.message}"
        for each in load_estate(root)[1]
        if each.rule == rule
    ]


def test_two_versions_share_a_base_path_where_they_are_not_chosen_by_it(tmp_path: Path) -> None:
    root = two_versions(tmp_path / "good", "{ by: header, default: v2 }")
    estate, findings = load_estate(root)
    assert not has_errors(findings), findings
    assert estate is not None
    assert {each.base_path for each in estate.versions} == {"/books"}
    assert {each.choice for each in estate.versions} == {VersionChoice("header", default="v2")}


def test_by_media_type_the_vendor_is_the_api_unless_it_is_named(tmp_path: Path) -> None:
    estate, _ = load_estate(two_versions(tmp_path / "one", "{ by: media-type }"))
    assert estate is not None
    assert estate.versions[0].choice == VersionChoice("media-type", vendor="books")
    estate, _ = load_estate(two_versions(tmp_path / "two", "{ by: media-type, vendor: acme.books }"))
    assert estate is not None
    assert estate.versions[0].choice == VersionChoice("media-type", vendor="acme.books")


def test_by_date_all_versions_know_all_dates_and_applications_their_pin(tmp_path: Path) -> None:
    root = two_versions(
        tmp_path,
        "{ by: date }",
        v1="    released: 2026-01-01\n",
        v2=", released: 2026-06-01",
        pinned="        pinned: { books: 2026-05-01 }\n",
    )
    estate, findings = load_estate(root)
    assert not has_errors(findings), findings
    assert estate is not None
    dates = (("v1", timestamp("2026-01-01")), ("v2", timestamp("2026-06-01")))
    assert {each.choice for each in estate.versions} == {VersionChoice("date", released=dates)}
    assert access_applications(estate)[0].pinned == {"books": timestamp("2026-05-01")}


@pytest.mark.parametrize(
    ("versioning", "place", "message"),
    [
        ("{ by: path, header: X-Version }", "header", "'header' means nothing"),
        ("{ by: path, default: v3 }", "default", "none that is served"),
        ("{ by: header, vendor: acme }", "vendor", "'vendor' means nothing"),
        ("{ by: media-type, header: X-Version }", "header", "'header' means nothing"),
        ("{ by: header, default: v3 }", "default", "none that is served"),
        ("{ by: header, header: Authorization }", "header", "means something else"),
    ],
)
def test_what_nobody_could_choose_by_is_found(tmp_path: Path, versioning: str, place: str, message: str) -> None:
    (text,) = found(two_versions(tmp_path, versioning), "versioning-invalid") or [""]
    assert text.startswith(f"{API}#/versioning/{place} ")
    assert message in text


def test_by_path_the_default_is_at_its_base_path_without_the_version_too(tmp_path: Path) -> None:
    root = two_versions(tmp_path / "good", "{ by: path, default: v2 }")
    estate, findings = load_estate(root)
    assert not has_errors(findings), findings
    assert estate is not None
    assert [(each.base_path, each.default_path) for each in estate.versions] == [
        ("/books/v1", None),
        ("/books/v2", "/books"),
    ]
    path = root / "apis/books/v2.openapi.yaml"
    contract = path.read_text()
    path.write_text(contract + "servers: [{ url: /library }]\n")
    (text,) = found(root, "versioning-invalid")
    assert text.startswith(
        f"{API}#/versioning/default the default version is served at its base path without the "
    )
    assert "'/library' does not end with '/v2'" in text
    other = root / "apis/films"
    other.mkdir()
    (other / "api.yaml").write_text((root / API).read_text().replace(", default: v2", ""))
    path.write_text(contract)
    for version, base in (("v1", "books"), ("v2", "films")):
        (other / f"{version}.openapi.yaml").write_text(f"{contract}servers: [{{ url: /{base} }}]\n")
    (text, *_) = found(root, "path-claimed-twice")
    assert "'/books/books' is claimed by 'books' v2 too" in text


def test_versions_at_two_base_paths_are_no_choice(tmp_path: Path) -> None:
    root = two_versions(tmp_path, "{ by: header }")
    path = root / "apis/books/v2.openapi.yaml"
    path.write_text(path.read_text() + "servers: [{ url: /elsewhere }]\n")
    (text,) = found(root, "versioning-invalid")
    assert text.startswith(f"{API}#/versioning 'books' v2 is served at '/elsewhere' and v1 at '/books'")


def test_by_date_each_version_has_one_of_its_own(tmp_path: Path) -> None:
    (text,) = found(
        two_versions(tmp_path / "a", "{ by: date }", v1="    released: 2026-01-01\n"), "versioning-invalid"
    )
    assert text.startswith(f"{API}#/versions/v2 'books' v2 has no 'released' date")
    root = two_versions(
        tmp_path / "b", "{ by: date }", v1="    released: 2026-01-01\n", v2=", released: 2026-01-01"
    )
    (text,) = found(root, "versioning-invalid")
    assert "have one date" in text
    root = two_versions(tmp_path / "c", "{ by: path }", v1="    released: 2026-02-30\n")
    (text,) = found(root, "invalid-date")
    assert text.startswith(f"{API}#/versions/v1/released ")


@pytest.mark.parametrize(
    ("pinned", "rule", "message"),
    [
        ("books: 2025-12-31", "pin-unusable", "had no version yet"),
        ("books: 2026-07-01", "pin-unusable", "which is 'books' v2, and has no subscription to it"),
        ("bokos: 2026-07-01", "unknown-api", "which is no API (did you mean 'books'?)"),
        ("books: 2026-02-30", "invalid-date", "is not in the calendar"),
    ],
)
def test_a_pin_leads_to_a_version_that_may_be_called(tmp_path: Path, pinned: str, rule: str, message: str) -> None:
    root = two_versions(
        tmp_path,
        "{ by: date }",
        v1="    released: 2026-01-01\n",
        v2=", released: 2026-06-01",
        pinned=f"        pinned: {{ {pinned} }}\n",
    )
    (text,) = found(root, rule)
    assert text.startswith(f"{SHOP}#/consumers/")
    assert message in text


def test_a_pin_means_nothing_to_an_api_without_dates(tmp_path: Path) -> None:
    root = two_versions(tmp_path, "{ by: header }", pinned="        pinned: { books: 2026-05-01 }\n")
    (text,) = found(root, "pin-unusable")
    assert "whose versions are chosen by header" in text
