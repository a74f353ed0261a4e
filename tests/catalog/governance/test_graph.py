"""The estate as a graph: what is in it, and what is around one node."""

from catalog.governance.graph import Edge, graph_of
from contracts.estate_files import VersionEntry
from tests.catalog.governance.sample import changed, sample


def test_upstreams_of_one_system_are_one_node() -> None:
    graph = graph_of(sample())
    systems = {each.name: each.detail for each in graph.nodes if each.kind == "system"}
    assert set(systems) == {"odoo", "carrier"}
    assert "JSON-2" in systems["odoo"]
    assert "JSON-RPC" in systems["odoo"]
    assert Edge("api:orders", "system:odoo", "served-by", ("v1", "v2")) in graph.edges


def test_an_object_has_its_record_where_the_api_that_claims_it_is_served() -> None:
    graph = graph_of(sample())
    assert Edge("object:sales-order", "system:odoo", "record-in", ("orders",)) in graph.edges
    assert Edge("api:shipments", "object:sales-order", "carries", ()) in graph.edges
    assert (graph.unrecorded, graph.disputed) == ((), ())


def test_objects_without_a_record_or_with_two_are_named() -> None:
    """However they are written: a claim is about a name, and not about its case."""
    estate = changed(
        apis={
            "shipments": {"system_of_record_for": ("Sales-Order ",)},
            "partners": {"business_objects": ("invoice",)},
        }
    )
    graph = graph_of(estate)
    assert graph.unrecorded == ("object:invoice",)
    assert graph.disputed == ("object:sales-order",)


def test_around_an_object_are_the_apis_that_carry_it_and_what_these_have() -> None:
    graph = graph_of(sample(), "object:shipment")
    assert [each.id for each in graph.nodes] == [
        "consumer:aurora",
        "consumer:polar",
        "api:shipments",
        "system:carrier",
        "system:odoo",
        "object:sales-order",
        "object:shipment",
    ]
    assert not [each for each in graph.edges if "api:orders" in (each.source, each.target)]


def test_what_is_retired_is_served_by_nothing() -> None:
    estate = changed(apis={"partners": {"versions": {"v1": VersionEntry(state="retired")}}})
    served = [each.source for each in graph_of(estate).edges if each.relation == "served-by"]
    assert "api:partners" not in served
