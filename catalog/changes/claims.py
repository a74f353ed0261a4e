"""Paths that two APIs claim, where one of them is not read anew: `contracts.estate.rules` sees only documents."""

from collections.abc import Iterable, Mapping

from contracts.documents.document import escape, parse
from contracts.estate.catalogue import finding
from contracts.estate.loading import CONTRACT
from contracts.findings import Finding, Place
from contracts.openapi.paths import shape_of
from contracts.operations import ApiVersion


def claims_on(versions: Iterable[ApiVersion], contents: Mapping[str, Mapping[str, bytes]]) -> list[Finding]:
    """A finding for each path of an API in `contents` (its files by path) that another version claims too."""
    claims: dict[str, ApiVersion] = {}
    # Those in force first: it is the one that comes after them that is told.
    for version in sorted(versions, key=lambda each: each.api in contents):
        for operation in version.operations:
            claims.setdefault(shape_of(version.base_path + operation.path), version)
    found: dict[Finding, None] = {}
    for version in versions:
        for operation in version.operations if version.api in contents else ():
            path = version.base_path + operation.path
            other = claims[shape_of(path)]
            if other.api == version.api and version.choice is not None:
                continue  # clients choose between them by other means than the path
            if (other.api, other.version) != (version.api, version.version):
                message = f"{path!r} is claimed by {other.api!r} {other.version} too"
                place = _place(contents[version.api], version, operation.path)
                found[finding("path-claimed-twice", place, message)] = None
    return list(found)


def _place(files: Mapping[str, bytes], version: ApiVersion, template: str) -> Place:
    for path, data in files.items():
        folder, _, name = path.rpartition("/")
        match = CONTRACT.fullmatch(name)
        if match is None or match["version"] != version.version or not folder.endswith(f"/{version.api}"):
            continue
        document, _ = parse(data, path)
        return Place(path) if document is None else document.place_of_key(f"/paths/{escape(template)}")
    return Place(version.api)
