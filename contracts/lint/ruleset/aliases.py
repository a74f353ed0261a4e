"""Aliases: names for paths, which may build on each other and depend on the format."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from contracts.documents.builder import quote
from contracts.findings import Place
from contracts.lint.jsonpath.ast import PathSyntaxError
from contracts.lint.jsonpath.parser import parse
from contracts.lint.ruleset.model import Alias, RuleBody, RuleEntry

Report = Callable[[str, Place, str], None]
_ALIAS: Final = re.compile(r"#([A-Za-z0-9_-]+)")
_MOST: Final = 500


class UnknownAlias(ValueError):
    """An expression names an alias that is not defined, or one that builds on itself; the message says which."""


def expand(expression: str, aliases: Mapping[str, Alias], formats: frozenset[str] | None) -> list[str]:
    """The paths that an expression stands for in documents of these formats; None: in any document at all.

    Raises UnknownAlias.
    """
    found = list(_expand(expression, aliases, formats, ()))
    if len(found) > _MOST:
        raise UnknownAlias(f"{quote(expression)} stands for more than {_MOST} paths")
    return found


def _expand(
    expression: str, aliases: Mapping[str, Alias], formats: frozenset[str] | None, above: tuple[str, ...]
) -> Iterator[str]:
    match = _ALIAS.match(expression)
    if not expression.startswith("#"):
        yield expression
        return
    if match is None:
        raise UnknownAlias(f"{quote(expression)} names no alias")
    name = match[1]
    if name in above:
        raise UnknownAlias(f"the alias {quote(name)} builds on itself")
    if name not in aliases:
        raise UnknownAlias(f"there is no alias {quote(name)}")
    if len(above) > 20:
        raise UnknownAlias(f"the alias {quote(name)} builds on more than 20 others")
    for given in _givens(aliases[name], formats):
        yield from _expand(given + expression[match.end() :], aliases, formats, (*above, name))


def _givens(alias: Alias, formats: frozenset[str] | None) -> tuple[str, ...]:
    if not alias.targets:
        return alias.given
    if formats is None:
        return tuple(given for _, targets in alias.targets for given in targets)
    # The last target that fits, as Spectral has it.
    return next((given for wanted, given in reversed(alias.targets) if wanted & formats), ())


def check_givens(rules: Mapping[str, RuleEntry], aliases: Mapping[str, Alias], report: Report) -> None:
    """Reports every `given` that names no alias, or that is no path once its aliases are written out."""
    for entry in rules.values():
        if not isinstance(entry, RuleBody):
            continue
        for given in entry.given or ():
            try:
                paths = expand(given, aliases, None)
            except UnknownAlias as error:
                report("ruleset-unknown-alias", entry.place, str(error))
                continue
            for path in paths:
                try:
                    parse(path)
                except PathSyntaxError as error:
                    message = f"{quote(path)}: {error.message} at character {error.position + 1}"
                    report("ruleset-path-invalid", entry.place, message)
