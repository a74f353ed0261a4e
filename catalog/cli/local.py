"""Commands that work on a catalog's own store and keys: where these are, and how their faults are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalog.cli.output import fail

if TYPE_CHECKING:
    from catalog.settings import CatalogSettings

Data = Annotated[
    Path | None,
    typer.Option(
        help="Directory of the database and the private keys.",
        envvar="OSTIARY_CATALOG_DATA",
        show_default=".ostiary/catalog",
    ),
]
Estate = Annotated[
    Path | None, typer.Option(help="Directory of the estate to publish.", envvar="OSTIARY_CATALOG_ESTATE")
]
Days = Annotated[int, typer.Option(min=1, max=366, help="Days until it expires.")]


def open_settings(**given: Any) -> "CatalogSettings":
    """The settings of the environment, with the options that were given."""
    from pydantic import ValidationError

    from catalog.settings import CatalogSettings, explain

    try:
        return CatalogSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        fail("\n".join(explain(error)))


def require_catalog(settings: "CatalogSettings") -> None:
    """A secret in a store that no catalog reads would help nobody, so a mistyped directory is refused."""
    if settings.estate is None and settings.database_url is None and not (settings.data / "catalog.db").exists():
        fail(f"there is no catalog in {settings.data}", hint="Name its directory with --data, or an --estate.")


@contextmanager
def store_faults() -> Iterator[None]:
    """Ends the command with a sentence where the store or the key files cannot be used."""
    from sqlalchemy.exc import SQLAlchemyError

    from catalog.key_files import KeyFileError
    from contracts.snapshot import SnapshotError

    try:
        yield
    except (KeyFileError, SnapshotError) as error:
        fail(str(error))
    except SQLAlchemyError as error:
        fail(f"the store does not answer ({type(error).__name__})")
