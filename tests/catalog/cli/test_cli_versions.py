"""What the commands say of versions that share a base path, and of those that another version serves."""

import json
from pathlib import Path

from tests.catalog.cli.test_cli_estate import run
from tests.support.adapted_estate import API, V1, V2, write_adapted

BY_HEADER = (
    (API, "versions:\n", "versioning: { by: header, default: v2 }\nversions:\n"),
    (V1, "servers: [{ url: /orders/v1 }]\n", ""),
    (V2, "servers: [{ url: /orders/v2 }]\n", ""),
)


def test_routes_say_how_a_version_is_chosen_and_which_one_serves_it(tmp_path: Path) -> None:
    root = write_adapted(tmp_path, *BY_HEADER)
    text = run("routes", root).stdout
    assert "orders v1  published, at /orders (API-Version: v1), internal, owned by books\n" in text
    assert "orders v2  published, at /orders (API-Version: v2), internal, owned by books\n" in text
    (row,) = (line for line in text.splitlines() if "listOrders" in line)
    assert "  bookshop as v2 searchOrders" in row
    operations = json.loads(run("routes", root, "--json").stdout)
    told = {(each["api"], each["version"]): (each["chosen_by"], each["served_by"]) for each in operations}
    assert told == {
        ("books", "v1"): (None, None),
        ("orders", "v1"): ("API-Version: v1", "v2 getOrder"),
        ("orders", "v2"): ("API-Version: v2", None),
    }


def test_routes_say_where_the_version_is_for_those_who_name_none(tmp_path: Path) -> None:
    default = (API, "versions:\n", "versioning: { by: path, default: v2 }\nversions:\n")
    root = write_adapted(tmp_path, default)
    text = run("routes", root).stdout
    assert "orders v1  published, at /orders/v1, internal, owned by books\n" in text
    assert "orders v2  published, at /orders/v2 and /orders, internal, owned by books\n" in text
    operations = json.loads(run("routes", root, "--json").stdout)
    told = {(each["api"], each["version"]): each["default_path"] for each in operations}
    assert told == {("books", "v1"): None, ("orders", "v1"): None, ("orders", "v2"): "/orders"}


def test_check_shows_what_would_not_fit_at_its_line(tmp_path: Path) -> None:
    root = write_adapted(tmp_path, (V1, "          - { default: /body/currency, value: EUR }\n", ""))
    result = run("check", root)
    assert result.exit_code == 1
    (line,) = (each for each in result.stdout.splitlines() if "policy-invalid" in each)
    number = next(
        index
        for index, text in enumerate((root / V1).read_text().splitlines(), 1)
        if "{ rename: /body/customer, to: customerId }" in text
    )
    assert line.startswith(f"{V1}:{number}:")
    assert 'a request of v1 is not one of v2 createOrder: {"path":{}' in line
    assert "becomes" in line
    assert "/body is required: `currency`" in line
