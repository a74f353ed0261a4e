"""The structure of documents is checked without the library that its schemas come with."""

import subprocess
import sys

import pytest

from contracts.openapi.structure import structure


@pytest.mark.parametrize("minor", ["2.0", "3.0", "3.1", "3.2"])
def test_a_document_without_its_info(minor: str) -> None:
    version = {"swagger": "2.0"} if minor == "2.0" else {"openapi": f"{minor}.0"}
    messages = [error.message for error in structure(minor).errors({**version, "paths": {}})]
    assert "`info` is missing here" in messages


def test_a_sound_document() -> None:
    sound = {"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": {}}
    assert structure("3.1").errors(sound) == []


@pytest.mark.parametrize("module", ["contracts.diff.estates", "contracts.lint.project"])
def test_diff_and_lint_start_without_the_library(module: str) -> None:
    script = f"import sys, {module}; sys.exit('openapi_spec_validator' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_values_are_said_as_json_has_them() -> None:
    wrong = {"name": "id", "in": "path", "required": False, "schema": {}}
    item = {"parameters": [wrong], "get": {"responses": {"200": {"description": "OK"}}}}
    document = {"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": {"/a/{id}": item}}
    assert [error.message for error in structure("3.1").errors(document)] == ["this must be `true`, not `false`"]
