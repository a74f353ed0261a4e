from typing import Any

import msgspec
import pytest
import yaml

from contracts.operations import MediaType, Parameter, RequestBody, VersionChoice
from contracts.policy_settings import PolicyUse
from policies.answer import Answer, Wish
from policies.cors import EXAMPLE, CorsConfig, OurWord, bind, check
from policies.exchange import Exchange
from policies.policy import Setting
from policies.verdict import Deny, Reply
from tests.support.policy_world import World, exchange, operation, version

SHOP = "https://shop.example.com"


def config(**settings: Any) -> CorsConfig:
    return msgspec.convert({"origins": [SHOP], **settings}, CorsConfig)


def preflight(asked: str = "", origin: str = SHOP) -> Exchange:
    made = exchange(origin=origin, access_control_request_method="GET", access_control_request_headers=asked)
    made.method = "OPTIONS"
    return made


def test_a_page_may_send_what_the_contract_and_its_authentication_take() -> None:
    made = operation(
        method="POST",
        parameters=(Parameter("X-Partner", "header", "simple", False, {"type": "string"}),),
        body=RequestBody(True, (MediaType("application/json"),)),
        policies=(PolicyUse("idempotency"),),
    )
    choice = VersionChoice("header", header="API-Version")
    stage = bind(config(headers=["X-Trace"]), version(choice=choice), made, World().ports())
    assert stage is not None
    verdict = stage(preflight("authorization,content-type, X-PARTNER,x-trace,idempotency-key,api-version"))
    assert isinstance(verdict, Reply)
    assert dict(verdict.answer.headers) == {
        b"access-control-allow-origin": SHOP.encode(),
        b"access-control-allow-methods": b"POST",
        b"access-control-allow-headers": (
            b"api-version, authorization, content-digest, content-type, dpop, idempotency-key, x-partner, x-trace"
        ),
        b"access-control-max-age": b"600",
        b"vary": b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }


def test_a_public_read_takes_no_fields_of_its_own() -> None:
    stage = bind(config(), version(), operation(public=True, scopes=()), World().ports())
    assert stage is not None
    verdict = stage(preflight())
    assert isinstance(verdict, Reply)
    assert b"access-control-allow-headers" not in dict(verdict.answer.headers)
    assert isinstance(stage(preflight("authorization")), Deny)


def test_a_refused_preflight_tells_nothing_but_that_it_differs() -> None:
    stage = bind(config(), version(), operation(), World().ports())
    assert stage is not None
    verdict = stage(preflight(origin="https://evil.example"))
    assert isinstance(verdict, Deny)
    assert [name for name, _ in verdict.problem.headers] == ["vary"]
    assert "evil" not in verdict.problem.detail


def test_an_answer_loses_its_own_words_and_keeps_the_rest() -> None:
    answer = Answer(200, [(b"Access-Control-Allow-Origin", b"*"), (b"ETag", b'"1"')])
    assert OurWord().head(exchange(), answer) is Wish.PASS
    assert answer.headers == [(b"ETag", b'"1"')]


def test_nothing_is_bound_without_origins() -> None:
    assert bind(CorsConfig(), version(), operation(), World().ports()) is None


@pytest.mark.parametrize(
    ("settings", "pointer", "said"),
    [
        ({"origins": ["https://shop.example.com/"]}, "/origins/0", "is no origin"),
        ({"origins": ["https://Shop.example.com"]}, "/origins/0", "is no origin"),
        ({"origins": ["shop.example.com"]}, "/origins/0", "is no origin"),
        ({"origins": ["https://shop.*.com"]}, "/origins/0", "is no origin"),
        ({"origins": ["https://*"]}, "/origins/0", "is no origin"),
        ({"origins": [SHOP, "null"]}, "/origins/1", "sandboxed"),
        ({"origins": ["https://shop.example.com:443"]}, "/origins/0", "leave out the port 443"),
        ({"origins": ["http://*.example.com:80"]}, "/origins/0", "leave out the port 80"),
        ({"origins": ["*"], "credentials": True}, "/origins/0", "one by one"),
        ({"headers": ["X-A", "*"]}, "/headers/1", "one by one"),
        ({"expose": ["*"]}, "/expose/0", "one by one"),
    ],
    ids=str,
)
def test_what_no_browser_would_go_by_is_found(settings: dict[str, Any], pointer: str, said: str) -> None:
    (fault,) = check(Setting(config(**settings), "enforce"), version(), operation())
    assert fault.pointer == pointer
    assert said in fault.message


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "https://[2001:db8::1]:8443", "app://shop", "https://*.example.com:8443", "*"],
)
def test_origins_that_browsers_send_are_taken(origin: str) -> None:
    assert list(check(Setting(config(origins=[origin]), "enforce"), version(), operation())) == []


def test_settings_for_some_callers_come_too_late() -> None:
    of_plan = check(Setting(config(), "enforce", plan="gold"), version(), operation())
    of_consumer = check(Setting(config(), "enforce", consumers={"acme": "off"}), version(), operation())
    assert [fault.pointer for fault in of_plan] == [""]
    assert [fault.pointer for fault in of_consumer] == ["/consumers"]


def test_an_options_of_the_contract_would_be_asked_first() -> None:
    own = operation(id="options", method="OPTIONS")
    (fault,) = check(Setting(config(), "enforce"), version(operation(), own), operation())
    assert "OPTIONS of its own" in fault.message
    other = operation(id="options", method="OPTIONS", path="/elsewhere")
    assert list(check(Setting(config(), "enforce"), version(operation(), other), operation())) == []


def test_the_example_works() -> None:
    setting = Setting(config(**yaml.safe_load(EXAMPLE)), "enforce")
    assert list(check(setting, version(), operation())) == []
