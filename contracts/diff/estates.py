"""Two estates, or two directories of contracts, compared contract by contract; and any pair of documents.

Contracts are matched by their path below the two directories. What is wrong with either side is found at once.
"""

import posixpath
from dataclasses import dataclass
from datetime import date

from contracts.diff.catalogue import DIFF_RULES
from contracts.diff.changes import Change, Changes, Where, order
from contracts.diff.context import Options
from contracts.diff.contract import Contract, contract_in
from contracts.diff.diff import diff
from contracts.diff.estate_settings import compare_api, compare_layer, compare_plans
from contracts.diff.lifecycle import SUNSET, date_of
from contracts.diff.tree import Tree
from contracts.documents.document import Document
from contracts.estate.loading import API, CONTRACT, ESTATE
from contracts.findings import Finding, has_errors
from contracts.openapi.references import References
from contracts.openapi.rules import Report


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of a comparison: changes, or, with an error among the findings, none at all."""

    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        return not has_errors(self.findings)


def compare_documents(base: Tree, revision: Tree, options: Options) -> Compared:
    """The documents that two trees start at."""
    old, findings = contract_in(base, base.start)
    new, others = contract_in(revision, revision.start)
    every = tuple(dict.fromkeys((*findings, *others)))
    if old is None or new is None:
        return Compared((), every)
    return Compared(diff(old, new, options), every)


def compare_estates(base: Tree, revision: Tree, options: Options) -> Compared:
    """Every contract below the directories that two trees start at."""
    before, after = _by_path(base), _by_path(revision)
    changes: list[Change] = []
    findings: dict[Finding, None] = {}
    for path in sorted({*before, *after}):
        old, new = _load(base, before.get(path), findings), _load(revision, after.get(path), findings)
        if old is not None and new is not None:
            changes += diff(old, new, options, file=path, shown=_below(revision, after[path]))
        elif old is not None and path not in after:
            changes += _removed(base, old, before[path], path, options.today)
        elif new is not None and path not in before:
            changes += _added(new, path, _below(revision, after[path]))
    changes += _settings(base, revision, [*before.values()], options)
    every = tuple(findings)
    return Compared(() if has_errors(every) else tuple(sorted(changes, key=order)), every)


def _settings(base: Tree, revision: Tree, contracts: list[str], options: Options) -> list[Change]:
    """What `ostiary.yaml` and each `api.yaml` beside a contract say to consumers."""
    found: list[Change] = []
    folders = sorted({name.rpartition("/")[0] for name in contracts})
    for name in [ESTATE, *(posixpath.join(folder, API) for folder in folders)]:
        old, new = _plain(base, name), _plain(revision, _moved(base, revision, name))
        if old is None or new is None:
            continue
        changes = Changes(old, new, DIFF_RULES, name, name)
        if name == ESTATE:
            compare_plans(changes, old.document.root, new.document.root)
            compare_layer(changes, old.document.root, new.document.root, Where("", ""))
        else:
            compare_api(changes, old.document.root, new.document.root, options)
        found += changes.sorted()
    return found


def _moved(base: Tree, revision: Tree, name: str) -> str:
    """The file of the revision that stands where one of the base does, below what is compared."""
    return name if name == ESTATE else posixpath.normpath(posixpath.join(revision.start, _below(base, name)))


def _plain(tree: Tree, name: str) -> Contract | None:
    """A file that is no contract, held as one for its places."""
    document, faults = tree.read(name) or (None, [])
    if document is None or faults or not isinstance(document.value, dict):
        return None
    references = References(document, lambda _: None, Report(), "example")
    return Contract(document, "", references, {name: document}, tree.folder)


def _by_path(tree: Tree) -> dict[str, str]:
    """The contracts by path below the directory, whatever the form of the file."""
    found = {}
    for name in tree.contracts():
        found[_below(tree, name).rpartition(".")[0]] = name
    return found


def _below(tree: Tree, name: str) -> str:
    return posixpath.relpath(name, tree.start or ".")


def _load(tree: Tree, name: str | None, findings: dict[Finding, None]) -> Contract | None:
    if name is None:
        return None
    contract, faults = contract_in(tree, name)
    findings.update(dict.fromkeys(faults))
    return contract


def _added(contract: Contract, path: str, shown: str) -> tuple[Change, ...]:
    changes = Changes(contract, contract, DIFF_RULES, path, shown)
    changes.add("api-version-added", Where("", ""), f"the contract `{shown}` was added", contract.document.root)
    return changes.sorted()


def _removed(tree: Tree, contract: Contract, name: str, path: str, today: date) -> tuple[Change, ...]:
    shown = _below(tree, name)
    changes = Changes(contract, contract, DIFF_RULES, path, shown)
    sunset = _sunset(tree, name) or date_of(contract.document.root.get(SUNSET))
    message = f"the contract `{shown}` was removed"
    rule = "api-version-removed"
    if sunset is not None and sunset <= today:
        rule, message = "api-version-removed-after-sunset", f"{message}, after its sunset on {sunset}"
    elif sunset is not None:
        message += f", before its sunset on {sunset} (today is {today})"
    changes.add(rule, Where("", ""), message, contract.document.root)
    return changes.sorted()


def _sunset(tree: Tree, name: str) -> date | None:
    """The sunset that `api.yaml` beside a contract gives its version."""
    folder, _, file = name.rpartition("/")
    match = CONTRACT.fullmatch(file)
    found = tree.read(posixpath.join(folder, API))
    document: Document | None = found[0] if found else None
    if document is None or match is None:
        return None
    version = document.at(f"/versions/{match['version']}")
    return date_of(version.get("sunset")) if version is not None else None
