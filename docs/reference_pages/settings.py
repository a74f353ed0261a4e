"""Every environment variable."""

from collections.abc import Iterator
from typing import Any

import typer.main
from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from catalog import settings as catalog_settings
from catalog.cli.main import build
from catalog.settings import CatalogSettings
from gateway.secrets import ENVIRONMENT_PREFIX, UpstreamSecrets
from gateway.settings import GatewaySettings
from reference_pages.cli import walk
from reference_pages.markup import code, escaped, prose, table

_DEMO = (
    (
        "OSTIARY_DEMO_ODOO_URL",
        "An Odoo 17, 18 or 19 that takes the stand-in's place, such as `https://odoo.example`.",
    ),
    ("OSTIARY_DEMO_ODOO_DB", "Its database. Needed where the URL is set, as the next two are."),
    ("OSTIARY_DEMO_ODOO_USER", "The login of the user that the gateway calls as."),
    ("OSTIARY_DEMO_ODOO_KEY", "That user's API key."),
)
_COMPILE = (
    "OSTIARY_COMPILE",
    (
        "`1`: the wheel holds compiled modules too, for this Python and platform alone, and is not built where "
        "they cannot be made; `quick`: the same without training; `auto`: where they can be made. Unset or "
        "`0`: the wheel is pure Python."
    ),
)
_SECRETS = (
    ("OSTIARY_CLIENT_SECRET", "The client secret. It is never taken from the command line."),
    (
        "OSTIARY_TOKEN",
        (
            "The member token for the catalog at `OSTIARY_CATALOG_URL`, in place of a profile. Never taken from "
            "the command line either."
        ),
    ),
)


def page() -> str:
    """The two processes, the gateway's credentials, the commands, the demonstration, building."""
    return "\n".join(
        (
            "# Settings\n",
            (
                "Both processes are configured by environment variables. A value that cannot be ends the process "
                "with exit code 2 and a line that names the variable and repeats no secret. The "
                "[command line](cli.md) has options for the most common ones, which win over the variable.\n"
            ),
            "## Gateway\n",
            "`python -m gateway`, or `ostiary gateway`.\n",
            prose(GatewaySettings.__doc__),
            _table(GatewaySettings),
            "## Upstream credentials\n",
            "An estate names a credential and never holds it; the gateway finds its value.\n",
            prose(UpstreamSecrets.__doc__),
            table(
                ["Variable", ""],
                [[code(f"{ENVIRONMENT_PREFIX}<NAME>"), "The credential `<name>`, in capitals, `_` for `-`."]],
            ),
            "## Catalog\n",
            "`python -m catalog`, or `ostiary catalog`.\n",
            prose((catalog_settings.__doc__ or "").partition("\n\n")[2]),
            prose(CatalogSettings.__doc__),
            _table(CatalogSettings),
            "## Commands\n",
            (
                "Read by `ostiary token`, and by the commands that work on a running catalog; the URL is also the "
                "catalog's own.\n"
            ),
            table(["Variable", ""], [*_of_commands(), *([code(name), text] for name, text in _SECRETS)]),
            "## Demonstration\n",
            "Read by `ostiary demo`.\n",
            table(["Variable", ""], ([code(name), text] for name, text in _DEMO)),
            "## Building\n",
            "Read when a wheel is built.\n",
            table(["Variable", ""], [[code(_COMPILE[0]), _COMPILE[1]]]),
        )
    )


def variables(settings: type[BaseSettings], name: str, field: FieldInfo) -> list[str]:
    """The environment variables of a field, the foremost first."""
    if isinstance(field.validation_alias, AliasChoices):
        return [str(choice) for choice in field.validation_alias.choices if str(choice).isupper()]
    return [f"{settings.model_config['env_prefix']}{name}".upper()]


def _table(settings: type[BaseSettings]) -> str:
    rows = (
        [
            " or ".join(map(code, variables(settings, name, field))),
            _default(field),
            escaped(field.description or ""),
        ]
        for name, field in settings.model_fields.items()
    )
    return table(["Variable", "Default", "Meaning"], rows)


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    if value is None or value == {}:
        return ""
    return code(str(value).lower() if isinstance(value, bool) else value)


def _of_commands() -> Iterator[list[str]]:
    """The variables of options that belong to no process's settings."""
    both = (GatewaySettings, CatalogSettings)
    known = {name for each in both for item in each.model_fields.items() for name in variables(each, *item)}
    seen = set[str]()
    root: Any = typer.main.get_command(build())
    for name, command in walk("ostiary", root):
        for parameter in command.params:
            if parameter.envvar and (parameter.envvar not in known or name == "ostiary token"):
                if parameter.envvar not in seen:
                    yield [code(parameter.envvar), escaped(parameter.help or "")]
                seen.add(parameter.envvar)
