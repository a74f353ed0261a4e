"""A list of any length in one parameter of a query: whether a column's text is among many that the store does not
have, such as the members of the estate in force. Thousands of parameters would be beyond what a driver takes, and
a statement of its own for each number of them."""

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Texts(FunctionElement[Any]):
    """The texts of a JSON array, as rows."""

    inherit_cache = True


@compiles(_Texts, "sqlite")
def _in_sqlite(element: _Texts, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **options)}))"  # noqa: S608 (a bound one)


@compiles(_Texts, "postgresql")
def _in_postgresql(element: _Texts, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT jsonb_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS jsonb)))"


def is_listed(column: sa.ColumnElement[str], texts: Iterable[str]) -> sa.ColumnElement[bool]:
    """The condition that the column's text is one of these."""
    data = msgspec.json.encode(sorted(set(texts))).decode()
    return column.op("IN", is_comparison=True, return_type=sa.Boolean())(_Texts(sa.literal(data, sa.Text)))
