"""Who governs an API."""

import msgspec

from contracts.estate.domains import domain_of, domain_teams, governance_of
from contracts.estate_files import ApiFile, EstateFile, TeamEntry, TeamsFile

TEAMS = TeamsFile(
    {
        "sales": TeamEntry("Sales", "sales@example.com", domain="trade"),
        "invoices": TeamEntry("Invoices", "invoices@example.com", domain="trade"),
        "stock": TeamEntry("Stock", "stock@example.com", domain="goods"),
        "people": TeamEntry("People", "people@example.com"),
    }
)


def api(**members: object) -> ApiFile:
    bare = {"title": "x", "contact": "x@example.com", "upstream": "erp", "classification": "internal"}
    return msgspec.convert({**bare, "owner": "sales", "versions": {"v1": {}}, **members}, ApiFile)


def test_an_api_is_governed_as_the_estate_is_unless_it_says_otherwise() -> None:
    estate = EstateFile("e", {}, {}, governance="federated")
    assert governance_of(api(), estate) == "federated"
    assert governance_of(api(governance="decentralised"), estate) == "decentralised"
    assert governance_of(api(), EstateFile("e", {}, {})) == "centralised"


def test_a_domain_is_its_own_or_its_owners() -> None:
    assert domain_of(api(), TEAMS) == "trade"
    assert domain_of(api(domain="goods"), TEAMS) == "goods"
    assert domain_of(api(owner="people"), TEAMS) is None
    assert domain_of(api(owner="gone"), TEAMS) is None


def test_the_teams_of_a_domain() -> None:
    assert domain_teams(api(), TEAMS) == {"sales", "invoices"}
    assert domain_teams(api(domain="goods"), TEAMS) == {"sales", "stock"}
    assert domain_teams(api(owner="people"), TEAMS) == {"people"}
