"""How clients choose a version, as `api.yaml` says it."""

from typing import Final

from contracts.dates import written
from contracts.estate.calendar import seconds
from contracts.estate_files import ApiFile
from contracts.operations import ApiVersion, VersionChoice

HEADER: Final = "API-Version"


def how_chosen(version: ApiVersion) -> str:
    """What a request says to be for the version, such as `API-Version: v2`; empty where that is its path."""
    choice = version.choice
    if choice is None:
        return ""
    if choice.by == "media-type":
        return f"Accept: application/vnd.{choice.vendor}.{version.version}+json"
    date = dict(choice.released).get(version.version)
    return f"{choice.header}: {version.version if choice.by == 'header' or date is None else written(date)}"


def choice_of(api: str, file: ApiFile) -> VersionChoice | None:
    """None where it is chosen by the path. A date that is none is left out: it has its finding."""
    entry = file.versioning
    if entry.by == "path":
        return None
    dates = {
        name: seconds(version.released) for name, version in file.versions.items() if version.state != "draft"
    }
    released = ((name, date) for name, date in dates.items() if date is not None)
    return VersionChoice(
        by=entry.by,
        header=entry.header or HEADER,
        vendor=(entry.vendor or api) if entry.by == "media-type" else "",
        default=entry.default or "",
        released=tuple(sorted(released, key=lambda each: each[1])) if entry.by == "date" else (),
    )


def is_default(file: ApiFile, version: str) -> bool:
    """Whether requests that could name a version in their path, and do not, mean this one."""
    return file.versioning.by == "path" and file.versioning.default == version
