"""`ostiary gateway`: run the data plane, as a process of its own."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def gateway(
    catalog_url: Annotated[
        str | None, typer.Option(help="The catalog to follow.", envvar="OSTIARY_GATEWAY_CATALOG_URL")
    ] = None,
    snapshot_key: Annotated[
        str | None,
        typer.Option(
            help="The catalog's public snapshot key (`ostiary catalog public-key`), or the path of its file.",
            envvar="OSTIARY_GATEWAY_SNAPSHOT_KEY",
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on.", envvar="OSTIARY_GATEWAY_HOST", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Port to listen on; 0 takes a free one.",
            min=0,
            max=65535,
            envvar="OSTIARY_GATEWAY_PORT",
            show_default="8080",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Directory of the last good snapshot.",
            envvar="OSTIARY_GATEWAY_DATA",
            show_default=".ostiary/gateway",
        ),
    ] = None,
    secrets: Annotated[
        Path | None,
        typer.Option(help="Directory with one file per upstream credential.", envvar="OSTIARY_GATEWAY_SECRETS"),
    ] = None,
) -> None:
    """Run the gateway until SIGTERM or Ctrl-C.

    The token that the catalog asks of gateways comes from $OSTIARY_GATEWAY_TOKEN; every other setting has an
    OSTIARY_GATEWAY_… variable as well (see the reference).
    """
    given = {
        "CATALOG_URL": catalog_url,
        "SNAPSHOT_KEY": snapshot_key,
        "HOST": host,
        "PORT": port,
        "DATA": data,
        "SECRETS": secrets,
    }
    for name, value in given.items():
        if value is not None:
            os.environ[f"OSTIARY_GATEWAY_{name}"] = str(value)
    # The catalog's code and the gateway's never share a process: this one becomes the gateway.
    os.execv(sys.executable, [sys.executable, "-m", "gateway"])  # noqa: S606
