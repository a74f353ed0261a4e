import re
from pathlib import Path

import pytest

from contracts.asked_scopes import asked_scopes
from contracts.operations import OdooBackend
from tests.contracts.contract_helpers import compile_text, rules_of

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "odoo-rpc.md"


def contract():
    text = re.search(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[1]
    return text + "x-ostiary-upstream: erp\n"


def test_the_guide_compiles():
    version, findings = compile_text(contract())
    assert findings == []
    backends = [each.backend for each in version.operations]
    assert {each.dialect for each in backends} == {"jsonrpc", "xmlrpc-common", "xmlrpc-object", "json2"}
    assert all(isinstance(each, OdooBackend) and each.action == "rpc" for each in backends)
    order = backends[0].guard.models["sale.order"]
    assert order.call == ("action_confirm",)
    assert order.domain == (["partner_id", "=", {"as": "reference-id", "claim": "partner_id"}],)


def test_the_scopes_of_calls_can_be_granted():
    version, _ = compile_text(contract())
    assert asked_scopes(version.operations[0]) == {
        "odoo:rpc",
        "odoo:res.partner:read",
        "odoo:res.partner:write",
        "odoo:res.country:read",
        "odoo:sale.order:read",
        "odoo:sale.order:call:action_confirm",
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    res.country:\n", "    res.users:\n"),
        ("    res.country:\n", "    ir.model:\n"),
        ("    res.country:\n", "    base.automation:\n"),
        ("    res.country:\n", "    res.partners:\n"),
        ("    res.country:\n", "    res country:\n"),
        ("call: [action_confirm]", "call: [_action_confirm]"),
        ("call: [action_confirm]", "call: [sudo]"),
        ("call: [action_confirm]", "call: [load]"),
        ("call: [action_confirm]", "call: [export_data]"),
        ("call: [action_confirm]", "calls: [action_confirm]"),
        ("call: [action_confirm]", "create: true\n      domain: [[partner_id.x, '=', 1]]"),
        ("call: [action_confirm]", "write: [partner_id]"),
        ("write: [email]", "write: [country_id.name]"),
        ("read: [name, code, display_name]", "read: name"),
        ("maximum: 200", "maximum: 0"),
        ("dialect: jsonrpc", "dialect: soap"),
        ("x-ostiary-odoo-guard:", "x-ostiary-odoo-guards:"),
        ("{name: model, in: path", "{name: modell, in: path"),
    ],
)
def test_what_cannot_be_guarded_is_found(old, new):
    text = contract()
    assert old in text
    changed = text.replace(old, new, 1)
    if "domain:" in new:
        changed = changed.replace('      domain: [[partner_id, "=", {claim: partner_id}]]\n', "")
    _, findings = compile_text(changed)
    assert rules_of(findings)
    assert [each for each in findings if each.severity == "error"]
