"""Whatever the code has to be known by, the generated reference has, at its place."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import typer.main
from pydantic_settings import BaseSettings

from catalog.api.admin.contract import admin_contract
from catalog.cli.main import build
from catalog.odoo.drift.rules import DRIFT_RULES
from catalog.settings import CatalogSettings
from contracts import estate_changes, estate_files, estate_issuers, estate_oauth
from contracts.estate.catalogue import ESTATE_RULES
from contracts.estate_words import EstateStruct
from contracts.openapi import extensions
from contracts.openapi.odoo import mapping as odoo
from contracts.openapi.rules import CONTRACT_RULES
from contracts.operations import OdooAction, OdooValue
from contracts.problems import CATALOGUE
from gateway.settings import GatewaySettings
from gateway.telemetry.metrics import METRICS
from policies.policy import Policy
from policies.settings_keys import keys_of
from policies.stages import ORDER

ROOT = Path(__file__).parents[2]
FILE_TYPES = {
    value
    for module in (estate_files, estate_changes, estate_issuers, estate_oauth)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, EstateStruct) and value.__struct_fields__
}
VARIABLE = re.compile(r"OSTIARY_[A-Z]+(?:_[A-Z]+)*(?![A-Z_])")


def section(page: str, heading: str) -> str:
    """The text below a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    match = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", page, re.S | re.M)
    assert match is not None, f"no heading {heading!r}"
    return match[1]


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=CATALOGUE)
def test_problem(reference: Mapping[str, str], row: Any) -> None:
    page = reference["reference/problems.md"]
    assert f"| {row.status} | [`{row.id}`](#{row.id}) | {row.title} |" in page
    text = section(page, f"## `{row.id}` {{#{row.id}}}")
    assert f"`{row.type_uri}`" in text
    assert row.meaning.replace("<", "&lt;") in text


def test_findings(reference: Mapping[str, str]) -> None:
    page = reference["reference/findings.md"]
    for row in (*ESTATE_RULES.values(), *CONTRACT_RULES.values(), *DRIFT_RULES.values()):
        assert f'<a id="{row.id}"></a>[`{row.id}`](#{row.id}) | {row.severity} |' in page
    anchors = re.findall(r'<a id="([^"]+)">', page)
    assert sorted(anchors) == sorted({*ESTATE_RULES, *CONTRACT_RULES, *DRIFT_RULES})


def test_policies(reference: Mapping[str, str]) -> None:
    page = reference["reference/policies.md"]
    rows = re.findall(r"^\| (\d+) \| \[`([a-z-]+)`\]\(policies/[a-z-]+\.md\) \| (\w+) \| (.*) \|$", page, re.M)
    assert rows == [(str(number), entry.id, entry.phase.value, entry.why) for number, entry in enumerate(ORDER, 1)]


@pytest.mark.parametrize("entry", ORDER, ids=lambda entry: entry.id)
def test_page_of_a_policy(reference: Mapping[str, str], entry: Policy[Any]) -> None:
    page = reference[f"reference/policies/{entry.id}.md"]
    assert f"| File | `policies/{entry.id.replace('-', '_')}.py` |" in page
    assert f"| Where it cannot decide | {entry.failure} |" in page
    keys = keys_of(entry.config)
    assert re.findall(r"^\| `([^`]+)` \|", section(page, "## Settings"), re.M) == [key.path for key in keys]
    assert [key.path for key in keys if not key.meaning] == []
    assert ("## Example" in page) == bool(entry.example)
    assert bool(entry.example) == bool(keys), "settings need an example, in `Policy.example`"


def test_refusals_of_policies(reference: Mapping[str, str]) -> None:
    for policy, problems in {
        "authentication": {
            "api-key-invalid",
            "api-key-not-allowed",
            "credentials-missing",
            "issuer-unavailable",
            "overloaded",
            "signature-invalid",
            "token-invalid",
            "too-many-attempts",
        },
        "rate-limit": {"limits-unavailable", "policy-failed", "quota-exceeded"},
    }.items():
        page = reference[f"reference/policies/{policy}.md"]
        (told,) = re.findall(r"^\| Refuses with \| (.*) \|$", page, re.M)
        assert set(re.findall(r"\(\.\./problems\.md#([a-z-]+)\)", told)) == problems


@pytest.mark.parametrize("settings", [GatewaySettings, CatalogSettings])
def test_settings(reference: Mapping[str, str], settings: type[BaseSettings]) -> None:
    page = reference["reference/settings.md"]
    prefix = settings.model_config["env_prefix"]
    for name, field in settings.model_fields.items():
        variable = "OSTIARY_GATEWAY_TOKEN" if name == "gateway_token" else f"{prefix}{name.upper()}"
        (row,) = re.findall(rf"^\| `{variable}`.*$", section(page, f"## {prefix.split('_')[1].title()}"), re.M)
        assert field.description is not None
        assert field.description.replace("<", "&lt;") in row


def test_metrics(reference: Mapping[str, str]) -> None:
    page = reference["reference/metrics.md"]
    for row in METRICS:
        labels = ", ".join(f"`{label}`" for label in row.labels)
        assert f'<a id="{row.name}"></a>[`{row.name}`](#{row.name}) | {row.kind} | {labels} | {row.help} |' in page
    assert page.count('<a id="ostiary_') == len(METRICS)


