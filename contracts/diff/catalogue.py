"""All rules of the diff in one table. An id never changes."""

from collections.abc import Mapping
from typing import Final

from contracts.diff import (
    bodies,
    contents,
    estate_settings,
    extensions,
    headers,
    lifecycle,
    links,
    notes,
    operations,
    overview,
    parameters,
    policies,
    responses,
    security,
    servers,
    version_choice,
)
from contracts.diff.rule import DiffRule
from contracts.diff.schema_rules import SCHEMA_ROWS

_ROWS: Final[tuple[DiffRule, ...]] = (
    *overview.ROWS,
    *estate_settings.ROWS,
    *version_choice.ROWS,
    *operations.ROWS,
    *lifecycle.ROWS,
    *parameters.ROWS,
    *bodies.ROWS,
    *contents.ROWS,
    *responses.ROWS,
    *headers.ROWS,
    *links.ROWS,
    *security.ROWS,
    *servers.ROWS,
    *extensions.ROWS,
    *policies.ROWS,
    *SCHEMA_ROWS,
    *notes.ROWS,
)

DIFF_RULES: Final[Mapping[str, DiffRule]] = {rule.id: rule for rule in _ROWS}
"""By id, in the order of the documentation."""
