"""A registration as text, for the terminal."""

from typing import Any, Final

import typer

_SHOWN: Final = (
    ("name", "Name"),
    ("state", "State"),
    ("team", "Team"),
    ("owner", "Owner"),
    ("consumer", "Consumer"),
    ("profile", "Security"),
    ("created_at", "Created"),
    ("expires_at", "Expires"),
    ("decided_at", "Decided"),
    ("decided_by", "Decided by"),
    ("decided_reason", "Why"),
)


def print_registration(found: dict[str, Any], version: str) -> None:
    """What is known of it. `version` is what a decision is about."""
    typer.echo(found["client_id"])
    for name, title in _SHOWN:
        if found[name] is not None:
            _line(title, found[name])
    _line("Version", version)
    for each in found["subscriptions"]:
        _line("May call", f"{each['api']} {each['version']} ({each['plan']}): {' '.join(each['scopes'])}")
    _metadata("Says of itself:", found["metadata"])
    if found["wanted"] is not None:
        _metadata("Would like to be:", found["wanted"])


def _metadata(title: str, metadata: dict[str, Any]) -> None:
    typer.echo(title)
    for name, value in sorted(metadata.items()):
        text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        typer.echo(f"  {name}: {text}")


def _line(title: str, value: Any) -> None:
    typer.echo(f"  {title + ':':<14}{value}")
