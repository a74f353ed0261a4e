"""Compiled operations: what one OpenAPI document says, in the form that the gateway enforces.

Everything here is frozen, JSON-serialisable data: it is what a snapshot's `contracts` part is made of.
A schema is a JSON Schema 2020-12 value (OAS 3.0 dialects are rewritten when a contract is compiled). Its
references are absolute, into the documents of its version: `urn:ostiary:orders:v1:request#/components/…`.
"""

from typing import Any, Literal

import msgspec

from contracts.odoo_guard import OdooGuard, RpcDialect
from contracts.policy_settings import PolicyUse

JsonSchema = bool | dict[str, Any]
ParameterLocation = Literal["path", "query", "header", "cookie"]
Direction = Literal["request", "response"]


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One parameter of an operation (OAS 3.1 §4.8.12), with style and explode made explicit.

    `content_type` is set where the parameter is serialised as a media type (`content`) and not by a style.
    """

    name: str
    location: ParameterLocation
    style: str
    explode: bool
    schema: JsonSchema
    required: bool = False
    allow_empty: bool = False
    content_type: str | None = None


class Encoding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the property `name` of a form is serialised (OAS 3.1 §4.8.15): by `style`, where there is one, else as
    one of the media ranges `content_types`, else by its type. `headers` are those of its parts, in style `simple`.
    """

    name: str
    content_types: tuple[str, ...] = ()
    style: str | None = None
    explode: bool = True
    headers: tuple[Parameter, ...] = ()


class MediaType(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One media type of a body: a lower-case range such as `application/json` or `image/*`. Forms have the
    `encodings` of their properties, those that differ from what their types imply."""

    range: str
    schema: JsonSchema | None = None
    encodings: tuple[Encoding, ...] = ()


class RequestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    required: bool
    content: tuple[MediaType, ...]


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One response: `status` is `200`, `4XX` or `default`, as OpenAPI writes it."""

    status: str
    content: tuple[MediaType, ...] = ()


class HttpBackend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="http"):
    """Served by a partner API: the path below the version's base path is appended to the upstream's URL."""

    upstream: str


OdooAction = Literal["list", "get", "create", "update", "delete", "call", "rpc"]
OdooValue = Literal[
    "text",  # char, text, selection, html: false → null
    "integer",
    "number",  # float, monetary
    "boolean",  # false stays false
    "date",  # YYYY-MM-DD on both sides
    "datetime",  # naive UTC ↔ RFC 3339
    "reference",  # many2one ↔ {id, name}
    "reference-id",  # many2one ↔ its id
    "reference-name",  # many2one → its display name; read only
    "ids",  # x2many ↔ [id, …]
    "records",  # one2many ↔ [{…}, …] by `fields` of `model`
    "binary",  # base64 on both sides
]


