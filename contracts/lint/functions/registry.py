"""All functions, by the names that rulesets call them."""

from collections.abc import Mapping
from typing import Final

from contracts.lint.functions.base import Function
from contracts.lint.functions.core import CORE
from contracts.lint.functions.openapi import OPENAPI
from contracts.lint.functions.own import OWN

FUNCTIONS: Final[Mapping[str, Function]] = {each.name: each for each in (*CORE, *OPENAPI, *OWN)}
