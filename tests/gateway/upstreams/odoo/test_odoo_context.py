"""The context is an allow-list: what a request chooses of it is what the contract has for it, and nothing else."""

import json

import pytest

from contracts.operations import OdooChoice
from contracts.problems import Problem
from gateway.upstreams.odoo.context import language_of
from policies.exchange import Principal

LANGUAGE = OdooChoice("lang", "header", "Accept-Language", of=("en_US", "nl_BE", "nl_NL"), default="en_US")
CHOICES = (
    LANGUAGE,
    OdooChoice("tz", "query", "tz", of=("Europe/Brussels",)),
    OdooChoice("partner_show_db_id", "query", "ids", "boolean"),
    OdooChoice("channel", "header", "X-Channel", of=("web", "edi")),
)


def token(**claims):
    return Principal("https://issuer", "shop", "shop", "acme", frozenset(), 2e9, "t", claims)


async def answer(head, body, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")


@pytest.fixture
def sent(scripted, rig, mapping):
    """The context that Odoo gets, and the answer."""

    async def call(choices=CHOICES, **exchange):
        server = await scripted(answer)
        backend = mapping("list", choices=choices, context={"allowed_company_ids": [1]}, total_property=None)
        answered = await rig(server.url, protocol="json2").call(backend, **exchange)
        ((_, body),) = server.requests or ((b"", b"null"),)
        return (json.loads(body) or {}).get("context"), answered

    return call


async def test_what_is_chosen_goes_beside_the_constants(sent):
    fields = {b"accept-language": b"nl;q=0.8, fr", b"x-channel": b"edi"}
    context, answered = await sent(fields=fields, query={"tz": "Europe/Brussels", "ids": True})
    assert context == {
        "allowed_company_ids": [1],
        "lang": "nl_BE",
        "tz": "Europe/Brussels",
        "partner_show_db_id": True,
        "channel": "edi",
    }
    assert (b"vary", b"accept-language, x-channel") in answered.headers


async def test_whatever_else_is_said_does_not_pass(sent):
    fields = {b"accept-language": b"tlh", b"x-channel": b"web, edi", b"x-context": b'{"sudo": 1}'}
    context, _ = await sent(fields=fields, query={"tz": "Mars/Olympus", "sudo": True, "lang": "fr_FR"})
    assert context == {"allowed_company_ids": [1], "lang": "en_US"}


async def test_a_claim_chooses_whose_companies(sent):
    by_claim = (OdooChoice("allowed_company_ids", "claim", "companies", "reference-ids"),)
    context, _ = await sent(by_claim, principal=token(companies=[3, "4"]))
    assert context == {"allowed_company_ids": [3, 4]}
    for claims in ({}, {"companies": []}, {"companies": "all"}, {"companies": [0]}, {"companies": False}):
        context, refused = await sent(by_claim, principal=token(**claims))
        assert context is None, "Odoo is not asked"
        assert isinstance(refused, Problem)
        assert refused.type.id == "claim-missing"


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None),
        ("nl", "nl_BE"),
        ("nl-NL", "nl_NL"),
        ("NL-nl-u-nu-latn", "nl_NL"),
        ("nl-SR", "nl_BE"),
        ("de, en;q=0.2, nl;q=0.1", "en_US"),
        ("nl;q=0, en", "en_US"),
        ("*", None),
        ("*;q=0.1, nl-NL", "nl_NL"),
        ("nl_NL", None),
        ("en;q=2", None),
        (";,;,", None),
        ("x" * 100_000, None),
    ],
)
def test_languages_are_looked_up_by_their_tags(accepted, chosen):
    assert language_of(accepted, LANGUAGE.of) == chosen
