from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.estate.catalogue import ESTATE_RULES
from contracts.estate.estate import (
    UnknownUpstream,
    access_applications,
    check,
    contracts_part,
    is_estate,
    load_estate,
)
from contracts.findings import has_errors
from contracts.openapi.rules import CONTRACT_RULES
from contracts.snapshot import RateLimit, Timeouts, encode_part
from tests.contracts.estate.claim_cases import CLAIM_CASES
from tests.contracts.estate.issuer_cases import ISSUER_CASES
from tests.contracts.estate.oauth_cases import OAUTH_CASES
from tests.support.estates import write_estate

DATA = Path(__file__).parents[2] / "data"
GOLDEN = DATA / "broken-estate.out.txt"

API = "apis/books/api.yaml"
CONTRACT = "apis/books/v1.openapi.yaml"
V1 = "    state: published # draft"
ERP = "upstreams:\n  erp: {kind: odoo, url: 'https://odoo.example.com'%s}\n"
CALENDAR = """\
    deprecation: 2027-01-01
    sunset: 2027-06-01
    brown-outs:
    - %s
    state: published #"""
POLICY = """\
deprecation-policy:
  notice-days: 90
  brown-outs:
  - { days-before: 7, minutes: 30 }
  - { days-before: 30, minutes: 60 }
plans:
"""
V2 = "  v2: { state: %s }\n"
APPROVAL = """\
changes:
  approval:
  - name: breaking
    require: { approvals: [{ roles: [architect], count: 3 }] }
  - name: breaking
plans:
"""
FREEZE = "changes: { freeze-windows: [{ from: 2027-01-02, until: 2027-01-02, reason: Rest }] }\nplans:\n"

