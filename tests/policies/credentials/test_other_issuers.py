"""Authentication by tokens of other issuers: whose applications their clients are, and what they cannot say."""

import inspect
from dataclasses import replace
from typing import Any

import pytest

from contracts.access import ExternalIssuer, Issuer, Revoked
from contracts.snapshot import Application, Subscription
from policies import authentication
from policies.credentials.revocation import Revocations
from policies.credentials.token_claims import TokenClaims, TokenFault
from policies.credentials.trusted_issuer import TrustedIssuer
from policies.exchange import Exchange
from policies.ports import IssuerUnavailableError
from policies.verdict import ALLOW, Deny
from tests.support.policy_world import (
    AUDIENCE,
    EC_PUBLIC,
    ISSUER,
    NOW,
    World,
    claims,
    compact,
    exchange,
    header,
    operation,
    version,
)

SSO = "https://sso.example/realms/partners"
OTHER_SSO = "https://sso.example/realms/staff"


def application(name: str) -> Application:
    return Application(name, name.title(), "acme", (Subscription("orders", "v1", "gold", ("orders.read",)),))


def world(**entry: Any) -> World:
    """It trusts two issuers that sign with one key, as tenants of one provider may; each knows a client `shop`."""
    made = World()
    external = ExternalIssuer(**entry)
    for name in (SSO, OTHER_SSO):
        made.keys.issuers[name] = TrustedIssuer.of(Issuer(name, "", ("ES256",), {"keys": []}, external))
        made.keys.known[name, "k1"] = EC_PUBLIC
    made.access.identities = {(SSO, "shop"): application("acme-shop"), (OTHER_SSO, "shop"): application("tools")}
    return made


async def run(here: World, token: str, **ports: Any) -> tuple[Any, Exchange]:
    request = exchange(token)
    stage = authentication.bind(version(), operation(), replace(here.ports(), **ports))
    assert stage is not None
    verdict = stage(request)
    return (await verdict if inspect.isawaitable(verdict) else verdict), request


def token(iss: str = SSO, **changes: Any) -> str:
    return compact(header(), claims(**{"iss": iss, "client_id": "shop", **changes}))


async def test_a_client_is_the_application_that_the_estate_says() -> None:
    for issuer, name in ((SSO, "acme-shop"), (OTHER_SSO, "tools")):
        verdict, request = await run(world(), token(issuer))
        assert verdict is ALLOW
        assert request.principal is not None
        assert (request.principal.client_id, request.principal.issuer) == (name, issuer)


@pytest.mark.parametrize("client", ["acme-shop", "tools", "SHOP", "shop ", "sho"])
async def test_nobody_becomes_an_application_by_what_it_is_called(client: str) -> None:
    """`acme-shop` is the client id of one of ours: at another issuer anybody may have that name."""
    here = world()
    here.access.applications = {"acme-shop": application("acme-shop"), "tools": application("tools")}
    verdict, _ = await run(here, token(client_id=client))
    assert isinstance(verdict, Deny)
    assert verdict.problem.detail.endswith("its client is not known.")


async def test_our_own_tokens_have_no_use_for_identities() -> None:
    here = world()
    here.access.identities[ISSUER, "shop"] = application("acme-shop")
    verdict, _ = await run(here, token(ISSUER))
    assert isinstance(verdict, Deny)


async def test_another_issuer_cannot_speak_for_our_credentials() -> None:
    """It might name one to have it shown as used, or have a client cut off with it."""
    here = world()
    here.access.revocations = Revocations(Revoked(credentials=("abc",)))
    verdict, request = await run(here, token(credential_id="abc", grant_id="abc", partner=7))
    assert verdict is ALLOW
    assert request.principal is not None
    assert "credential_id" not in request.principal.claims
    assert "grant_id" not in request.principal.claims
    assert request.principal.claims["partner"] == 7
    here.access.applications = {"shop": application("shop")}
    verdict, _ = await run(here, token(ISSUER, credential_id="abc"))
    assert isinstance(verdict, Deny)


async def test_what_we_revoke_holds_for_its_tokens() -> None:
    for revoked in (Revoked(client_ids=("acme-shop",)), Revoked(consumers=("acme",))):
        here = world()
        here.access.revocations = Revocations(revoked)
        verdict, _ = await run(here, token())
        assert isinstance(verdict, Deny)
        assert verdict.problem.detail.endswith("it was revoked.")


async def test_a_plain_jwt_only_where_its_entry_says_so() -> None:
    plain = compact(header(typ="JWT"), claims(iss=SSO, client_id="shop"))
    verdict, _ = await run(world(), plain)
    assert isinstance(verdict, Deny)
    verdict, _ = await run(world(token_types=("at+jwt", "JWT")), plain)
    assert verdict is ALLOW


