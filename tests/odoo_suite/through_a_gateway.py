"""An Odoo behind a whole gateway: contracts that were made of it and for it, and a client that cleans up."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from catalog.odoo.remote import Login, RefusedError, Remote, connected
from contracts.estate.estate import contracts_part, load_estate
from contracts.snapshot import (
    FORMAT,
    AccessPart,
    Application,
    ContractsPart,
    Manifest,
    Snapshot,
    Subscription,
    encode_part,
)
from tests.gateway.gateway_world import Gateway, gateway, snapshot, token
from tests.odoo_suite.instances import Odoo
from tests.support.estates import write_estate
from tests.support.policy_world import AUDIENCE, NOW

CONTACTS: Final = Path(__file__).parent / "contacts.openapi.yaml"
ORDER: Final = "name,state,partner_id,client_order_ref,amount_total,write_date"
LINES: Final = "order_line.product_id,order_line.product_uom_qty,order_line.price_unit"
MANIFEST: Final = """\
title: Contacts
owner: books
contact: books@example.com
upstream: odoo
classification: confidential
versions:
  v1: { state: published }
"""
SCOPES: Final = {
    "contacts": ("contacts:read", "contacts:write", "odoo:rpc", "odoo:res.partner:read", "odoo:res.partner:write"),
    "orders": (
        "orders:read",
        "orders:write",
        "orders:delete",
        *(f"products:{verb}" for verb in ("read", "write")),
    ),
}
_PARTNER: Final = "res.partner"
_ORDER: Final = "sale.order"


def command(odoo: Odoo, *arguments: str, **environment: str) -> Result:
    """`ostiary …`, with the key as people give it."""
    return CliRunner().invoke(build(), list(arguments), env={"OSTIARY_ODOO_KEY": odoo.key, **environment})


def where(odoo: Odoo) -> tuple[str, ...]:
    """The options that say which Odoo."""
    return ("--url", odoo.url, "--db", odoo.database, "--user", odoo.user, "--protocol", odoo.protocol)


def make_estate(odoo: Odoo, root: Path) -> Path:
    """An estate with orders and products as `ostiary odoo import` makes them, and contacts by hand."""
    write_estate(root)
    wish = ("odoo", "import", "sale.order", "product.product")
    fields = (f"sale.order={ORDER},{LINES}", "product.product=name,default_code,list_price")
    ops = "list,get,create,update,delete,action_confirm,action_cancel"
    made = ("--estate", str(root), "--owner", "books", "--contact", "books@example.com")
    ended = command(odoo, *wish, "--fields", fields[0], "--fields", fields[1], "--ops", ops, *made, *where(odoo))
    assert ended.exit_code == 0, ended.output
    folder = root / "apis" / "contacts"
    folder.mkdir()
    (folder / "api.yaml").write_text(MANIFEST)
    (folder / "v1.openapi.yaml").write_text(CONTACTS.read_text())
    return root


def contracts_of(root: Path) -> ContractsPart:
    """What a catalog would publish of it."""
    estate, findings = load_estate(root)
    assert estate is not None, findings
    return msgspec.structs.replace(contracts_part(estate), audience=AUDIENCE)


@dataclass
class Client:
    """A partner's client, whose records are gone when the test has ended. `mark` is theirs alone."""

    odoo: Odoo
    gateway: Gateway
    mark: str = field(default_factory=lambda: f"ostiary-{uuid4().hex[:12]}")
    _made: list[tuple[str, int]] = field(default_factory=list)

    async def __call__(
        self, method: str, path: str, body: Any = None, *, scopes: str | None = None, **fields: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, decoded body and header fields (names in lower case) of an answer."""
        every = " ".join(scope for granted in SCOPES.values() for scope in granted)
        data = b"" if body is None else json.dumps(body).encode()
        sent = {**({"Content_Type": "application/json"} if data else {}), **fields}
        bearer = token(scope=every if scopes is None else scopes)
        answer = await self.gateway.ask(method, path, data, bearer=bearer, **sent)
        heads = {name.decode().lower(): value.decode() for name, value in answer.fields.items()}
        return answer.status, json.loads(answer.body) if answer.body else None, heads

    async def make(self, path: str, model: str, body: Any, **fields: str) -> tuple[Any, dict[str, str]]:
        """Creates one record, or those of an array."""
        status, made, heads = await self("POST", path, body, **fields)
        assert status == 201, made
        self._made += [(model, each["id"]) for each in (made if isinstance(made, list) else [made])]
        return made, heads

    async def clean_up(self) -> None:
        """In Odoo itself, and what is there of it: a test may have ended anywhere."""
        odoo = self.odoo
        async with connected(Login(odoo.url, odoo.database, odoo.user, odoo.key), odoo.protocol) as remote:
            people = [record for model, record in self._made if model == _PARTNER]
            below = await remote.on_model(_PARTNER, "search", domain=[["parent_id", "in", people]])
            for model, record in (*((_PARTNER, each) for each in below), *reversed(self._made)):
                await _delete(remote, model, record)
            for model, field in ((_PARTNER, "ref"), (_ORDER, "client_order_ref")):
                assert await remote.on_model(model, "search_count", domain=[[field, "=", self.mark]]) == 0


async def _delete(remote: Remote, model: str, record: int) -> None:
    try:
        if model == _ORDER:
            # Of a confirmed one Odoo would ask in a dialog.
            await remote.on_records(model, "action_cancel", [record], context={"disable_cancel_warning": True})
        await remote.on_records(model, "unlink", [record])
    except RefusedError as refusal:
        if not refusal.name.endswith(("MissingError", "NotFound")):
            raise


@asynccontextmanager
async def client_of(odoo: Odoo, contracts: ContractsPart, directory: Path) -> AsyncIterator[Client]:
    """A client of a gateway that has these contracts in force."""
    (directory / "secrets").mkdir()
    (directory / "secrets" / "odoo-key").write_text(odoo.key)
    subscriptions = tuple(Subscription(api, "v1", "standard", scopes) for api, scopes in SCOPES.items())
    issuers = snapshot().access.issuers
    access = AccessPart(issuers, (Application("acme-shop", "Shop", "acme", subscriptions),))
    manifest = Manifest(FORMAT, 1, NOW, encode_part(contracts)[0], encode_part(access)[0])
    async with gateway(directory, made=Snapshot(manifest, contracts, access)) as running:
        client = Client(odoo, running)
        try:
            yield client
        finally:
            await client.clean_up()