# What is changed in a good estate, and the finding that it must cause: the file, the text around its place (which
# is where the bar stands; "" for the first character or none), and the JSON pointer.
CASES = {
    "file-missing": ([("teams.yaml", None)], ("teams.yaml", ""), ""),
    "unknown-key": ([("ostiary.yaml", "plans:", "planz: 1\nplans:")], ("ostiary.yaml", "|planz: 1"), "/planz"),
    "missing-key": ([(API, "title: Books\n", "")], (API, "|description: The bookshop"), ""),
    "wrong-type": (
        [(API, "latency-p95: 300", "latency-p95: fast")],
        (API, "latency-p95: |fast"),
        "/slo/latency-p95",
    ),
    "invalid-value": ([(API, "criticality: 3", "criticality: 9")], (API, "criticality: |9"), "/criticality"),
    "invalid-name": (
        [("teams.yaml", "      ada:", "      Ada:")],
        ("teams.yaml", "|Ada:"),
        "/teams/books/members/Ada",
    ),
    "unknown-owner": ([(API, "owner: books", "owner: bokos")], (API, "owner: |bokos"), "/owner"),
    "unknown-upstream": (
        [(API, "upstream: bookshop", "upstream: bookshelf")],
        (API, "upstream: |bookshelf"),
        "/upstream",
    ),
    "unused-upstream": (
        [("ostiary.yaml", "upstreams:\n", "upstreams:\n  idle: { url: 'http://127.0.0.1:1' }\n")],
        ("ostiary.yaml", "|idle:"),
        "/upstreams/idle",
    ),
    "odoo-login-missing": (
        [
            (
                "ostiary.yaml",
                "upstreams:\n",
                ERP % ", credential: k, protocol: jsonrpc, database: d",
            )
        ],
        ("ostiary.yaml", "erp: |{kind"),
        "/upstreams/erp",
    ),
    "odoo-credential-missing": (
        [("ostiary.yaml", "upstreams:\n", ERP % "")],
        ("ostiary.yaml", "erp: |{kind"),
        "/upstreams/erp",
    ),
    "upstream-key-unused": (
        [("ostiary.yaml", "    description: The bookshop", "    login: me\n    description: The bookshop")],
        ("ostiary.yaml", "|login: me"),
        "/upstreams/bookshop/login",
    ),
    "credential-in-clear": (
        [("ostiary.yaml", "url: http://127.0.0.1:9000", "url: http://shop.example.com\n    credential: shop-key")],
        ("ostiary.yaml", "|http://shop.example.com"),
        "/upstreams/bookshop/url",
    ),
    "secret-in-url": (
        [("ostiary.yaml", "http://127.0.0.1:9000", "http://me:pw@127.0.0.1:9000")],
        ("ostiary.yaml", "url: |http://me:pw@"),
        "/upstreams/bookshop/url",
    ),
    "version-without-contract": ([(API, "  v1:\n", V2 % "draft" + "  v1:\n")], (API, "|v2:"), "/versions/v2"),
    "contract-without-version": ([(CONTRACT.replace("v1", "v7"), "")], (CONTRACT.replace("v1", "v7"), ""), ""),
    "contract-twice": ([(CONTRACT.replace("yaml", "yml"), "")], (CONTRACT.replace("yaml", "yml"), ""), ""),
    "path-reserved": (
        [(CONTRACT, "url: /books/v1", "url: /.well-known/books")],
        (CONTRACT, "|/.well-known"),
        "/servers/0/url",
    ),
    "invalid-date": (
        [(API, V1, "    deprecation: 2027-02-30\n" + V1)],
        (API, "|2027-02-30"),
        "/versions/v1/deprecation",
    ),
    "deprecated-without-date": (
        [(API, V1, "    state: deprecated #")],
        (API, "|state: deprecated"),
        "/versions/v1",
    ),
    "sunset-before-deprecation": (
        [(API, V1, "    deprecation: 2027-02-02\n    sunset: 2027-02-01T23:59:59Z\n" + V1)],
        (API, "|2027-02-01T"),
        "/versions/v1/sunset",
    ),
    "brown-out-empty": (
        [(API, V1, CALENDAR % "{ from: 2027-02-02T10:00:00Z, until: 2027-02-02T10:00:00Z }")],
        (API, "until: |2027-02-02T10:00:00Z"),
        "/versions/v1/brown-outs/0/until",
    ),
    "brown-out-outside": (
        [(API, V1, CALENDAR % "{ from: 2027-05-31T23:00:00Z, until: 2027-06-01T00:00:01Z }")],
        (API, "- |{ from: 2027-05-31"),
        "/versions/v1/brown-outs/0",
    ),
    "brown-outs-overlap": (
        [
            (
                API,
                V1,
                CALENDAR
                % "{ from: 2027-02-02, until: 2027-02-04 }\n    - { from: 2027-02-03, until: 2027-02-05 }",
            )
        ],
        (API, "- |{ from: 2027-02-03"),
        "/versions/v1/brown-outs/1",
    ),
    "brown-outs-not-rising": (
        [("ostiary.yaml", "plans:\n", POLICY)],
        ("ostiary.yaml", "days-before: 7, minutes: |30"),
        "/deprecation-policy/brown-outs/0/minutes",
    ),
    "sunset-without-successor": (
        [(API, V1, "    sunset: 2027-02-02\n" + V1)],
        (API, "|2027-02-02"),
        "/versions/v1/sunset",
    ),
    "unknown-successor": ([(API, V1, "    successor: v9\n" + V1)], (API, "|v9"), "/versions/v1/successor"),
    "successor-not-served": (
        [(API, "  v1:\n", V2 % "draft" + "  v1:\n    successor: v2\n")],
        (API, "successor: |v2"),
        "/versions/v1/successor",
    ),
    "limit-unusable": (
        [("ostiary.yaml", "burst: 5/second", "burst: 0/second")],
        ("ostiary.yaml", "burst: |0/second"),
        "/plans/trial/limits/burst",
    ),
    "unused-plan": (
        [("ostiary.yaml", "plans:\n", "plans:\n  idle: { limits: { a: 1/day } }\n")],
        ("ostiary.yaml", "|idle:"),
        "/plans/idle",
    ),
    "unknown-api": (
        [("consumers.yaml", "api: books\n", "api: boks\n")],
        ("consumers.yaml", "|boks"),
        "/consumers/reading-club/applications/reading-club-app/subscriptions/0/api",
    ),
    "unknown-version": (
        [("consumers.yaml", "version: v1\n", "version: v8\n")],
        ("consumers.yaml", "|v8"),
        "/consumers/reading-club/applications/reading-club-app/subscriptions/0/version",
    ),
    "unknown-plan": (
        [("consumers.yaml", "plan: standard\n", "plan: standart\n")],
        ("consumers.yaml", "|standart"),
        "/consumers/reading-club/applications/reading-club-app/subscriptions/0/plan",
    ),
    "subscription-twice": (
        [
            (
                "consumers.yaml",
                "          - { api: books,",
                "          - { api: books, version: v1, plan: trial }\n          - { api: books,",
            )
        ],
        ("consumers.yaml", "plan: trial }\n          - |{"),
        "/consumers/reading-club/applications/reading-club-lab/subscriptions/1",
    ),
    "subscription-not-served": (
        [(API, V1, "    state: retired #")],
        ("consumers.yaml", "version: |v1"),
        "/consumers/reading-club/applications/reading-club-app/subscriptions/0/version",
    ),
    "unknown-scope": (
        [("consumers.yaml", "[books:read, books:write]", "[books:read, books:wirte]")],
        ("consumers.yaml", "|books:wirte"),
        "/consumers/reading-club/applications/reading-club-app/subscriptions/0/scopes/1",
    ),
    "scope-unused": (
        [
            (
                "apis/books/v1.openapi.yaml",
                "books:write: Add books",
                "books:write: Add books\n            b:c: Old",
            ),
            ("consumers.yaml", "[books:read, books:write]", "[books:read, b:c]"),
        ],
        ("consumers.yaml", "|b:c"),
        "/consumers/reading-club/applications/reading-club-app/subscriptions/0/scopes/1",
    ),
    "application-twice": (
        [
            (
                "consumers.yaml",
                "consumers:\n",
                "consumers:\n  o: { title: O, contact: o@o.org, applications: {reading-club-app: {title: A}} }\n",
            )
        ],
        ("consumers.yaml", "applications:\n      |reading-club-app:"),
        "/consumers/reading-club/applications/reading-club-app",
    ),
    "member-ambiguous": (
        [
            (
                "teams.yaml",
                "teams:\n",
                "teams:\n  o: { title: O, contact: o@o.org, members: { ada: { name: Ada O, email: a@o.org } } }\n",
            )
        ],
        ("teams.yaml", "    members:\n      |ada:"),
        "/teams/books/members/ada",
    ),
    "member-name-reserved": (
        [("teams.yaml", "      ada:", "      catalog:")],
        ("teams.yaml", "|catalog:"),
        "/teams/books/members/catalog",
    ),
    "approval-rule-twice": (
        [("ostiary.yaml", "plans:\n", APPROVAL)],
        ("ostiary.yaml", "  - name: |breaking\nplans"),
        "/changes/approval/1/name",
    ),
    "approver-missing": (
        [("ostiary.yaml", "plans:\n", APPROVAL)],
        ("ostiary.yaml", "|{ roles: [architect]"),
        "/changes/approval/0/require/approvals/0",
    ),
    "freeze-window-empty": (
        [("ostiary.yaml", "plans:\n", FREEZE)],
        ("ostiary.yaml", "until: |2027-01-02"),
        "/changes/freeze-windows/0/until",
    ),
    **ISSUER_CASES,
    **OAUTH_CASES,
    **CLAIM_CASES,
}