class OdooField(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A property of the contract and the Odoo field behind it.

    `writable`: the request has it, and does not call it `readOnly`. `readable`: the answer has it, and does not
    call it `writeOnly`. `write` says what a list of records in an update does with present ones that it does not
    name: they are deleted (`replace`), or stay (`merge`).
    """

    name: str
    field: str
    value: OdooValue
    writable: bool = True
    readable: bool = True
    model: str | None = None
    fields: tuple["OdooField", ...] = ()
    write: Literal["replace", "merge"] = "replace"


class OdooFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A query parameter (or one property of a deepObject parameter) that becomes one domain condition."""

    parameter: str
    field: str
    operator: str
    value: OdooValue
    property: str | None = None


OdooChosen = Literal["text", "integer", "boolean", "reference-id", "reference-ids"]


class OdooChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key of the context that a request chooses: by a claim of its token, which it has to have, by a parameter
    of its query or by a header field. Of texts only those in `of` pass, if there are any, and `default` stands for
    all others; without one the key is left out. `Accept-Language` chooses as RFC 4647 §3.4 has it."""

    key: str
    source: Literal["claim", "query", "header"]
    name: str
    value: OdooChosen = "text"
    of: tuple[str, ...] = ()
    default: bool | int | str | None = None


class OdooContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The binary `field` that is the body of the answer (`get`) or of the request (`update`). `media_type` is what
    the contract declares, a type or a range; `type_field` and `name_field` hold the record's own, and its file
    name."""

    field: str
    media_type: str
    type_field: str | None = None
    name_field: str | None = None


class OdooBackend(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag="odoo"
):
    """Served by an Odoo model (`x-ostiary-odoo`). Only what is named here is ever asked of Odoo.

    `id_parameter` is the path parameter with the record's id; `domain` is added to every look-up and a
    request cannot widen it; `item_property` is the property of the answer that holds the list (None: the
    answer is the array itself); `total_property` likewise for the count of all matches, `next_property` for
    the cursor of the next page (null on the last). `bulk`: a request creates an array of records, all or none.
    `choices` are the keys of the context that a request chooses, beside the constants in `context`.
    `etag`: answers have entity tags and `If-Match` is heeded, or required. The action `rpc` is Odoo's own RPC in a
    `dialect`; it has no model, and `guard` says what is open.
    """

    upstream: str
    model: str
    action: OdooAction
    method: str | None = None
    id_parameter: str | None = None
    fields: tuple[OdooField, ...] = ()
    filters: tuple[OdooFilter, ...] = ()
    domain: tuple[Any, ...] = ()
    order: str = "id"
    sort_parameter: str | None = None
    sort_fields: tuple[tuple[str, str], ...] = ()
    limit_parameter: str | None = None
    offset_parameter: str | None = None
    cursor_parameter: str | None = None
    next_property: str | None = None
    default_limit: int = 20
    maximum_limit: int = 100
    item_property: str | None = None
    total_property: str | None = None
    context: dict[str, Any] = {}
    choices: tuple[OdooChoice, ...] = ()
    success_status: int = 200
    bulk: bool = False
    etag: Literal["none", "offered", "required"] = "none"
    dialect: RpcDialect | None = None
    guard: OdooGuard | None = None
    content: OdooContent | None = None

    @property
    def depends_on_claims(self) -> bool:
        """Whether the answer is another for another token: see `is_claimed`, and `OdooChoice`."""
        by_claim = any(choice.source == "claim" for choice in self.choices)
        return by_claim or any(is_claimed(term) for term in self.domain)


def is_claimed(term: Any) -> bool:
    """Whether a term of a domain compares with a claim of the caller's token: `[field, operator, {claim, as}]`."""
    return isinstance(term, list | tuple) and len(term) == 3 and isinstance(term[2], dict)


Backend = HttpBackend | OdooBackend


class ApiKeyUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An operation that an API key opens too: sent in the field `header` (lower case), good for all scopes of one
    of the alternatives. `signed`: the key is not sent but signs the request (RFC 9421)."""

    header: str
    scopes: tuple[tuple[str, ...], ...]
    signed: bool = False


class AdaptedTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The operation of another version of the API that serves an operation. `parameters` are without their
    schemas: how each is written is all that is needed of them."""

    version: str
    operation: str
    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One operation: a method on a path template, and all that is enforced on it.

    `path` is relative to the version's base path. `scopes` are the alternatives of the contract's `security`:
    a token satisfies one of them by holding all its scopes. `public` is true only for an explicit
    `security: []`. `pointer` is the operation's place in its contract. `max_body` is in bytes. `retry` says
    whether a call to an HTTP upstream may be tried again; None: if it only reads, or did not reach the upstream.
    `websocket` says that the operation is the handshake of a WebSocket (RFC 6455). With `api_key` there may be no
    alternative for tokens: then API keys alone open it. `policies` are the settings of policies that were made for
    it anywhere. With `adapted` the backend is that of the other version's operation, and requests become those of
    that one.
    """

    id: str
    method: str
    path: str
    pointer: str
    backend: Backend
    scopes: tuple[tuple[str, ...], ...] = ()
    public: bool = False
    parameters: tuple[Parameter, ...] = ()
    body: RequestBody | None = None
    responses: tuple[Response, ...] = ()
    max_body: int = 1_048_576
    cost: int = 1
    unknown_query: Literal["ignore", "refuse"] = "refuse"
    deprecated: bool = False
    retry: Literal["safe", "never"] | None = None
    websocket: bool = False
    api_key: ApiKeyUse | None = None
    policies: tuple[PolicyUse, ...] = ()
    adapted: AdaptedTo | None = None


class Brownout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A window in which every call is refused: from `start` until just before `end`, in Unix seconds."""

    start: int
    end: int


class Lifecycle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a version stands. Times are Unix seconds (UTC); `sunset` is never before `deprecation`.

    `brownouts` are in order, apart from each other, and between the deprecation and the sunset.
    """

    state: Literal["draft", "published", "deprecated", "retired"] = "published"
    deprecation: int | None = None
    sunset: int | None = None
    successor: str | None = None
    documentation: str | None = None
    brownouts: tuple[Brownout, ...] = ()


class VersionChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How clients choose among the versions of an API that share a base path.

    By `header`, whose value is a version's name; by `media-type`, `application/vnd.<vendor>.v2+json` or another
    with a parameter `version`; or by `date`: that of the header, else that to which the application is pinned.
    `default` is served to who chooses none; without it a version has to be chosen. `released` are versions with
    their dates (Unix seconds), the oldest first.
    """

    by: Literal["header", "media-type", "date"]
    header: str = "API-Version"
    vendor: str = ""
    default: str = ""
    released: tuple[tuple[str, int], ...] = ()


class ApiVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One version of an API, compiled. `revision` is the SHA-256 of the contract it was compiled from.

    `base_path` starts with a slash and does not end with one. `documents` are the JSON Schema resources
    (by absolute URI) into which the operations' schemas refer, one for each direction. `criticality` is from 1
    (the business stops) to 4. `choice` says how a version is chosen where others have its base path too; where
    each has its own, the `default` one is also served at that path without the version.
    """

    api: str
    version: str
    title: str
    owner: str
    base_path: str
    revision: str
    operations: tuple[Operation, ...]
    lifecycle: Lifecycle = Lifecycle()
    classification: str = "internal"
    criticality: int = 3
    successor_base_path: str | None = None
    choice: VersionChoice | None = None
    default: bool = False
    documents: dict[str, dict[str, Any]] = {}

    @property
    def default_path(self) -> str | None:
        """The base path for requests that name no version; None where the version is not for these, or its base
        path does not end with its name."""
        stem, _, last = self.base_path.rpartition("/")
        return stem if self.default and last == self.version else None
