"""The MkDocs hook that writes the reference at each build, from the code alone; none of it is committed."""

from collections.abc import Callable, Mapping
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from reference_pages import (
    admin_api,
    cli,
    diff_rules,
    estate,
    findings,
    lint_rules,
    metrics,
    policies,
    problems,
    python,
    settings,
)

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "reference/problems.md": problems.page,
    "reference/findings.md": findings.page,
    "reference/lint-rules.md": lint_rules.page,
    **diff_rules.pages(),
    **policies.pages(),
    "reference/estate.md": estate.page,
    "reference/settings.md": settings.page,
    "reference/metrics.md": metrics.page,
    "reference/cli.md": cli.page,
    "reference/admin-api.md": admin_api.page,
    "reference/python.md": python.page,
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Gives each policy its place in the navigation, below the page of all."""
    index, *pages = policies.pages()
    below = [{"In their order": index}, *({path.rpartition("/")[2].removesuffix(".md"): path} for path in pages)]
    (reference,) = (part["Reference"] for part in config.nav or () if "Reference" in part)
    (entry,) = (each for each in reference if each == {"Policies": index})
    entry["Policies"] = below
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Adds the generated pages to those of the docs directory."""
    for path, page in PAGES.items():
        files.append(File.generated(config, path, content=page()))
    return files