def changed(root: Path, changes: list[tuple[str, ...]]) -> Path:
    write_estate(root, *(each for each in changes if len(each) == 3))
    for name, text in (each for each in changes if len(each) == 2):
        path = root / name
        if text is None:
            path.unlink()
        else:
            path.write_text((root / CONTRACT).read_text())
    return root


@pytest.mark.parametrize("rule", CASES)
def test_each_rule_finds_its_case_at_its_place(tmp_path: Path, rule: str) -> None:
    changes, (file, around), pointer = CASES[rule]
    assert rule not in {each.rule for each in check(write_estate(tmp_path / "good"))}
    found = [each for each in check(changed(tmp_path / "changed", changes)) if each.rule == rule]
    assert found, f"{rule} found nothing"
    place = found[0].place
    assert (place.file, place.pointer) == (file, pointer)
    if around:
        before, _, after = around.partition("|")
        text = (tmp_path / "changed" / file).read_text()
        above = text[: text.index(before + after) + len(before)].split("\n")
        assert (place.line, place.column) == (len(above), len(above[-1]) + 1)
    assert found[0].severity == ESTATE_RULES[rule].severity


def test_every_rule_has_a_test() -> None:
    golden = {line.rpartition("[")[2].rstrip("]") for line in GOLDEN.read_text().splitlines()}
    here = {"outside-estate", "path-claimed-twice", "api-folder-name", "file-unreadable"}
    elsewhere = {"unknown-policy", "policy-invalid", "policy-unproved", "unknown-consumer"}  # test_policy_rules
    elsewhere |= {"versioning-invalid", "pin-unusable"}  # test_versioning_rules
    elsewhere |= {"unknown-consumer-team"}  # test_people_rules
    elsewhere |= {"claim-unfit"}  # test_claim_rules
    assert ESTATE_RULES.keys() - CASES.keys() - here - elsewhere == set()
    assert golden <= ESTATE_RULES.keys() | CONTRACT_RULES.keys()


