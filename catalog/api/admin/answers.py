"""What a handler answers, and its form over HTTP."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from catalog.api.problems import problem_response
from catalog.refusal import Refusal

_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A value with what HTTP says beside it. `etag` is the state's version, without quotes; `location` is the path
    of what was made, below the API's own (`/delegations/del-1`)."""

    value: msgspec.Struct | None = None
    status: int = 200
    etag: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A document that is not JSON, such as a calendar."""

    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is sent as it is, however large, and then removed."""

    file: Path
    media_type: str


Result: TypeAlias = msgspec.Struct | Answer | Text | Attachment | Refusal
"""A struct is an answer 200; a refusal is a problem document."""


def respond(result: Result, base_path: str, request_id: str) -> Response:
    """The response. Nothing of the admin API may be kept by a cache: it is what one member may see."""
    headers = {"cache-control": "no-store"}
    match result:
        case Refusal():
            return problem_response(result.problem(), request_id)
        case Text(body, media_type):
            return Response(body, headers=headers, media_type=media_type)
        case Attachment(file, media_type):
            gone = BackgroundTask(file.unlink, missing_ok=True)
            return FileResponse(file, headers=headers, media_type=media_type, background=gone)
        case Answer():
            if result.etag:
                headers["etag"] = f'"{result.etag}"'
            if result.location:
                headers["location"] = base_path + result.location
            if result.value is None:
                return Response(status_code=result.status, headers=headers)
            return Response(msgspec.json.encode(result.value), result.status, headers, _JSON)
        case _:
            return Response(msgspec.json.encode(result), 200, headers, _JSON)
