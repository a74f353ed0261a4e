"""The registration endpoint (RFC 7591 §3) and that of a client's configuration (RFC 7592 §2), over HTTP."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from catalog.api.problems import problem_response, store_unavailable
from catalog.clock import Clock
from catalog.credentials.ledger import SecretLedger
from catalog.oauth.registration.admission import WINDOW, Admission, TooMany
from catalog.oauth.registration.metadata import ClientMetadata, MetadataFault, read_metadata
from catalog.oauth.registration.registrar import Registrar
from catalog.oauth.registration.registration import Registration
from catalog.refusal import Refusal
from contracts.problems import problem

REGISTER_PATH: Final = "/oauth/register"
MAX_BODY: Final = 65_536
"""Bytes of metadata: a key set is the largest part of it."""
BODY_SECONDS: Final = 10.0

_NOT_STORED: Final = {"cache-control": "no-store", "pragma": "no-cache"}
# RFC 7592 §2.2: what the server decides is not the client's to send.
_OURS: Final = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)


class RegistrationEndpoint:
    """Both of them."""

    def __init__(
        self, issuer: str, admission: Admission, registrar: Registrar, ledger: SecretLedger, clock: Clock
    ) -> None:
        self.url: Final = issuer + REGISTER_PATH
        self._admission = admission
        self._registrar = registrar
        self._ledger = ledger
        self._clock = clock
        one = REGISTER_PATH + "/{client_id}"
        self.routes = [
            Route(REGISTER_PATH, self.register, methods=["POST"]),
            Route(one, self.configure, methods=["GET", "PUT", "DELETE"]),
        ]

    async def register(self, request: Request) -> Response:
        """RFC 7591 §3.1."""
        try:
            admitted = await self._admission.admit(_bearer(request))
            if admitted is None:
                return _unauthorized()
            document = await _document(request)
            metadata = document if isinstance(document, MetadataFault) else read_metadata(document)
            if isinstance(metadata, MetadataFault):
                return _fault(metadata)
            made = await self._registrar.register(admitted, metadata, request.state.request_id)
        except TooMany:
            refusal = problem(
                "quota-exceeded",
                "The member who answers for these registrations asked for too many.",
                headers=(("Retry-After", str(WINDOW)),),
            )
            return problem_response(refusal, request.state.request_id)
        except SQLAlchemyError as error:
            return problem_response(store_unavailable(error), request.state.request_id)
        if made is None:
            return _unauthorized()
        if isinstance(made, MetadataFault):
            return _fault(made)
        members = self._told(made.registration, made.token)
        members["client_id_issued_at"] = made.registration.created_at
        if made.secret is not None:
            members["client_secret"] = made.secret.secret
            members["client_secret_expires_at"] = made.secret.credential.expires_at
        return JSONResponse(members, 201, headers=_NOT_STORED)

    async def configure(self, request: Request) -> Response:
        """RFC 7592 §2.1 to §2.3. Who has no good token learns nothing about any client."""
        token = _bearer(request)
        try:
            known = await self._registrar.find(request.path_params["client_id"], token)
            if known is None:
                return _unauthorized()
            if request.method == "DELETE":
                return await self._delete(request, known)
            if request.method == "PUT":
                return await self._update(request, known, token)
        except SQLAlchemyError as error:
            return problem_response(store_unavailable(error), request.state.request_id)
        return JSONResponse(self._told(known, token), headers=_NOT_STORED)

    async def _update(self, request: Request, known: Registration, token: str) -> Response:
        document = await _document(request)
        metadata = document if isinstance(document, MetadataFault) else await self._replacement(document, known)
        if isinstance(metadata, MetadataFault):
            return _fault(metadata)
        made = await self._registrar.update(known, metadata, request.state.request_id)
        if isinstance(made, MetadataFault):
            return _fault(made)
        if isinstance(made, Refusal):
            return problem_response(made.problem(), request.state.request_id)
        return JSONResponse(self._told(made, token), headers=_NOT_STORED)

    async def _replacement(self, document: Any, known: Registration) -> ClientMetadata | MetadataFault:
        """RFC 7592 §2.2: the client names itself, and may show its secret, but not choose one."""
        if not isinstance(document, dict) or document.get("client_id") != known.client_id:
            return MetadataFault("invalid_client_metadata", "client_id is needed, and is the client's own.")
        for name in _OURS:
            if name in document:
                return MetadataFault("invalid_client_metadata", f"{name} is not the client's to send.")
        secret = document.get("client_secret")
        if secret is not None:
            good = isinstance(secret, str) and await self._ledger.verify(known.client_id, secret) is not None
            if not good:
                return MetadataFault("invalid_client_metadata", "client_secret is not the client's.")
        return read_metadata(document)

    async def _delete(self, request: Request, known: Registration) -> Response:
        ended = await self._registrar.delete(known, request.state.request_id)
        if isinstance(ended, Refusal):
            return problem_response(ended.problem(), request.state.request_id)
        return Response(status_code=204, headers=_NOT_STORED)

    def _told(self, registration: Registration, token: str) -> dict[str, Any]:
        """RFC 7591 §3.2.1, RFC 7592 §3: what is in force, and a member of ours that says whether it is."""
        state = registration.state_at(self._clock())
        return {
            **registration.metadata.told(),
            "client_id": registration.client_id,
            "registration_access_token": token,
            "registration_client_uri": f"{self.url}/{registration.client_id}",
            "registration_state": "update-pending" if registration.wanted is not None else state,
        }


def _bearer(request: Request) -> str:
    """The token of the Authorization field (RFC 6750 §2.1), or nothing."""
    values = request.headers.getlist("authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _document(request: Request) -> Any:
    """The JSON of the body, or why it is none."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        return MetadataFault("invalid_client_metadata", "The Content-Type must be application/json.")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_BODY:
                    return MetadataFault("invalid_client_metadata", "The body is too large.")
        return msgspec.json.decode(bytes(body))
    except (TimeoutError, ClientDisconnect):
        return MetadataFault("invalid_client_metadata", "The body did not arrive whole, or not in time.")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return MetadataFault("invalid_client_metadata", "The body is no JSON.")


def _fault(fault: MetadataFault) -> Response:
    return JSONResponse({"error": fault.error, "error_description": fault.description}, 400, headers=_NOT_STORED)


def _unauthorized() -> Response:
    """RFC 6750 §3.1: one answer to every token that is not good."""
    headers: Mapping[str, str] = {
        **_NOT_STORED,
        "www-authenticate": 'Bearer realm="ostiary-catalog", error="invalid_token"',
    }
    return JSONResponse({"error": "invalid_token"}, 401, headers=dict(headers))
