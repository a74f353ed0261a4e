"""Commands that work on a running catalog through its admin API: which one, as whom, and how refusals are told.

A command asks `connect` for the catalog and calls it. What is refused ends the command: a sentence and a line for
each violation or condition on stderr (with `--json` the problem document on stdout), exit code 2 for bad input, 1
for a refusal of what was understood.
"""

import http.client
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Annotated, Any, Final, NoReturn
from urllib.parse import quote, urlencode

import typer

from catalog.cli.output import BAD_INPUT, FINDINGS, fail, note, print_json
from catalog.cli.profiles import Profile, ProfileError, fault_of_url, is_token, profiles_path, read_profiles

ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="The catalog and the token to use, as `ostiary profile` keeps them.",
        envvar="OSTIARY_PROFILE",
        show_default="OSTIARY_CATALOG_URL with OSTIARY_TOKEN, or the profile in use",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_BASE: Final = "/admin/v1"
_TIMEOUT: Final = 300.0
"""Seconds: a push of a large estate is assessed API by API before it is answered."""
# What the catalog understood and still refused is a finding; the rest is for whoever typed it to mend.
_REFUSALS: Final = frozenset({403, 409, 410, 412})


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer. `value` is the decoded JSON, or the text of anything else; `etag` is without its quotes."""

    status: int
    value: Any
    etag: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to the address that was named, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Remote:
    """A catalog to call. With `as_json` refusals are printed as problem documents."""

    profile: Profile
    as_json: bool = False
    _opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    )

    def get(self, path: str, **query: Any) -> Any:
        """The value of a GET."""
        return self.call("GET", path, query=query).value

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """Every item of a list, page by page."""
        after: str | None = None
        while True:
            page = self.get(path, **query, after=after)
            yield from page["items"]
            after = page["next"]
            if after is None:
                return

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, Any] | None = None,
        if_match: str | None = None,
    ) -> Reply:
        """Calls the operation at `path` below `/admin/v1`; parts of the path are quoted by `segment`.

        What is None in the query is left out, a list is sent value by value. Ends the command where the catalog
        refuses or cannot be reached.
        """
        given = {name: _texts(value) for name, value in (query or {}).items()}
        sent = urlencode(given, doseq=True)
        url = self.profile.url.rstrip("/") + _BASE + path + (f"?{sent}" if sent else "")
        headers = {"Authorization": f"Bearer {self.profile.token}", "Accept": "application/json, */*"}
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        # The scheme was looked at when the profile was chosen.
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                value = _decoded(answer.read(), answer.headers.get("Content-Type", ""))
                return Reply(answer.status, value, answer.headers.get("ETag", "").strip('"'))
        except urllib.error.HTTPError as error:
            with error:
                self._refused(error.code, error.read())
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            fail(f"the catalog at {self.profile.url} cannot be reached: {reason}")

    def download(self, path: str, stream: IO[bytes]) -> None:
        """Writes what a GET answers to a stream, however large it is. Ends the command as `call` does."""
        request = urllib.request.Request(  # noqa: S310
            self.profile.url.rstrip("/") + _BASE + path, headers={"Authorization": f"Bearer {self.profile.token}"}
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                shutil.copyfileobj(answer, stream)
        except urllib.error.HTTPError as error:
            with error:
                self._refused(error.code, error.read())
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reason = getattr(error, "reason", None) or error
            fail(f"the catalog at {self.profile.url} cannot be reached: {reason}")

    def _refused(self, status: int, text: bytes) -> NoReturn:
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            fail(f"{self.profile.url} answered {status} and no problem document; is it a catalog?")
        if self.as_json:
            print_json(document)
        else:
            _tell(document)
        understood = status in _REFUSALS or (status == 422 and "violations" not in document)
        raise typer.Exit(FINDINGS if understood else BAD_INPUT)


def connect(profile: str | None, as_json: bool = False) -> Remote:
    """The catalog of the named profile, else of the environment, else of the profile in use.

    Ends the command where there is none that can be used.
    """
    chosen = _chosen(profile)
    fault = fault_of_url(chosen.url)
    if fault is not None:
        fail(fault)
    if not is_token(chosen.token):
        fail("the member token has spaces or characters that no token has")
    return Remote(chosen, as_json)


def names_a_catalog(profile: str | None) -> bool:
    """Whether a catalog was named for this one command, or for this shell: a command that works on this machine's
    store otherwise does not go elsewhere because some profile is in use."""
    return profile is not None or bool(os.environ.get("OSTIARY_TOKEN", "").strip())


def segment(text: str) -> str:
    """A value as one segment of a path."""
    return quote(text, safe="")


def _chosen(name: str | None) -> Profile:
    url, token = os.environ.get("OSTIARY_CATALOG_URL", ""), os.environ.get("OSTIARY_TOKEN", "").strip()
    if name is None and token:
        if not url:
            fail("OSTIARY_TOKEN is set and OSTIARY_CATALOG_URL is not", hint="Say which catalog the token is for.")
        return Profile(url, token)
    try:
        profiles = read_profiles(profiles_path())
    except ProfileError as error:
        fail(str(error))
    wanted = name or profiles.current
    if wanted is None:
        hint = "Add one with `ostiary profile add NAME --url URL`, or set OSTIARY_CATALOG_URL and OSTIARY_TOKEN."
        fail("which catalog? There is no profile in use", hint=hint)
    if wanted not in profiles.by_name:
        known = ", ".join(sorted(profiles.by_name)) or "none"
        fail(f"there is no profile {wanted!r}", hint=f"Known: {known}.")
    return profiles.by_name[wanted]


def _tell(document: dict[str, Any]) -> None:
    title, detail = document.get("title", "Refused"), document.get("detail", "")
    typer.secho(f"ostiary: {title}: {detail}" if detail else f"ostiary: {title}", err=True, fg="red")
    for each in document.get("violations", ()):
        note(f"  {each.get('in', '')} {each.get('pointer', '')}: {each.get('message', '')}".replace(" :", ":"))
    for each in document.get("conditions", ()):
        if not each.get("met", False):
            needs = f" (needs: {', '.join(each['needs'])})" if each.get("needs") else ""
            note(f"  not met: {each.get('text', each.get('id', ''))}{needs}")
    current = document.get("current")
    if isinstance(current, dict) and isinstance(current.get("change"), dict):
        note(f"  how it stands now: ostiary changes show {current['change']['number']}")
    for each in document.get("findings", ()):
        note(f"  {each['file']}:{each['line']}:{each['column']}: {each['message']} [{each['rule']}]")


def _decoded(text: bytes, content_type: str) -> Any:
    if "json" in content_type:
        return json.loads(text) if text else None
    return text.decode("utf-8")


def _texts(value: Any) -> list[str]:
    """A query parameter's values: none for None, each of a list, else one."""
    if value is None:
        return []
    values = value if isinstance(value, list | tuple) else (value,)
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
