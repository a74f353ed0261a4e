"""Dates and datetimes as Odoo takes them: naive UTC text, nothing else."""

from datetime import datetime

from catalog.demo.odoo.environment import DATE_FORMAT, DATETIME_FORMAT


def parse_datetime(value: object, field_type: str, end_of_day: bool = False) -> str:
    """The stored text of a date or datetime.

    A date in place of a datetime means its midnight, or its last second where `end_of_day` says so (Odoo
    reads `<=` and `>` with a bare date that way).

    Raises:
        ValueError: another format, a `Z` or an offset: Odoo refuses these with its own `ValueError`,
            which `/json/2` answers with a 500.
    """
    text = str(value)
    if field_type == "date":
        return datetime.strptime(text[:10], DATE_FORMAT).strftime(DATE_FORMAT)  # noqa: DTZ007 naive by contract
    if len(text) == len("YYYY-MM-DD"):
        text += " 23:59:59" if end_of_day else " 00:00:00"
    return datetime.strptime(text, DATETIME_FORMAT).strftime(DATETIME_FORMAT)  # noqa: DTZ007 naive by contract
