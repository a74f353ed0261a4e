"""What the guides tell a reader to do works: links, commands, files to write down, and what they will see."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs
import typer.main
import yaml
from typer.testing import CliRunner

from catalog.cli import demo
from catalog.cli.main import build
from catalog.demo.tour import VARIABLES, Samples, steps
from contracts.estate.estate import check, load_estate
from contracts.operations import ApiVersion, OdooBackend, Operation
from gateway.upstreams.odoo import domains
from policies import lifecycle, request_schema
from policies.exchange import Exchange
from policies.validation.settings import RequestSchemaConfig
from policies.verdict import ALLOW, Deny

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "catalog" / "demo" / "estate"
CHART = ROOT / "charts" / "ostiary"
FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.S | re.M)
LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|\$\(|-- )(ostiary(?: +[^\s`#|)]+)*)")


def fences(text: str, language: str) -> Iterator[tuple[str, str]]:
    """The fences of a language: title and content."""
    for match in FENCE.finditer(text):
        if match[1] == language:
            yield match[2] or "", match[3]


def assemble(text: str, root: Path) -> None:
    """Writes the titled YAML fences that are an estate's files."""
    for title, content in fences(text, "yaml"):
        if re.fullmatch(r"[a-z]+\.yaml|apis/.*", title):
            path = root / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")


def test_relative_links_lead_somewhere(written: Mapping[str, str], reference: Mapping[str, str]) -> None:
    generated = {(ROOT / "docs" / path).resolve() for path in reference}
    dead = []
    for page, text in written.items():
        links = [link for link in LINK.findall(FENCE.sub("", text)) if not re.match(r"[a-z]+:|#", link)]
        for link in links:
            target = (ROOT / page).parent.joinpath(link.partition("#")[0]).resolve()
            if not target.exists() and target not in generated:
                dead.append(f"{page}: {link}")
    assert dead == []


