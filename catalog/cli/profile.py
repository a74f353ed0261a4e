"""`ostiary profile`: which catalogs to talk to, and with which token; `ostiary whoami`."""

import os
import sys
from typing import Annotated, Any

import typer

from catalog.cli.output import fail, note, print_json, print_table
from catalog.cli.profiles import (
    Profile,
    ProfileError,
    Profiles,
    fault_of_url,
    is_token,
    profiles_path,
    read_profiles,
    write_profiles,
)
from catalog.cli.remote import JsonOption, ProfileOption, connect

app = typer.Typer(
    help="Keep the catalogs that commands talk to, and a member token for each.",
    epilog="The file is ostiary/profiles.json below $XDG_CONFIG_HOME or ~/.config, for its user alone.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The profile's name.")]


@app.command()
def add(
    name: Name,
    url: Annotated[str, typer.Option(help="URL of the catalog: https, or this machine.")],
    as_json: JsonOption = False,
) -> None:
    """Add a profile, or replace one, and use it from now on.

    The member token is read from OSTIARY_TOKEN, from standard input, or from a prompt, and never taken from the
    command line, where other users can see it.
    """
    fault = fault_of_url(url)
    if fault is not None:
        fail(fault)
    profiles = _read()
    entry = Profile(url.rstrip("/"), _token())
    write_profiles(profiles_path(), Profiles({**profiles.by_name, name: entry}, name))
    if as_json:
        print_json(_told(name, entry, current=True))
    else:
        note(f"Profile {name!r} is in use.")


@app.command("list")
def list_profiles(as_json: JsonOption = False) -> None:
    """List the profiles; the one in use has a star. Tokens are not shown."""
    profiles = _read()
    named = sorted(profiles.by_name.items())
    if as_json:
        print_json([_told(name, each, current=name == profiles.current) for name, each in named])
    elif named:
        rows = [(name, each.url, "*" if name == profiles.current else "") for name, each in named]
        print_table(("PROFILE", "CATALOG", ""), rows)
    else:
        note("There is no profile. Add one with: ostiary profile add NAME --url URL")


@app.command()
def use(name: Name, as_json: JsonOption = False) -> None:
    """Use a profile where none is named."""
    profiles = _known(name)
    write_profiles(profiles_path(), Profiles(profiles.by_name, name))
    if as_json:
        print_json(_told(name, profiles.by_name[name], current=True))


@app.command()
def remove(name: Name, as_json: JsonOption = False) -> None:
    """Remove a profile and its token from this machine. The token itself stays good; revoke it to end it."""
    profiles = _known(name)
    rest = {each: profile for each, profile in profiles.by_name.items() if each != name}
    write_profiles(profiles_path(), Profiles(rest, None if profiles.current == name else profiles.current))
    if as_json:
        print_json(_told(name, profiles.by_name[name], current=False))


def whoami(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show who the token's member is: teams, roles, and what others delegated."""
    me = connect(profile, as_json).get("/whoami")
    if as_json:
        print_json(me)
        return
    typer.echo(f"{me['name']} ({me['title']}, {me['email']})")
    for each in me["memberships"]:
        typer.echo(f"  {each['team']}: {', '.join(each['roles']) or 'no role'}")
    for each in me["delegated"]:
        typer.echo(f"  {each['role']} for {each['giver']} until {each['until']}")


def _told(name: str, profile: Profile, *, current: bool) -> dict[str, Any]:
    """A profile without its token."""
    return {"name": name, "url": profile.url, "current": current}


def _read() -> Profiles:
    try:
        return read_profiles(profiles_path())
    except ProfileError as error:
        fail(str(error))


def _known(name: str) -> Profiles:
    profiles = _read()
    if name not in profiles.by_name:
        fail(f"there is no profile {name!r}", hint=f"Known: {', '.join(sorted(profiles.by_name)) or 'none'}.")
    return profiles


def _token() -> str:
    if "OSTIARY_TOKEN" in os.environ:
        text = os.environ["OSTIARY_TOKEN"].strip()
    elif sys.stdin.isatty():
        text = typer.prompt("Member token", hide_input=True, err=True).strip()
    else:
        text = sys.stdin.readline().strip()
    if not text:
        fail("there is no token", hint="Give it on standard input, or by OSTIARY_TOKEN.")
    if not is_token(text):
        fail("what was given is no token: it has spaces or characters that no token has")
    return text
