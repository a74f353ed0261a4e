"""The official suite against JSON Schema as the gateway uses it: as far as jsonschema-rs, or with a reason."""

import json
from collections import defaultdict

import pytest
import yaml

from tests.conformance.jsonschema import oas30
from tests.conformance.jsonschema.suite import (
    DATA,
    Refused,
    by_contract,
    by_library,
    by_validators,
    cases,
    remotes,
)

DEVIATIONS = yaml.safe_load((DATA / "deviations.yaml").read_text(encoding="utf-8"))
DOCUMENTS = remotes()
GROUPS = defaultdict(list)
for one in cases("draft2020-12"):
    GROUPS[one.file, one.group].append(one)
REFUSALS = {"schema-keyword-unsupported", "dangling-reference", "remote-reference", "reference-outside-estate"}
FORMAT_GROUPS = {key for key in GROUPS if key[0] == "format"}


def listed(part: str) -> dict[tuple[str, str], str]:
    return {(row["file"], row["group"]): row["reason"] for row in DEVIATIONS[part]}


def judged(judges, key) -> str:
    """`right`, `wrong` in some test, or what the schema was refused with."""
    try:
        judge = judges(GROUPS[key][0].schema)
    except Refused as refused:
        return " ".join(refused.rules)
    except ValueError as error:
        return f"no schema: {error}"
    return "right" if all(judge(case.data) == case.valid for case in GROUPS[key]) else "wrong"


def test_the_whole_suite_is_here():
    assert sum(map(len, GROUPS.values())) >= 1_250
    assert len({key[0] for key in GROUPS}) == 46
    named = {row["reason"] for part in ("validators", "contracts") for row in DEVIATIONS[part]}
    assert named == DEVIATIONS["reasons"].keys()
    assert listed("validators").keys() | listed("contracts").keys() <= GROUPS.keys()


@pytest.mark.parametrize("key", GROUPS, ids=" | ".join)
def test_the_validators_pass_as_far_as_the_library(key):
    reason = listed("validators").get(key)
    ours, library = judged(by_validators(DOCUMENTS), key), judged(by_library(DOCUMENTS), key)
    if reason == "asserted":
        assert (ours, library) == ("wrong", "right")
    else:
        assert (ours, library) == ("right", "right")


@pytest.mark.parametrize("key", GROUPS, ids=" | ".join)
def test_a_contract_passes_or_is_refused_for_a_known_reason(key):
    reason = listed("contracts").get(key)
    found = judged(by_contract("3.1.0"), key)
    if reason is None:
        assert found == "right"
    elif reason == "asserted":
        assert found == "wrong"
    else:
        # To be refused with an error that says so, never judged wrongly.
        assert set(found.split()) <= REFUSALS


@pytest.mark.parametrize("key", sorted(FORMAT_GROUPS), ids=" | ".join)
def test_asserting_formats_refuses_nothing_but_what_has_not_the_format(key):
    judge = by_validators(DOCUMENTS)(GROUPS[key][0].schema)
    for case in GROUPS[key]:
        assert judge(case.data) == ("invalid" not in case.test)


def sayable():
    for case in cases("draft4"):
        try:
            yield case, *oas30.said(case.schema)
        except oas30.Unsayable:
            continue


DRAFT4 = list(sayable())


def test_most_of_draft_4_can_be_said_in_oas_30():
    assert len(DRAFT4) >= 400
    assert {case.file for case, *_ in DRAFT4} >= {
        "minimum",
        "maximum",
        "not",
        "enum",
        "ref",
        "uniqueItems",
        "type",
    }


def test_what_oas_30_has_no_words_for_is_told():
    for schema in ({"type": "null"}, {"items": [{}]}, {"patternProperties": {}}, {"dependencies": {}}, True):
        with pytest.raises(oas30.Unsayable):
            oas30.said(schema)


@pytest.mark.parametrize(("case", "schema", "components"), DRAFT4, ids=lambda one: getattr(one, "id", ""))
def test_the_rewrite_of_oas_30_agrees_with_draft_4(case, schema, components):
    judge = by_contract("3.0.3", components)(schema)
    asserted = case.file == "format" and case.test.startswith("invalid ")
    assert judge(case.data) == (case.valid and not asserted)


OWN = json.loads((DATA / "oas30.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("group", OWN, ids=lambda group: group["description"])
def test_the_words_that_oas_30_has_of_its_own(group):
    judge = by_contract("3.0.3")(group["schema"])
    assert [judge(test["data"]) for test in group["tests"]] == [test["valid"] for test in group["tests"]]