def test_make_targets_exist(written: Mapping[str, str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    used = {target for text in written.values() for target in re.findall(r"(?:^|`)make ([a-z]+)", text, re.M)}
    assert {"demo", "test", "docs", "bench"} <= used <= targets


def test_commands_exist_with_their_options(written: Mapping[str, str]) -> None:
    """Every `ostiary …` in a shell block or in code, read word by word as the command line would."""
    root: Any = typer.main.get_command(build())
    wrong, seen = [], set[str]()
    for page, text in written.items():
        shell = [content for _, content in fences(text, "sh")]
        spans = re.findall(r"`(ostiary [^`]+)`", FENCE.sub("", text))
        lines = [line.partition(" # ")[0] for block in [*shell, *spans] for line in block.splitlines()]
        for words in [shlex.split(found) for line in lines for found in COMMAND.findall(line)]:
            command, name = root, "ostiary"
            for word in words[1:]:
                if word in getattr(command, "commands", {}):
                    command, name = command.commands[word], f"{name} {word}"
                elif word.startswith("-"):
                    options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
                    if word not in options:
                        wrong.append(f"{page}: {name} has no {word}")
            if command is root and len(words) > 1 and words[1] not in ("--help", "…"):
                wrong.append(f"{page}: no command {words[1]}")
            seen.add(name)
    assert wrong == []
    assert {"ostiary demo", "ostiary check", "ostiary catalog issue", "ostiary up"} <= seen


def test_yaml_and_json_examples_parse(written: Mapping[str, str]) -> None:
    parsed = [
        yaml.safe_load(content)
        for text in written.values()
        for language in ("yaml", "json")
        for _, content in fences(text, language)
    ]
    assert len(parsed) > 10
    assert None not in parsed


def test_the_estate_of_the_odoo_guide_has_no_findings(written: Mapping[str, str], tmp_path: Path) -> None:
    assemble(written["docs/guides/odoo.md"], tmp_path)
    assert (tmp_path / "apis/customers/v1.openapi.yaml").is_file()
    assert check(tmp_path) == []


def test_excerpts_are_of_the_sample_estate(written: Mapping[str, str]) -> None:
    excerpts = [
        (title, content)
        for title, content in fences(written["docs/guides/odoo.md"], "yaml")
        if title.startswith("sample: ")
    ]
    assert len(excerpts) >= 3
    for title, content in excerpts:
        _, file, path, method = title.split()
        document = yaml.safe_load((SAMPLE / file).read_text(encoding="utf-8"))
        mapping = document["paths"][path][method]["x-ostiary-odoo"]
        assert is_part(yaml.safe_load(content), mapping), title


def test_the_domain_that_the_odoo_guide_shows(written: Mapping[str, str]) -> None:
    guide = written["docs/guides/odoo.md"]
    ((query, domain, order),) = re.findall(
        r"`\?([^`]+)` becomes the domain\n`([^`]+)` with the order\n`([^`]+)`", guide
    )
    values = dict(parse_qsl(query))
    backend = sample_operation("v2", "listOrders")[1].backend
    assert isinstance(backend, OdooBackend)
    decoded = {
        "status": values["status"].split(","),
        "ordered": {"from": values["ordered[from]"]},
        "sort": values["sort"],
        "limit": int(values["limit"]),
    }
    asked, violations = domains.page(backend, decoded)
    assert violations == []
    assert (asked.conditions, asked.order) == (json.loads(domain), order)


def is_part(part: Any, whole: Any) -> bool:
    """Whether a mapping's members, at any depth, are members of another."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and is_part(value, whole[key]) for key, value in part.items())
    return bool(part == whole)


def test_the_walk_through_an_estate(written: Mapping[str, str], tmp_path: Path) -> None:
    guide = written["docs/guides/estate.md"]
    estate, cli, run = tmp_path / "estate", build(), CliRunner()
    assert run.invoke(cli, ["init", str(estate)]).exit_code == 0
    assert check(estate) == []
    assert_listed(guide, estate)

    titled = dict(fences(guide, "yaml"))
    parcels = tmp_path / "parcels.yaml"
    parcels.write_text(titled["parcels.yaml"], encoding="utf-8")
    added = run.invoke(cli, ["add", str(parcels), "--estate", str(estate), "--yes"])
    assert added.exit_code == 0, added.output
    for promised in ("`servers` is now /parcel-lockers/v1", "parcel-lockers:read", "Still missing:"):
        assert promised in added.output
    (estate / "consumers.yaml").write_text(titled["consumers.yaml"], encoding="utf-8")
    assert check(estate) == []

    api = estate / "apis/books/api.yaml"
    before = api.read_text(encoding="utf-8")
    api.write_text(before.replace("upstream: bookshop", "upstream: bookshp"), encoding="utf-8")
    ((_, line),) = [fence for fence in fences(guide, "text") if "error: " in fence[1]]
    assert line.strip() in [str(each) for each in check(estate)]

    contract = estate / "apis/books/v1.openapi.yaml"
    second = contract.read_text(encoding="utf-8").replace("/books/v1", "/books/v2")
    contract.with_name("v2.openapi.yaml").write_text(second, encoding="utf-8")
    api.write_text(titled["apis/books/api.yaml"], encoding="utf-8")
    assert check(estate) == []


def assert_listed(guide: str, estate: Path) -> None:
    """The files that the guide lists are those that `ostiary init` writes."""
    listing = next(content for _, content in fences(guide, "text") if content.startswith("estate/"))
    names = [line.split()[0] for line in listing.splitlines()[1:]]
    assert all((estate / name).exists() for name in names)
    files = {path.relative_to(estate).as_posix() for path in estate.rglob("*.yaml")}
    assert files == {name for name in names if name.endswith(".yaml")}


def test_the_values_of_the_kubernetes_guide(written: Mapping[str, str], tmp_path: Path) -> None:
    """The chart's schema takes them, and the guide's own line brings an estate into them."""
    guide = written["docs/guides/kubernetes.md"]
    assert CliRunner().invoke(build(), ["init", str(tmp_path / "estate")]).exit_code == 0
    script = next(content for _, content in fences(guide, "sh") if "estate-values.json" in content)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", script], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    files = yaml.safe_load((tmp_path / "estate-values.json").read_text(encoding="utf-8"))
    assert set(files["estate"]["files"]) == {
        "ostiary.yaml",
        "teams.yaml",
        "consumers.yaml",
        "apis/books/api.yaml",
        "apis/books/v1.openapi.yaml",
    }
    values = yaml.safe_load(dict(fences(guide, "yaml"))["values.yaml"]) | files
    schema = yaml.safe_load((CHART / "values.schema.json").read_text(encoding="utf-8"))
    assert [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(values)] == []


def test_key_files_of_the_kubernetes_guide(written: Mapping[str, str], tmp_path: Path) -> None:
    assert CliRunner().invoke(build(), ["catalog", "keys", str(tmp_path / "keys")]).exit_code == 0
    made = {path.name for path in (tmp_path / "keys").iterdir()}
    table = written["docs/guides/kubernetes.md"].partition("| File |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z.-]+)` \|", table, re.M)) == made


def test_the_demo_guide_knows_the_tour(written: Mapping[str, str]) -> None:
    guide = written["docs/guides/demo.md"]
    for client_id, variable in VARIABLES.items():
        assert f"| `{client_id}` | `${variable}` |" in guide
    for step in steps(Samples(1, 1, 1)):
        if step.status not in (200, 201):
            assert str(step.status) in guide, step.shows
    source = Path(demo.__file__).read_text(encoding="utf-8")
    names = re.search(r"names = \(([^)]+)\)", source)
    assert names is not None
    for name in re.findall(r'"(\w+)"', names[1]):
        assert f"export OSTIARY_DEMO_ODOO_{name}=" in guide


def test_no_page_names_a_file_that_is_not_there(written: Mapping[str, str]) -> None:
    named = {
        (page, name)
        for page, text in written.items()
        for name in re.findall(r"`((?:charts|tests|contracts|policies|gateway|catalog)/[\w./-]+)`", text)
    }
    assert len(named) > 20
    assert [each for each in named if not (ROOT / each[1]).exists()] == []


def sample_operation(version: str, name: str) -> tuple[ApiVersion, Operation]:
    estate, _ = load_estate(SAMPLE)
    assert estate is not None
    found = next(each for each in estate.versions if (each.api, each.version) == ("orders", version))
    return found, next(operation for operation in found.operations if operation.id == name)


def test_the_refusal_that_the_demo_guide_shows(written: Mapping[str, str]) -> None:
    ((_, shown),) = fences(written["docs/guides/demo.md"], "json")
    (step,) = [each for each in steps(Samples(1, 1, 1)) if each.status == 422 and each.body]
    assert step.body is not None
    exchange = Exchange("POST", step.path.encode(), [], {b"content-type": step.content_type.encode()}, "127.0.0.1")
    exchange.body = step.body.encode()
    verdict = request_schema.bind(RequestSchemaConfig(), *sample_operation("v2", "placeOrder"))(exchange)
    assert isinstance(verdict, Deny)
    expected = json.loads(shown)
    assert json.loads(verdict.problem.body(expected["instance"])) == expected


def test_the_calendar_that_the_demo_guide_shows(written: Mapping[str, str]) -> None:
    ports: Any = SimpleNamespace(clock=lambda: 0.0, audience="http://127.0.0.1:8080")
    stage = lifecycle.bind(*sample_operation("v1", "findOrders"), ports)
    assert stage is not None
    exchange = Exchange("GET", b"/orders/v1/orders", [], {}, "127.0.0.1")
    assert stage(exchange) is ALLOW
    lines = "".join(f"{name.decode()}: {value.decode()}\n" for name, value in exchange.answer_headers)
    assert lines in [content for _, content in fences(written["docs/guides/demo.md"], "text")]
