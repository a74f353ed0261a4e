"""Nested records: how many reads they cost, and which commands write them."""

import msgspec

from contracts.operations import OdooField
from contracts.problems import problem
from gateway.upstreams.odoo.records import Node, has_records, names_of, nodes_of, represent, write_values

SERIALS = OdooField(
    "serials",
    "lot_ids",
    "records",
    model="stock.lot",
    fields=(OdooField("key", "id", "integer"), OdooField("number", "name", "text")),
)
LINES = OdooField(
    "lines",
    "line_ids",
    "records",
    model="order.line",
    fields=(OdooField("id", "id", "integer"), OdooField("quantity", "qty", "number"), SERIALS),
)
FIELDS = (OdooField("id", "id", "integer"), LINES, OdooField("line_ids", "line_ids", "ids", writable=False))

TABLES = {
    "order.line": {n: {"id": n, "qty": float(n), "lot_ids": [10 * n, 10 * n + 1]} for n in (1, 2, 3)},
    "stock.lot": {n: {"id": n, "name": f"SN{n}"} for n in (10, 11, 20, 21, 30, 31)},
}


class Reads:
    """Odoo's `read`, and what was asked of it. Rows come back in the order of their ids, as Odoo may choose."""

    def __init__(self, missing=()):
        self.asked = []
        self.missing = missing

    async def __call__(self, model, ids, fields):
        self.asked.append((model, ids, fields))
        return [TABLES[model][key] for key in sorted(ids) if key not in self.missing]


async def test_one_read_for_each_depth_whatever_the_number_of_rows():
    reads = Reads()
    rows = [{"id": 7, "line_ids": [3, 1]}, {"id": 8, "line_ids": [2]}, {"id": 9, "line_ids": []}]
    nodes = await nodes_of(FIELDS, rows, reads)
    assert reads.asked == [
        ("order.line", [3, 1, 2], ["id", "qty", "lot_ids"]),
        ("stock.lot", [10, 11, 20, 21, 30, 31], ["id", "name"]),
    ]
    orders = [represent(FIELDS, node) for node in nodes]
    assert [line["id"] for line in orders[0]["lines"]] == [3, 1], "Odoo's order of the list is kept"
    assert orders[1]["lines"][0]["serials"] == [{"key": 20, "number": "SN20"}, {"key": 21, "number": "SN21"}]
    assert orders[2] == {"id": 9, "lines": [], "line_ids": []}


async def test_nothing_is_read_for_empty_lists():
    reads = Reads()
    await nodes_of(FIELDS, [{"id": 9, "line_ids": []}], reads)
    assert reads.asked == []


async def test_a_record_deleted_between_two_reads_is_left_out():
    nodes = await nodes_of(FIELDS, [{"id": 7, "line_ids": [1, 2]}], Reads(missing={1, 20}))
    order = represent(FIELDS, nodes[0])
    assert [line["id"] for line in order["lines"]] == [2]
    assert [serial["key"] for serial in order["lines"][0]["serials"]] == [21]


async def test_a_refusal_of_a_nested_read_is_handed_on():
    refusal = problem("record-access-denied", "no")

    async def refuse(model, ids, fields):
        return refusal

    assert await nodes_of(FIELDS, [{"id": 7, "line_ids": [1]}], refuse) is refusal


def test_no_fields_ask_for_the_id_alone():
    assert names_of(()) == ["id"]
    assert names_of(FIELDS) == ["id", "line_ids"]


def test_a_new_record_creates_its_list_at_every_depth():
    violations = []
    body = {"lines": [{"id": 5, "quantity": 2, "serials": [{"number": "A"}, {"number": None}]}]}
    assert write_values(FIELDS, body, violations) == {
        "line_ids": [[0, 0, {"qty": 2, "lot_ids": [[0, 0, {"name": "A"}], [0, 0, {"name": False}]]}]]
    }
    assert violations == []


def present():
    lots = [Node({"id": 10}), Node({"id": 11})]
    return Node({"id": 7}, {"lines": [Node({"id": 1}, {"serials": lots}), Node({"id": 2}, {"serials": []})]})


def test_an_update_changes_creates_and_deletes_at_every_depth():
    violations = []
    body = {
        "lines": [
            {"id": 1, "quantity": 4, "serials": [{"key": 11, "number": "B"}, {"number": "C"}]},
            {"quantity": 9},
        ]
    }
    assert write_values(FIELDS, body, violations, present()) == {
        "line_ids": [
            [1, 1, {"qty": 4, "lot_ids": [[1, 11, {"name": "B"}], [0, 0, {"name": "C"}], [2, 10, 0]]}],
            [0, 0, {"qty": 9}],
            [2, 2, 0],
        ]
    }
    assert violations == []


def test_ids_from_elsewhere_or_twice_are_refused_with_their_place():
    violations = []
    body = {
        "lines": [{"id": 1}, {"id": 1}, {"id": 3}, {"id": True}, {"id": "1"}, {"id": 2, "serials": [{"key": 10}]}]
    }
    write_values(FIELDS, body, violations, present())
    assert [violation.pointer for violation in violations] == [
        "/lines/1/id",
        "/lines/2/id",
        "/lines/3/id",
        "/lines/4/id",
        "/lines/5/serials/0/key",
    ]


def test_no_list_empties_it():
    assert write_values(FIELDS, {"lines": None}, [], present()) == {"line_ids": [[2, 1, 0], [2, 2, 0]]}


def test_what_is_no_object_and_no_list_is_refused():
    for body, where in ((5, ""), ({"lines": {}}, "/lines"), ({"lines": [5]}, "/lines/0")):
        violations = []
        write_values(FIELDS, body, violations)
        assert [violation.pointer for violation in violations] == [where]


def test_the_present_list_is_needed_only_where_one_is_set():
    assert has_records(FIELDS, {"lines": []})
    assert not has_records(FIELDS, {"line_ids": []})
    assert not has_records(FIELDS, None)


def test_what_is_only_written_is_neither_asked_for_nor_shown():
    fields = (
        OdooField("id", "id", "integer"),
        OdooField("secret", "password", "text", readable=False),
        msgspec.structs.replace(LINES, readable=False),
    )
    assert names_of(fields) == ["id", "line_ids"], "an update has to know the lines that are there"
    assert represent(fields, Node({"id": 7, "line_ids": []}, {"lines": []})) == {"id": 7}
    assert write_values(fields, {"secret": "x"}, []) == {"password": "x"}


def test_a_list_that_is_merged_keeps_what_the_body_does_not_name():
    merged = (FIELDS[0], msgspec.structs.replace(LINES, write="merge"))
    body = {"lines": [{"id": 2, "quantity": 4}, {"quantity": 1}]}
    assert write_values(merged, body, [], present()) == {"line_ids": [[1, 2, {"qty": 4}], [0, 0, {"qty": 1}]]}