def test_every_variable_that_the_code_knows(reference: Mapping[str, str]) -> None:
    sources = [path for folder in ("gateway", "catalog", "charts") for path in (ROOT / folder).rglob("*")]
    read = {
        name
        for path in sources
        if path.suffix in (".py", ".yaml")
        for name in VARIABLE.findall(path.read_text(encoding="utf-8"))
    }
    documented = set(VARIABLE.findall(reference["reference/settings.md"]))
    assert len(read) > 25
    # `OSTIARY_DEMO_ODOO_{name}` and the prefixes are the beginnings of what is documented.
    beginnings = {"OSTIARY_DEMO_ODOO", "OSTIARY_CATALOG", "OSTIARY_GATEWAY", "OSTIARY_SECRET"}
    assert {name for name in read - documented if name not in beginnings} == set()


def test_commands(reference: Mapping[str, str]) -> None:
    page = reference["reference/cli.md"]
    names = []

    def visit(name: str, command: Any) -> None:
        for key, each in getattr(command, "commands", {}).items():
            visit(f"{name} {key}", each)
        if name == "ostiary":
            return
        names.append(name)
        text = section(page, f"## `{name}` {{#{name.replace(' ', '-')}}}")
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                if option.startswith("-"):
                    assert f"`{option}`" in text, f"{name} {option}"
            assert (parameter.help or "").split(".")[0].split("<")[0] in text

    visit("ostiary", typer.main.get_command(build()))
    assert "ostiary demo" in names
    assert "ostiary catalog issue" in names


def test_estate_keys(reference: Mapping[str, str]) -> None:
    """Each key stands in as many tables as there are types that have it."""
    page = reference["reference/estate.md"]
    keys = [field.encode_name for kind in FILE_TYPES for field in msgspec.structs.fields(kind)]
    assert len(keys) > 50
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.M)
    extensions_rows = [name for name in rows if name.startswith("x-")]
    assert sorted(rows) == sorted([*keys, *extensions_rows])


def test_extensions(reference: Mapping[str, str]) -> None:
    page = section(reference["reference/estate.md"], "## Extensions of OpenAPI {#extensions}")
    every = {value for name, value in vars(extensions).items() if name.isupper() and isinstance(value, str)}
    assert len(every) > 5
    for name in every:
        assert f"| `{name}` |" in page
    mapping = section(reference["reference/estate.md"], "## `x-ostiary-odoo` {#x-ostiary-odoo}")
    for key in {key for keys in odoo._KEYS.values() for key in keys}:
        assert re.search(rf"^ +{key}:", mapping, re.M), key


def test_odoo_values_and_actions(written: Mapping[str, str]) -> None:
    guide = written["docs/guides/odoo.md"]
    for value in get_args(OdooValue):
        assert f"| `{value}` |" in section(guide, "## Values"), value
    for action in get_args(OdooAction):
        assert f"| `{action}` |" in section(guide, "## Actions"), action


def test_a_stage_is_in_the_request_flow(written: Mapping[str, str]) -> None:
    page = written["docs/request-flow.md"]
    files = [f"policies/{entry.id.replace('-', '_')}.py" for entry in ORDER]
    places = [page.index(f"| `{name}` |") for name in files]
    assert places == sorted(places)


def test_members_of_the_access_log(written: Mapping[str, str]) -> None:
    record, exchange = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("gateway/record.py", "policies/exchange.py")
    )
    members = set(re.findall(r'"([a-z_]+)":', record)) | set(re.findall(r'\["([a-z_]+)"\] =', record))
    # What is the same for many requests is put together where it is known.
    members |= {
        name for part in re.findall(r"members = \{(.*)\}", exchange) for name in re.findall(r'"([a-z_]+)":', part)
    }
    assert {"time", "policies_ms", "response_violations", "operation", "client_id"} <= members
    assert len(members) > 18
    table = section(written["docs/request-flow.md"], "## The record")
    assert [name for name in members if f"`{name}`" not in table] == []


def test_subjects_and_ratios_of_the_benchmark(written: Mapping[str, str]) -> None:
    page = written["docs/performance.md"]
    folder = ROOT / "tests" / "benchmarks"
    run, report = ((folder / name).read_text(encoding="utf-8") for name in ("run.py", "report.py"))
    peers = set(re.findall(r'^    \("[a-z0-9_]+", "([a-z0-9_]+)", "(?:get|post)", \d+\)', run, re.M))
    assert set(re.findall(r"^\| `([a-z0-9_]+)` \|", page.partition("## What is known")[0], re.M)) == peers
    ratios = set(re.findall(r'^    "([a-z0-9_]+)": \("', report, re.M))
    shown = set(re.findall(r"^\| `([a-z0-9_]+)` \|", section(page, "## Figures"), re.M))
    assert shown
    assert shown <= ratios


def test_no_problem_type_is_only_a_promise(reference: Mapping[str, str]) -> None:
    """A type in the catalogue that no code answers with would be a refusal that nobody gives."""
    answered = re.findall(r"^\| Answered by \| (\S.*) \|$", reference["reference/problems.md"], re.M)
    assert len(answered) == len(CATALOGUE)


def test_operations_of_the_admin_api(reference: Mapping[str, str]) -> None:
    page = reference["reference/admin-api.md"]
    for operation in admin_contract().operations:
        assert f"`{operation.method} /admin/v1{operation.path}` | `{operation.id}` | " in page
    assert len(admin_contract().operations) > 10
