"""Our own functions, for what paths and the core functions cannot ask."""

from typing import Final

from contracts.lint.functions.base import Function

OWN: Final[tuple[Function, ...]] = ()
