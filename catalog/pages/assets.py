"""Style sheets and scripts, served by ourselves: read once, named by their content, and bound to it in the pages.

An address has the content's digest in it, so a browser may keep the file for good and never shows an old one
with a new page; `integrity` (Subresource Integrity) makes it refuse a file that something on the way has
altered.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

STATIC: Final = Path(__file__).with_name("static")
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. `path` is its address below the catalog's own, `integrity` the value of that attribute."""

    data: bytes
    media_type: str
    path: str
    integrity: str


class Assets:
    """The files of one directory."""

    def __init__(self, directory: Path = STATIC, root: str = "/assets") -> None:
        """`root` is the path below which they are served."""
        files = [each for each in sorted(directory.iterdir()) if each.suffix in _TYPES]
        self.by_name = {each.name: _asset(each, root) for each in files}
        self.routes = [Route(f"{root}/{{version}}/{{name}}", self.serve, methods=["GET"])]

    async def serve(self, request: Request) -> Response:
        """The file, whatever version was asked for: a page of before an update still finds its style sheet."""
        asset = self.by_name.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        current = request.url.path.endswith(asset.path)
        caching = "public, max-age=31536000, immutable" if current else "no-store"
        return Response(asset.data, headers={"cache-control": caching}, media_type=asset.media_type)


def _asset(file: Path, root: str) -> Asset:
    data = file.read_bytes()
    digest = hashlib.sha384(data).digest()
    version = digest.hex()[:16]
    integrity = f"sha384-{base64.b64encode(digest).decode()}"
    return Asset(data, _TYPES[file.suffix], f"{root}/{version}/{file.name}", integrity)
