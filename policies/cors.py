"""Which web pages may call an operation from a browser: the CORS protocol (Fetch standard, §3.2 "CORS protocol").

A preflight (§3.2.2) is answered here, before authentication: a browser sends none with it. No other request is
refused for its origin: it is the browser that keeps an answer from a page that may not have it. So the fields that
say who may are on every answer, refusals too, and an upstream's own are taken off.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.answer import Answer, Wish
from policies.exchange import Exchange, Header
from policies.origins import ANY_ORIGIN, OriginText, admitting, origin_fault
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Reply, Stage, Verdict

POLICY: Final = "cors"

EXAMPLE: Final = """\
origins: [https://shop.example.com, "https://*.partner.example"]
max-age: 3600
"""

_ASKED_METHOD: Final = b"access-control-request-method"
_ASKED_HEADERS: Final = b"access-control-request-headers"
_VARY: Final[Header] = (b"vary", b"Origin")
_PREFLIGHT_VARY: Final = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
_THEIRS: Final = tuple(
    b"access-control-" + name
    for name in (
        *(b"allow-origin", b"allow-credentials", b"allow-methods", b"allow-headers"),
        *(b"expose-headers", b"max-age", b"allow-private-network"),
    )
)
_REMEMBERED: Final = 1_024
"""Origins of which an operation remembers what they are answered."""

FieldName = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$", description="the name of a header field")
]


class CorsConfig(PolicyConfig, frozen=True):
    """Settings of `cors`. Methods are those of the contract."""

    origins: Annotated[tuple[OriginText, ...], Meta(max_length=200)] = ()
    """Pages that may call: `https://shop.example.com`, all below a domain (`https://*.example.com`), or `*`."""
    headers: Annotated[tuple[FieldName, ...], Meta(max_length=100)] = ()
    """Header fields that they may send, beside those of the contract and of its authentication."""
    expose: Annotated[tuple[FieldName, ...], Meta(max_length=100)] = (
        *("x-request-id", "retry-after", "ratelimit", "ratelimit-policy"),
        *("deprecation", "sunset", "link", "location", "etag"),
    )
    """Header fields of answers that they may read."""
    credentials: bool = False
    """Whether a browser may send its own credentials along (cookies, certificates). Tokens need no such thing."""
    max_age: Annotated[int, Meta(ge=0, le=86_400)] = 600
    """For how many seconds a browser need not ask again."""


def bind(config: CorsConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None without origins."""
    return CorsStage(config, version, operation).check if config.origins else None


def bind_answer(config: CorsConfig, version: ApiVersion, operation: Operation, ports: Ports) -> "OurWord | None":
    """None without origins."""
    return OurWord() if config.origins else None


def check(setting: Setting[CorsConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """Origins that no browser sends, `*` where it must not be, and settings that come too late to count."""
    config = setting.config
    if setting.plan or setting.consumers:
        yield Fault("" if setting.plan else "/consumers", "a preflight comes before anybody knows who calls")
    for index, origin in enumerate(config.origins):
        fault = origin_fault(origin)
        if fault:
            yield Fault(f"/origins/{index}", fault)
        elif origin == ANY_ORIGIN and config.credentials:
            yield Fault(f"/origins/{index}", "with `credentials`, pages are named one by one")
    for key, names in (("headers", config.headers), ("expose", config.expose)):
        if "*" in names:
            yield Fault(f"/{key}/{names.index('*')}", "header fields are named one by one")
    if any(each.method == "OPTIONS" and each.path == operation.path for each in version.operations):
        yield Fault("", "the contract has an OPTIONS of its own at this path, which would be asked first")


def asked_method(exchange: Exchange) -> str | None:
    """The method of the request that a preflight is about; None where this is none."""
    fields = exchange.fields
    if exchange.method != "OPTIONS" or b"origin" not in fields or _ASKED_METHOD not in fields:
        return None
    return fields[_ASKED_METHOD].decode("latin-1")


class CorsStage:
    """Answers preflights, and adds what a browser has to know to all other answers."""

    __slots__ = ("_allowed", "_answers", "_method", "_preflight_headers", "_refusal")

    def __init__(self, config: CorsConfig, version: ApiVersion, operation: Operation) -> None:
        self._method = operation.method.encode("ascii")
        self._allowed = frozenset(_allowed(config, version, operation))
        listed = b", ".join(sorted(self._allowed))
        self._preflight_headers: tuple[Header, ...] = (
            (b"access-control-allow-methods", self._method + (b", HEAD" if operation.method == "GET" else b"")),
            *(((b"access-control-allow-headers", listed),) if listed else ()),
            (b"access-control-max-age", b"%d" % config.max_age),
            (b"vary", _PREFLIGHT_VARY.encode("ascii")),
        )
        detail = "The operation may not be called so from pages of this origin."
        self._refusal = Deny(POLICY, problem("cors-refused", detail, headers=(("vary", _PREFLIGHT_VARY),)))
        self._answers = lru_cache(_REMEMBERED)(_answering(config))

    def check(self, exchange: Exchange) -> Verdict:
        fields = exchange.fields
        origin = fields.get(b"origin", b"")
        if exchange.method == "OPTIONS" and _ASKED_METHOD in fields:
            return self._preflight(origin, fields.get(_ASKED_HEADERS, b""))
        exchange.answer_headers += self._answers(origin)[-1]
        return ALLOW

    def _preflight(self, origin: bytes, asked: bytes) -> Verdict:
        admitted, _ = self._answers(origin)
        names = {name.strip(b" \t").lower() for name in asked.split(b",")} - {b""}
        if admitted and names <= self._allowed:
            return Reply(POLICY, Answer(204, [*admitted, *self._preflight_headers]))
        return self._refusal


class OurWord:
    """Takes an upstream's own fields off an answer: two of them would be none to a browser (Fetch §4.10)."""

    __slots__ = ()

    def head(self, exchange: Exchange, answer: Answer, /) -> Wish:
        answer.without(*_THEIRS)
        return Wish.PASS

    def body(self, exchange: Exchange, answer: Answer, /) -> None:
        return None


def _answering(config: CorsConfig) -> Callable[[bytes], tuple[tuple[Header, ...], tuple[Header, ...]]]:
    """What an origin is told of itself on a preflight, nothing where it is not admitted, and on other answers."""
    admits = admitting(config.origins)
    anybody = ANY_ORIGIN in config.origins
    credentials: tuple[Header, ...] = (
        ((b"access-control-allow-credentials", b"true"),) if config.credentials else ()
    )
    names = ", ".join(config.expose).encode("ascii")
    exposed: tuple[Header, ...] = ((b"access-control-expose-headers", names),) if names else ()
    vary = () if anybody else (_VARY,)

    def answers(origin: bytes) -> tuple[tuple[Header, ...], tuple[Header, ...]]:
        if anybody:
            told: tuple[Header, ...] = ((b"access-control-allow-origin", b"*"),)
        elif origin and admits(origin):
            told = ((b"access-control-allow-origin", origin), *credentials)
        else:
            return (), vary
        return told, (*told, *exposed, *vary)

    return answers


def _allowed(config: CorsConfig, version: ApiVersion, operation: Operation) -> Iterator[bytes]:
    """The fields, in lower case, that a page may send (those that Fetch allows in any case are not among them)."""
    names = list(config.headers)
    names += [each.name for each in operation.parameters if each.location == "header"]
    if not operation.public:
        names += ["authorization", "dpop"]
    if operation.api_key is not None:
        names += ["signature", "signature-input"] if operation.api_key.signed else [operation.api_key.header]
    if operation.body is not None:
        names += ["content-type", "content-digest"]
    if version.choice is not None and version.choice.by != "media-type":
        names.append(version.choice.header)
    if any(use.policy == "idempotency" and use.mode != "off" for use in operation.policies):
        names.append("idempotency-key")
    yield from (name.lower().encode("ascii") for name in names)
