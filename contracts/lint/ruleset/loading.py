"""Finds rulesets: ours by name, others as files beside the one that extends them. Nothing is fetched."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from contracts.documents.builder import quote
from contracts.documents.document import Document, Node, load, parse
from contracts.findings import Finding, Place
from contracts.lint.functions.registry import FUNCTIONS
from contracts.lint.ruleset.catalogue import ruleset_finding
from contracts.lint.ruleset.model import Definition, Extension
from contracts.lint.ruleset.reading import RulesetReader

SHIPPED: Final[Mapping[str, str]] = {
    "ostiary:recommended": "recommended.yaml",
    "ostiary:odoo": "odoo.yaml",
    "spectral:oas": "spectral_oas.yaml",
}
"""The rulesets that come with us, and the file of each in the folder `rulesets`."""

_MOST_NESTED: Final = 20


def load_ruleset(name: str, folder: Path) -> tuple[Definition | None, list[Finding]]:
    """A ruleset by one of our names or by its file, relative to `folder`; None with a finding among them."""
    loader = _Loader()
    place = Place(name)
    definition = loader.find(name, folder, place, ())
    return (None if loader.findings else definition), loader.findings


def ruleset_files(names: Iterable[str], folder: Path) -> list[Path]:
    """The files of these rulesets and of those that they extend; what cannot be found is left out."""
    loader = _Loader()
    for name in names:
        loader.find(name, folder, Place(name), ())
    return [Path(key) for key in loader.read if key not in SHIPPED]


def combined(definitions: tuple[Definition, ...], folder: Path) -> Definition:
    """Several rulesets as one that extends them all, in their order."""
    if len(definitions) == 1:
        return definitions[0]
    return Definition("", folder, tuple(Extension(each) for each in definitions))


@cache
def shipped_document(name: str) -> Document:
    """One of our own rulesets as it is written."""
    file = SHIPPED[name]
    text = files("contracts.lint.rulesets").joinpath(file).read_bytes()
    document, findings = parse(text, name)
    assert document is not None, findings
    return document


class _Loader:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.read: dict[str, Definition] = {}

    def find(self, name: str, folder: Path, place: Place, above: tuple[str, ...]) -> Definition | None:
        if name in SHIPPED:
            return self._definition(name, shipped_document(name), folder, above)
        if name.startswith(("spectral:", "ostiary:")):
            known = ", ".join(SHIPPED)
            self._missing(place, f"there is no ruleset {quote(name)}; those that come along are {known}")
            return None
        if name.startswith(("http://", "https://", "//")):
            self._missing(place, f"{quote(name)} is not fetched: keep a copy of the ruleset beside this one")
            return None
        path = folder / name
        if not path.is_file():
            what = (
                "there is no file" if name.startswith((".", "/")) or "." in name else "there is no ruleset or file"
            )
            self._missing(place, f"{what} {quote(name)}")
            return None
        if path.suffix in (".js", ".mjs", ".cjs", ".ts"):
            self._missing(place, f"{quote(name)} is written in JavaScript, which is not run; write it as YAML")
            return None
        key = str(path.resolve())
        if key in above:
            return None  # rulesets that extend each other: what is being read is not extended again
        document, findings = load(path, str(path))
        self.findings += findings
        return None if document is None else self._definition(key, document, path.parent, above)

    def _definition(self, key: str, document: Document, folder: Path, above: tuple[str, ...]) -> Definition | None:
        if key in above:
            return None
        if key in self.read:
            return self.read[key]
        if len(above) >= _MOST_NESTED:
            self._missing(document.root.place, f"rulesets extend each other more than {_MOST_NESTED} deep")
            return None

        def extend(node: Node, name: str) -> Definition | None:
            return self.find(name, folder, node.place, (*above, key))

        reader = RulesetReader(document, folder.resolve(), FUNCTIONS, extend)
        definition = self.read[key] = reader.read()
        self.findings += reader.findings
        return definition

    def _missing(self, place: Place, message: str) -> None:
        self.findings.append(ruleset_finding("ruleset-not-found", place, message))
