"""The command line, from the Typer application itself."""

import inspect
from collections.abc import Iterator
from typing import Any

import typer.main

from catalog.cli import output
from catalog.cli.main import build
from reference_pages.markup import code, escaped, prose, table


def page() -> str:
    """One section for each command, in the order of `--help`."""
    root: Any = typer.main.get_command(build())
    commands = list(walk("ostiary", root))
    return "\n".join(
        (
            "# Command line\n",
            prose(output.__doc__),
            table(["Command", ""], ([f"[`{name}`](#{_anchor(name)})", _first(each)] for name, each in commands)),
            *(_section(name, command) for name, command in commands),
        )
    )


def walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command with its full name; groups come before what is in them."""
    for key, each in getattr(command, "commands", {}).items():
        yield f"{name} {key}", each
        yield from walk(f"{name} {key}", each)


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _first(command: Any) -> str:
    return escaped(_help(command).partition("\n\n")[0])


def _help(command: Any) -> str:
    return inspect.cleandoc(command.help or command.callback.__doc__ or "")


def _section(name: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    usage = [name, *(["[OPTIONS]"] if options else []), *(_metavar(each) for each in arguments)]
    parts = [f"## `{name}` {{#{_anchor(name)}}}\n", f"```text\n{' '.join(usage)}\n```\n", prose(_help(command))]
    if arguments:
        rows = ([code(_metavar(each)), escaped(each.help or ""), _default(each)] for each in arguments)
        parts.append(table(["Argument", "", "Default"], rows))
    if options:
        rows = (
            [
                ", ".join(map(code, (*each.opts, *each.secondary_opts))),
                escaped(each.help or ""),
                _default(each),
                code(each.envvar) if each.envvar else "",
            ]
            for each in options
        )
        parts.append(table(["Option", "", "Default", "Variable"], rows))
    if command.epilog:
        parts.append(escaped(command.epilog) + "\n")
    return "\n".join(parts)


def _metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    if parameter.default is None or parameter.default is False:
        return ""
    return code(parameter.default)