def test_rules_that_both_tables_have_agree_in_severity() -> None:
    shared = ESTATE_RULES.keys() & CONTRACT_RULES.keys()
    assert {id_: ESTATE_RULES[id_].severity for id_ in shared} == {
        id_: CONTRACT_RULES[id_].severity for id_ in shared
    }


def test_a_broken_estate_shows_all_its_errors_at_once() -> None:
    """The golden list is what `ostiary check tests/data/broken-estate` prints, without the last line."""
    assert [str(each) for each in check(DATA / "broken-estate")] == GOLDEN.read_text().splitlines()


def test_the_new_estate_and_the_sample_estate_are_without_a_finding(tmp_path: Path) -> None:
    from importlib.resources import as_file, files

    assert check(write_estate(tmp_path)) == []
    with as_file(files("catalog.demo") / "estate") as sample:
        assert [str(each) for each in check(sample)] == []


def test_a_directory_without_an_estate_is_none(tmp_path: Path) -> None:
    assert not is_estate(tmp_path)
    estate, findings = load_estate(tmp_path)
    assert estate is None
    assert {each.place.file for each in findings} == {"ostiary.yaml", "teams.yaml", "consumers.yaml", "apis"}
    assert is_estate(write_estate(tmp_path))


def test_a_path_claimed_by_two_apis_names_both_places(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    copy = root / "apis" / "novels"
    copy.mkdir()
    for name in ("api.yaml", "v1.openapi.yaml"):
        (copy / name).write_text((root / "apis" / "books" / name).read_text().replace("{isbn}", "{number}"))
    claims = [each for each in check(root) if each.rule == "path-claimed-twice"]
    assert [str(each.place) for each in claims] == [
        "apis/novels/v1.openapi.yaml:19:3",
        "apis/novels/v1.openapi.yaml:65:3",
    ]
    assert claims[1].message == (
        "'/books/v1/books/{number}' is claimed by 'books' v1 too as '/books/v1/books/{isbn}'"
        " (apis/books/v1.openapi.yaml:65:3)"
    )


def test_an_error_in_one_contract_hides_no_claim_on_its_paths(tmp_path: Path) -> None:
    root = write_estate(tmp_path, (CONTRACT, "operationId: getBook", "operationId: listBooks"))
    copy = root / "apis" / "novels"
    copy.mkdir()
    for name in ("api.yaml", "v1.openapi.yaml"):
        (copy / name).write_text((root / "apis" / "books" / name).read_text())
    rules = [each.rule for each in check(root)]
    assert rules.count("operation-id-duplicate") == 2
    assert rules.count("path-claimed-twice") == 2


def test_a_link_out_of_the_estate_is_refused(tmp_path: Path) -> None:
    root = write_estate(tmp_path / "estate")
    outside = tmp_path / "outside.yaml"
    outside.write_text((root / "teams.yaml").read_text())
    (root / "teams.yaml").unlink()
    (root / "teams.yaml").symlink_to(outside)
    findings = check(root)
    assert ("outside-estate", "teams.yaml") in {(each.rule, each.place.file) for each in findings}


def test_what_cannot_be_read_is_a_finding_and_no_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_estate(tmp_path)
    iterdir = Path.iterdir

    def refused(path: Path) -> Iterator[Path]:
        if path.name == "books":
            raise PermissionError(13, "Permission denied")
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", refused)
    found = [str(each) for each in check(root) if each.rule == "file-unreadable"]
    assert found == [
        "apis/books: error: the directory 'apis/books' cannot be read: Permission denied [file-unreadable]"
    ]


def test_a_directory_in_a_contracts_place_is_no_contract(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    (root / CONTRACT).unlink()
    (root / CONTRACT).mkdir()
    assert "version-without-contract" in {each.rule for each in check(root)}


def test_a_folder_that_is_no_api_name_is_refused(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    (root / "apis" / "books").rename(root / "apis" / "Books")
    assert [str(each.place) for each in check(root) if each.rule == "api-folder-name"] == ["apis/Books"]


def test_a_contract_of_the_wrong_name_is_pointed_at(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    (root / CONTRACT).rename(root / "apis/books/v1.yaml")
    (found,) = (each for each in check(root) if each.rule == "version-without-contract")
    assert "is it v1.yaml? contracts are called v1.openapi.yaml" in found.message


def test_warnings_do_not_keep_an_estate_back(tmp_path: Path) -> None:
    estate, findings = load_estate(write_estate(tmp_path, (API, V1, "    sunset: 2030-01-01\n" + V1)))
    assert [each.rule for each in findings] == ["sunset-without-successor"]
    assert estate is not None
    assert not has_errors(findings)


def test_the_contracts_part_says_what_the_files_say(tmp_path: Path) -> None:
    estate, _ = load_estate(write_estate(tmp_path))
    assert estate is not None
    part = contracts_part(estate)
    assert part.audience == "http://127.0.0.1:8080"
    (upstream,) = part.upstreams
    assert (upstream.name, upstream.kind, upstream.url) == ("bookshop", "http", "http://127.0.0.1:9000")
    assert upstream.timeouts == Timeouts(connect=3, first_byte=10, between_bytes=15, total=30)
    assert {plan.name: plan.limits for plan in part.plans} == {
        "standard": (RateLimit("burst", 50, 1), RateLimit("daily", 200_000, 86_400)),
        "trial": (RateLimit("burst", 5, 1), RateLimit("daily", 1_000, 86_400)),
    }
    (version,) = part.versions
    assert (version.api, version.version, version.base_path, version.owner) == (
        "books",
        "v1",
        "/books/v1",
        "books",
    )
    assert encode_part(part) == encode_part(contracts_part(estate)), "a part's bytes are the same every time"


def test_a_deployment_points_upstreams_and_the_audience_elsewhere(tmp_path: Path) -> None:
    estate, _ = load_estate(write_estate(tmp_path))
    assert estate is not None
    part = contracts_part(
        estate, upstream_urls={"bookshop": "http://127.0.0.1:4711/"}, audience="https://api.example.com/"
    )
    assert part.upstreams[0].url == "http://127.0.0.1:4711"
    assert part.audience == "https://api.example.com"
    with pytest.raises(UnknownUpstream, match="no upstream is called 'bookshpo' \\(did you mean 'bookshop'"):
        contracts_part(estate, upstream_urls={"bookshpo": "http://127.0.0.1:1"})
    with pytest.raises(UnknownUpstream, match="no absolute http"):
        contracts_part(estate, upstream_urls={"bookshop": "127.0.0.1:1"})


@pytest.mark.parametrize(("state", "in_part"), [("draft", False), ("published", True), ("retired", True)])
def test_drafts_are_checked_and_not_published_and_retired_versions_stay(
    tmp_path: Path, state: str, in_part: bool
) -> None:
    estate, _ = load_estate(write_estate(tmp_path, (API, V1, f"    state: {state} #")))
    assert estate is not None
    assert [each.version for each in estate.versions] == ["v1"]
    assert bool(contracts_part(estate).versions) is in_part
    subscriptions = [each.subscriptions for each in access_applications(estate)]
    assert all(bool(each) is in_part for each in subscriptions)


def test_a_draft_with_an_error_is_found(tmp_path: Path) -> None:
    root = write_estate(
        tmp_path,
        (API, V1, "    state: draft #"),
        (CONTRACT, '$ref: "#/components/schemas/Isbn"', '$ref: "#/components/schemas/Gone"'),
    )
    assert "dangling-reference" in {each.rule for each in check(root)}


def test_versions_are_in_numeric_order_and_know_their_successors_path(tmp_path: Path) -> None:
    root = write_estate(tmp_path, (API, "  v1:\n", "  v10: {}\n  v2: { successor: v10 }\n  v1:\n"))
    for version in ("v2", "v10"):
        text = (root / CONTRACT).read_text().replace("/books/v1", f"/books/{version}")
        (root / f"apis/books/{version}.openapi.yaml").write_text(text)
    estate, findings = load_estate(root)
    assert estate is not None, findings
    assert [each.version for each in estate.versions] == ["v1", "v2", "v10"]
    assert [each.successor_base_path for each in estate.versions] == [None, "/books/v10", None]


def test_lifecycle_dates_are_unix_seconds(tmp_path: Path) -> None:
    dates = "    state: deprecated\n    deprecation: 2027-01-01\n    sunset: 2027-06-30T23:59:59Z\n#"
    estate, _ = load_estate(write_estate(tmp_path, (API, V1, dates)))
    assert estate is not None
    lifecycle = estate.versions[0].lifecycle
    assert (lifecycle.deprecation, lifecycle.sunset) == (1_798_761_600, 1_814_399_999)


def test_applications_carry_their_consumer_and_subscriptions(tmp_path: Path) -> None:
    estate, _ = load_estate(write_estate(tmp_path))
    assert estate is not None
    first, second = access_applications(estate)
    assert (first.client_id, first.consumer, first.name) == (
        "reading-club-app",
        "reading-club",
        "Reading Club mobile app",
    )
    assert first.subscriptions[0].scopes == ("books:read", "books:write")
    assert second.subscriptions[0].plan == "trial"
