"""The pages of the documentation: those that are written, and those that the hook generates."""

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="session")
def reference() -> Mapping[str, str]:
    """The generated pages by their path in the documentation."""
    spec = importlib.util.spec_from_file_location("ostiary_docs_reference", DOCS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(DOCS))  # as MkDocs does for a hook
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(DOCS))
    return {path: page() for path, page in module.PAGES.items()}


@pytest.fixture(scope="session")
def written() -> Mapping[str, str]:
    """The pages that are written by hand, and the two at the repository's root, by path below the root."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
    return {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in pages}
