"""`content` of a mapping: a binary field as the body of an operation."""

import pytest

from contracts.operations import OdooBackend, OdooContent
from tests.contracts.contract_helpers import HEAD, compile_text, compiled

CONTRACT = """\
x-ostiary-upstream: erp
paths:
  /documents/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: getDocument
      responses:
        "200":
          description: The document.
          content:
            application/json:
              schema:
                type: object
                properties:
                  thumbnail: {type: [string, "null"], contentEncoding: base64}
                  older: {type: string, format: byte}
      x-ostiary-odoo: {model: ir.attachment, action: get, id: id, fields: {thumbnail: thumb, older: datas}}
  /documents/{id}/content:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: getContent
      responses:
        "200": {description: The file., content: {"image/*": {}}}
      x-ostiary-odoo:
        model: ir.attachment
        action: get
        id: id
        content: {field: datas, media-type: mimetype, file-name: name}
    put:
      operationId: putContent
      requestBody: {required: true, content: {"image/png": {}, "image/jpeg": {}}}
      responses: {"204": {description: It is there.}}
      x-ostiary-odoo: {model: ir.attachment, action: update, id: id, content: datas}
"""


def written(*changes: tuple[str, str]) -> str:
    text = HEAD + CONTRACT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_a_file_is_the_body() -> None:
    found = {each.id: each.backend for each in compiled(written()).operations}
    shown, taken, record = found["getContent"], found["putContent"], found["getDocument"]
    assert isinstance(shown, OdooBackend)
    assert shown.content == OdooContent("datas", "image/*", "mimetype", "name")
    assert (shown.fields, shown.success_status) == ((), 200)
    assert isinstance(taken, OdooBackend)
    assert taken.content == OdooContent("datas", "image/png")
    assert (taken.fields, taken.success_status) == ((), 204)
    assert isinstance(record, OdooBackend)
    assert [each.value for each in record.fields] == ["binary", "binary"]
    assert record.content is None


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ("{field: datas, media", "{fields: datas, media", "odoo-mapping-invalid", "has no key `fields`"),
        ("{field: datas, media", "{media", "odoo-mapping-invalid", "needs `field`"),
        ("{field: datas, media", "{field: _datas, media", "odoo-name-invalid", "`_datas`"),
        (", media-type: mimetype", "", "odoo-mapping-invalid", "`media-type` of `content` says"),
        ('"image/*": {}', "application/json: {}", "odoo-mapping-invalid", "is no media type of a file"),
        ('"image/*": {}', "a/b: {}, c/d: {}", "odoo-mapping-invalid", "declares one media type"),
        (", content: {\"image/*\": {}}", "", "odoo-mapping-invalid", "declares one media type"),
        ('"image/png": {}', "multipart/form-data: {}", "odoo-mapping-invalid", "is no media type of a file"),
        ("content: datas}", "content: {field: a, file-name: b}}", "odoo-mapping-invalid", "is of an answer"),
        ("  content: {field", "  etag: true\n        content: {field", "odoo-mapping-invalid", "no entity tag"),
        ("action: update", "action: call, method: do", "odoo-mapping-invalid", "takes no `content`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(old: str, new: str, rule: str, said: str) -> None:
    _, findings = compile_text(written((old, new)))
    assert any(each.rule == rule and said in each.message for each in findings), findings
