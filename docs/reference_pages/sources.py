"""What only the source text tells: which module answers with which problem, and texts below assignments."""

import ast
import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

from contracts.problems import CATALOGUE

ROOT: Final = Path(__file__).resolve().parents[2]
_ANSWERING: Final = ("policies", "gateway", "catalog")


@cache
def problems_by_module() -> dict[str, tuple[str, ...]]:
    """The ids of the problems that a module (a path below the repository) answers with, sorted."""
    found: dict[str, tuple[str, ...]] = {}
    for package in _ANSWERING:
        for path in sorted((ROOT / package).rglob("*.py")):
            ids = sorted(set(_problem_ids(ast.parse(path.read_text(encoding="utf-8")))))
            if ids:
                found[path.relative_to(ROOT).as_posix()] = tuple(ids)
    return found


def problems_of_policy(module: ModuleType) -> tuple[str, ...]:
    """The ids of the problems that a policy's file answers with, and those of the folder that it is helped by."""
    own = path_of(module)
    found = set(problems_by_module().get(own, ()))
    tree = ast.parse((ROOT / own).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").count(".") == 2:
            found.update(problems_by_module().get((node.module or "").replace(".", "/") + ".py", ()))
    return tuple(sorted(found))


def _problem_ids(tree: ast.AST) -> Iterator[str]:
    """A problem's id is a call's first argument, or a name is given to it."""
    for node in ast.walk(tree):
        value: ast.expr | None = None
        if isinstance(node, ast.Call) and node.args:
            value = node.args[0]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            value = node.value
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value in CATALOGUE:
            yield value.value


def path_of(module: ModuleType) -> str:
    """The module's file, relative to the repository."""
    assert module.__file__ is not None
    return Path(module.__file__).resolve().relative_to(ROOT).as_posix()


def texts_below(module: ModuleType, class_name: str) -> dict[str, str]:
    """The strings that stand below the assignments of a class, by the name that is assigned."""
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    texts: dict[str, str] = {}
    for above, below in itertools.pairwise(body):
        match above, below:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                texts[name] = text
    return texts
