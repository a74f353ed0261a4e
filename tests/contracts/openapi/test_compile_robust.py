"""Whatever is put into a contract, compiling it ends in findings at places, and in no exception."""

import copy
import random
from pathlib import Path

import pytest

from contracts.documents.document import Document, load
from contracts.openapi.compile import compile_version
from tests.contracts.contract_helpers import context_of

DATA = Path(__file__).parents[2] / "data" / "contracts"
CONTRACTS = sorted(path.name for path in DATA.glob("*.in.yaml"))
STRANGE = (
    *(None, 5, -1, 1.5, True, "", "x", "#/x", [], {}, [[]], [{}], [None], {"a": None}),
    *(
        {"$ref": 5},
        {"$ref": "#"},
        {"$ref": "#/paths"},
        {"$ref": "#/components/schemas/Order"},
        {"type": ["object", {}]},
    ),
)
KEYS = ("x-ostiary-odoo", "parameters", "get", "$ref", "schema", "fields", "items", "allOf", "required", "a/b~c")


def places_in(value, path=()):
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places_in(member, (*path, key))


def mutate(value, chance):
    for _ in range(chance.randint(1, 4)):
        *path, key = chance.choice([place for place in places_in(value) if place])
        holder = value
        for part in path:
            holder = holder[part]
        if isinstance(holder, dict) and chance.random() < 0.25:
            del holder[key]
            if not value:
                return
        elif isinstance(holder, dict) and chance.random() < 0.25:
            holder[chance.choice(KEYS)] = holder.pop(key)
        else:
            holder[key] = copy.deepcopy(chance.choice(STRANGE))


@pytest.mark.parametrize("seed", range(12))
def test_a_mutilated_contract_is_refused_or_compiled(seed):
    chance = random.Random(seed)
    documents = {name: load(DATA / name, name)[0] for name in (*CONTRACTS, "common/shared.yaml")}
    for _ in range(20):
        original = documents[chance.choice(CONTRACTS)]
        value = copy.deepcopy(original.value)
        mutate(value, chance)
        document = Document(original.file, value, original.spot)
        upstream = chance.choice(["shop", "erp", "nowhere"])
        version, findings = compile_version(document, context_of(documents.get, upstream=upstream))
        assert (version is None) == any(finding.severity == "error" for finding in findings)
        assert all(finding.place.file in documents and finding.place.line > 0 for finding in findings)