async def test_a_type_that_is_not_the_issuers_makes_nobody_fetch_keys() -> None:
    here = world()
    for head in (header(kid="new", typ="JWT"), header(kid="new", alg="RS256"), header(kid="new", alg="none")):
        verdict, _ = await run(here, compact(head, claims(iss=SSO)))
        assert isinstance(verdict, Deny)
        assert verdict.problem.status == 401
    assert here.keys.fetches == 0


class Witness:
    """Asked about every token that begins with `op_`; what it does with one is `say`."""

    def __init__(self, here: World, say: Any) -> None:
        self.asked = 0
        self._here = here
        self._say = say

    def issuer_of(self, token: bytes, /) -> str | None:
        return SSO if token.startswith(b"op_") else None

    async def ask(self, issuer: str, token: bytes, /) -> TokenClaims:
        self.asked += 1
        assert (issuer, token) == (SSO, b"op_1")
        said = self._say(self)
        if isinstance(said, Exception):
            raise said
        assert isinstance(said, TokenClaims)
        return said


def claimed(**changes: Any) -> TokenClaims:
    base: dict[str, Any] = {
        "client": "shop",
        "subject": "shop",
        "token_id": "-",
        "audiences": (AUDIENCE,),
        "issued_at": NOW - 10.0,
        "expires": NOW + 60.0,
        "scopes": frozenset({"orders.read"}),
        "bound": False,
        "raw": {},
    }
    return TokenClaims(**{**base, **changes})


async def test_an_opaque_token_is_asked_about_once() -> None:
    here = world()
    witness = Witness(here, lambda _: claimed())
    ports = replace(here.ports(), witness=witness)
    stage = authentication.bind(version(), operation(), ports)
    assert stage is not None
    for _ in range(3):
        request = exchange("op_1")
        verdict = stage(request)
        assert (await verdict if inspect.isawaitable(verdict) else verdict) is ALLOW
        assert request.principal is not None
        assert request.principal.client_id == "acme-shop"
    assert witness.asked == 1
    here.now = NOW + 60.0
    verdict = stage(exchange("op_1"))
    assert inspect.isawaitable(verdict), "an answer has an end"
    await verdict


@pytest.mark.parametrize(
    ("said", "status", "detail"),
    [
        (TokenFault("its issuer says that it is not good"), 401, "its issuer says that it is not good."),
        (IssuerUnavailableError(SSO), 503, "The token's issuer cannot be asked about it now; try again."),
        (claimed(audiences=()), 401, "it was issued for another audience."),
        (claimed(audiences=(AUDIENCE + "/stock/v1",)), 401, "it was issued for another audience."),
        (claimed(client="other"), 401, "its client is not known."),
        (
            claimed(bound=True, raw={"cnf": {"jkt": "A" * 43}}),
            401,
            "it is bound to a key and was presented as a bearer token.",
        ),
        (claimed(bound=True), 401, "it is bound to a key in a way that is not supported."),
    ],
)
async def test_an_opaque_token_that_opens_nothing(said: Any, status: int, detail: str) -> None:
    here = world()
    verdict, request = await run(here, "op_1", witness=Witness(here, lambda _: said))
    assert isinstance(verdict, Deny)
    assert (verdict.problem.status, request.principal) == (status, None)
    assert verdict.problem.detail.endswith(detail)
    headers = dict(verdict.problem.headers)
    assert headers.keys() == ({"www-authenticate"} if status == 401 else {"retry-after"})


async def test_a_swap_while_an_issuer_is_asked() -> None:
    """What it said was read as the entry was before: it is asked again, and nothing of before is kept."""
    here = world()

    def say(witness: Witness) -> TokenClaims:
        if witness.asked == 1:
            here.access.generation += 1
            here.access.revocations = Revocations(Revoked(client_ids=("acme-shop",)))
        return claimed()

    witness = Witness(here, say)
    verdict, _ = await run(here, "op_1", witness=witness)
    assert isinstance(verdict, Deny)
    assert verdict.problem.detail.endswith("it was revoked.")
    assert witness.asked == 2


async def test_an_issuer_that_is_withdrawn_while_it_is_asked() -> None:
    here = world()

    def say(_: Witness) -> TokenClaims:
        del here.keys.issuers[SSO]
        return claimed()

    verdict, _ = await run(here, "op_1", witness=Witness(here, say))
    assert isinstance(verdict, Deny)
    assert verdict.problem.detail.endswith("its issuer is not trusted.")
