"""XML-RPC as a dialect of its own: what is written, and what faults and broken answers mean."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from xmlrpc.client import Fault, dumps, loads

import aiohttp
import pytest

from contracts.problems import Problem
from contracts.snapshot import Upstream
from gateway.upstreams.odoo.xmlrpc import XmlRpc
from tests.gateway.upstreams.odoo.conftest import KEY, Scripted

TRACE = 'Traceback (most recent call last):\n  File "/opt/odoo/x.py", line 1, in f\n    secret: here\n'
Ask = Callable[..., Any]


@pytest.fixture
def ask(
    scripted: Callable[[Any], Any], make_upstream: Callable[..., Upstream], session: aiohttp.ClientSession
) -> Ask:
    """What comes of a call that is answered with a text, and the server that has seen it."""

    async def make(answer: str, method: str = "write", **arguments: Any) -> tuple[Any, Scripted]:
        async def script(head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
            path = head.split()[1]
            text = (dumps((7,), methodresponse=True) if path.endswith(b"common") else answer).encode()
            kind = b"HTTP/1.1 200 OK\r\ncontent-type: text/xml; charset=utf-8\r\n"
            writer.write(kind + b"content-length: %d\r\n\r\n" % len(text) + text)

        server: Scripted = await scripted(script)
        transport = XmlRpc(make_upstream(server.url, protocol="xmlrpc"), session, KEY)
        deadline = asyncio.get_running_loop().time() + 10
        found = await transport.execute(
            "res.partner",
            method,
            ids=[3],
            arguments=arguments,
            context={"lang": "en_US"},
            told={},
            deadline=deadline,
        )
        return found, server

    return make


async def test_a_call_has_its_values_and_their_digits(ask: Ask) -> None:
    values = {
        "name": "<b>&\r\n",
        "price": Decimal("0.10"),
        "on": True,
        "count": -3,
        "tags": [[6, 0, [1]]],
        "x": None,
    }
    answer = (
        "<methodResponse><params><param><value><double>1e-07</double></value></param></params></methodResponse>"
    )
    found, server = await ask(answer, vals=values)
    assert found == Decimal("1E-7")
    (_, logged_in), (head, body) = server.requests
    assert loads(logged_in)[0] == ("odoo19", "admin", KEY, {})
    assert head.startswith(b"POST /xmlrpc/2/object ")
    assert b"content-type: text/xml" in head.lower()
    assert b"<double>0.10</double>" in body
    sent, method = loads(body)
    assert method == "execute_kw"
    told = {**values, "price": 0.1}
    assert sent == ("odoo19", 7, KEY, "res.partner", "write", [[3], told], {"context": {"lang": "en_US"}})


@pytest.mark.parametrize(
    ("code", "text", "problem", "detail"),
    [
        (2, "The order is locked.", "business-rule", "The order is locked."),
        (2, "Record does not exist or has been deleted.\n(Record: x)", "record-not-found", None),
        (3, "Access Denied", "upstream-refused-credential", None),
        (4, "You are not allowed to ...", "record-access-denied", None),
        (1, TRACE + "ValueError: Invalid field 'x' on model 'y'\n", "mediation-failed", None),
        (
            1,
            TRACE + "psycopg2.errors.SerializationFailure: could not serialize\nDETAIL: x\n",
            "record-conflict",
            None,
        ),
        (1, "no traceback", "upstream-malformed", None),
        (99, TRACE, "upstream-malformed", None),
    ],
)
async def test_a_fault_is_classified(ask: Ask, code: int, text: str, problem: str, detail: str | None) -> None:
    found, _ = await ask(dumps(Fault(code, text)))
    assert isinstance(found, Problem)
    assert found.type.id == problem
    assert "secret" not in found.detail
    assert detail is None or found.detail == detail


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html/>",
        "<methodResponse/>",
        "<methodResponse><fault><value><int>1</int></value></fault></methodResponse>",
        '<!DOCTYPE a [<!ENTITY b "c">]><methodResponse><params/></methodResponse>',
        "<methodResponse><params><param><value><double>NaN</double></value></param></params></methodResponse>",
        "<methodResponse><params><param><value><double>x</double></value></param></params></methodResponse>",
    ],
)
async def test_a_broken_answer_leaves_a_write_unknown(ask: Ask, answer: str) -> None:
    found, _ = await ask(answer, vals={})
    assert isinstance(found, Problem)
    assert found.type.id == "outcome-unknown"
    read, _ = await ask(answer, method="read")
    assert isinstance(read, Problem)
    assert read.type.id == "upstream-malformed"


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\ufffe", "\ud800"])
async def test_what_xml_cannot_say_is_refused_and_not_sent(ask: Ask, text: str) -> None:
    found, server = await ask("", vals={"name": text})
    assert isinstance(found, Problem)
    assert found.type.id == "business-rule"
    assert len(server.requests) == 1  # the log-in
