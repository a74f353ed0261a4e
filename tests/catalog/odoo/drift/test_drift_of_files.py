"""A file that is the body of a call needs its field, and those with its media type and name."""

from catalog.odoo.drift.comparing import Seen, drift_of
from catalog.odoo.drift.needs import needs_of
from catalog.odoo.facts import FieldFacts, ModelFacts
from tests.contracts.contract_helpers import HEAD, compiled
from tests.contracts.openapi.test_odoo_content import CONTRACT

AT = "/paths/~1documents~1{id}~1content"


def seen(**types: str) -> Seen:
    fields = {name: FieldFacts(name, kind, name) for name, kind in types.items()}
    rights = frozenset(("read", "write", "create", "unlink"))
    return Seen(19, {"ir.attachment": ModelFacts("ir.attachment", "Attachment", fields, rights, (), True)})


def test_a_file_drifts_with_its_fields() -> None:
    needs = needs_of(compiled(HEAD + CONTRACT), "erp")
    whole = {"id": "integer", "thumb": "binary", "datas": "binary", "mimetype": "char", "name": "char"}
    assert drift_of(needs, seen(**whole)) == ()
    without = {name: kind for name, kind in whole.items() if name != "mimetype"}
    (gone,) = drift_of(needs, seen(**without))
    assert (gone.subject, gone.pointer) == ("mimetype", f"{AT}/get/x-ostiary-odoo/content")
    changed = drift_of(needs, seen(**{**whole, "datas": "many2one"}))
    assert {each.operation for each in changed} == {"getDocument", "getContent", "putContent"}
