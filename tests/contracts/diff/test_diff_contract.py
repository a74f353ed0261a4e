"""What can be compared at all; and what is wrong with the rest, at its place."""

from pathlib import Path

import pytest

from contracts.diff.contract import contract_of, load_contract

HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ("a: [1", "yaml-syntax", "x.yaml:2:1"),
        ("just text", "openapi-invalid", "x.yaml:1:1"),
        ("paths: {}", "unsupported-openapi-version", "x.yaml:1:1"),
        ("openapi: 2.9.0", "unsupported-openapi-version", "x.yaml:1:10"),
        ("openapi: 3.1", "unsupported-openapi-version", "x.yaml:1:10"),
        ("swagger: '2.0'\npaths: {}", "unsupported-openapi-version", "x.yaml:1:10"),
        (HEAD + "paths: []", "openapi-invalid", "x.yaml:3:8"),
        (HEAD + "paths: {}\npaths: {}", "duplicate-key", "x.yaml:4:1"),
        (HEAD + "components: {schemas: {A: {type: 5}}}", "schema-invalid", "x.yaml:3:34"),
        (HEAD + "components: {schemas: {A: {$ref: '#/nowhere'}}}", "dangling-reference", "x.yaml:3:34"),
        (HEAD + "components: {schemas: {A: {$ref: 'https://a.example/s'}}}", "remote-reference", "x.yaml:3:34"),
        (HEAD + "components: {schemas: {A: {$ref: '../../s.yaml'}}}", "reference-outside-estate", "x.yaml:3:34"),
        (
            HEAD + "components: {schemas: {A: {allOf: [{$ref: '#/components/schemas/A'}]}}}",
            "reference-cycle",
            "x.yaml:3:",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, rule: str, place: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    contract, findings = load_contract(path)
    assert contract is None
    assert [(each.rule, each.severity) for each in findings] == [(rule, "error")]
    assert str(findings[0].place).startswith(f"{tmp_path.as_posix()}/{place}")


def test_several_faults_are_found_at_once() -> None:
    schemas = "A: {$ref: '#/a'}, B: {type: strin}, C: {allOf: [{$ref: '#/components/schemas/C'}]}"
    text = f"{HEAD}components: {{schemas: {{{schemas}}}}}"
    found = {each.rule for each in contract_of(text)[1]}
    assert found == {"dangling-reference", "schema-invalid", "reference-cycle"}


def test_swagger_is_told_what_to_do() -> None:
    ((finding,),) = (contract_of("swagger: '2.0'")[1],)
    assert "convert it to OpenAPI 3 first" in finding.message


@pytest.mark.parametrize("version", ["3.1", "'3.1'"])
def test_half_a_version_is_told_how_to_be_written(version: str) -> None:
    ((finding,),) = (contract_of(f"openapi: {version}")[1],)
    assert "write the whole version, such as `3.1.0`" in finding.message


def test_files_beside_it_are_read_and_shown_as_the_caller_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "deep" / "a.yaml").write_text(
        HEAD + "components: {schemas: {A: {$ref: ../s.yaml}}}", encoding="utf-8"
    )
    (tmp_path / "s.yaml").write_text("{$ref: '#/none'}", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "deep")
    contract, findings = load_contract(Path("a.yaml"))
    assert contract is None
    assert {each.place.file for each in findings} == {"../s.yaml"}
    (tmp_path / "s.yaml").write_text("{type: string}", encoding="utf-8")
    contract, findings = load_contract(Path("a.yaml"))
    assert contract is not None
    assert contract.shown(contract.document.place()).file == "a.yaml"
    assert findings == []
    assert set(contract.documents) == {"deep/a.yaml", "s.yaml"}


def test_links_lead_nowhere_else(tmp_path: Path) -> None:
    secret, home = tmp_path / "secret.yaml", tmp_path / "home"
    home.mkdir()
    secret.write_text("{type: string}", encoding="utf-8")
    (home / "s.yaml").symlink_to(secret)
    (home / "a.yaml").write_text(HEAD + "components: {schemas: {A: {$ref: s.yaml}}}", encoding="utf-8")
    assert [each.rule for each in load_contract(home / "a.yaml")[1]] == ["dangling-reference"]
