"""The labels themselves, before anything of ours is judged by them."""

import hashlib
import json
from collections import Counter

import pytest

from tests.conformance.containment.labelled import VERDICTS, SchemaPair, document_pairs, schema_pairs
from tests.conformance.containment.oracle import counter_example, translated, validator

SCHEMAS = schema_pairs()
DOCUMENTS = document_pairs()
TRIES = 1_000


def sides(pair: SchemaPair):
    """Which has to be contained in which."""
    base = translated(pair.base, pair.base_components, pair.base_openapi)
    revision = translated(pair.revision, pair.revision_components, pair.revision_openapi)
    return (base, revision) if pair.direction == "request" else (revision, base)


def test_there_are_enough_and_half_of_them_are_harmless():
    pairs = [*SCHEMAS, *DOCUMENTS]
    assert len(pairs) >= 400
    assert len({pair.id for pair in pairs}) == len(pairs)
    count = Counter(pair.verdict for pair in pairs)
    assert set(count) <= set(VERDICTS)
    assert count["compatible"] >= len(pairs) / 2
    assert count["breaking"] >= len(pairs) / 4
    assert {pair.direction for pair in pairs} == {"request", "response"}


@pytest.mark.parametrize("pair", [*SCHEMAS, *DOCUMENTS], ids=lambda pair: pair.id)
def test_each_is_argued_from_a_standard(pair):
    assert any(
        source in pair.why for source in ("core §", "validation §", "OAS 3.", "RFC ", "Wright-00 §", "Ostiary:")
    )
    assert json.dumps(pair.base) != json.dumps(pair.revision) or _surroundings_differ(pair)


def _surroundings_differ(pair):
    """Whether only the components or the version of OpenAPI tell the sides apart."""
    return pair.base_components != pair.revision_components or pair.base_openapi != pair.revision_openapi


@pytest.mark.parametrize("pair", [p for p in SCHEMAS if p.verdict == "compatible"], ids=lambda pair: pair.id)
def test_no_counter_example_to_a_compatible_pair(pair):
    sub, sup = sides(pair)
    seed = int.from_bytes(hashlib.sha256(pair.id.encode()).digest()[:4])
    found, instance, _ = counter_example(sub, sup, TRIES, seed)
    assert not found, f"{instance!r} is valid under the one and not under the other"


@pytest.mark.parametrize("pair", [p for p in SCHEMAS if p.verdict == "breaking"], ids=lambda pair: pair.id)
def test_the_witness_of_a_breaking_pair(pair):
    sub, sup = sides(pair)
    assert pair.has_witness
    assert validator(sub)(pair.witness)
    assert not validator(sup)(pair.witness)


def test_the_search_finds_most_witnesses_of_itself():
    """Else a label `compatible` would stand for a search that finds nothing."""
    breaking = [pair for pair in SCHEMAS if pair.verdict == "breaking"]
    missed = [pair.id for pair in breaking if not counter_example(*sides(pair), TRIES, 7)[0]]
    assert len(missed) <= len(breaking) * 0.05, missed


@pytest.mark.parametrize("pair", [p for p in DOCUMENTS if p.verdict == "breaking"], ids=lambda pair: pair.id)
def test_a_breaking_pair_of_documents_names_the_exchange_that_breaks(pair):
    assert pair.witness
