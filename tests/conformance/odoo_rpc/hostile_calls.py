"""Calls that must not pass, each with a near twin that does."""

from typing import Any

from tests.conformance.odoo_rpc.guarded_world import Rpc

Pair = tuple[str, Rpc, Rpc]


def _read(model: str = "res.partner", **named: Any) -> Rpc:
    return Rpc(model, "search_read", {"fields": ["name"], "limit": 2, **named})


def _where(*domain: Any, model: str = "res.partner") -> Rpc:
    return _read(model, domain=list(domain))


def _write(values: Any, model: str = "res.partner", ids: Any = 13) -> Rpc:
    return Rpc(model, "write", {"vals": values}, ids)


def _group(**named: Any) -> Rpc:
    return Rpc("res.partner", "read_group", {"domain": [], "fields": ["color:sum"], "groupby": ["city"], **named})


def _models() -> list[Pair]:
    shut = (
        "ir.model",
        "ir.model.fields",
        "ir.actions.server",
        "ir.cron",
        "ir.config_parameter",
        "ir.attachment",
        "ir.rule",
        "ir.ui.view",
        "res.users",
        "res.users.apikeys",
        "res.users.log",
        "res.groups",
        "base.automation",
        "res.company",
        "res.currency",
        "mail.mail",
        "RES.PARTNER",
        "res.partner ",
        "res..partner",
        "res.partner.bank",
    )
    return [(f"model {name}", _read(name), _read()) for name in shut]


def _methods() -> list[Pair]:
    on_model = (
        *("load", "export_data", "name_create", "default_get", "web_search_read", "name_search", "sudo"),
        *("browse", "with_user", "with_context", "with_env", "_search", "_read", "__class__", "search_fetch"),
        *("check_access_rights", "get_metadata", "fields_view_get", "get_views", "formatted_read_group"),
        *("SEARCH_READ", "search_read ", "init", "flush", "mapped"),
    )
    pairs = [(f"method {name}", Rpc("res.partner", name, {"domain": []}), _read()) for name in on_model]
    on_records = (
        "copy",
        "message_post",
        "message_subscribe",
        "toggle_active",
        "action_archive",
        "_write",
        "web_save",
    )
    confirm = Rpc("sale.order", "search_count", {"domain": []})
    pairs += [(f"action {name}", Rpc("sale.order", name, {}, [3]), confirm) for name in on_records]
    pairs.append(("unlink", Rpc("res.partner", "unlink", {}, [13]), _write({"phone": "1"})))
    pairs.append(
        ("create order", Rpc("sale.order", "create", {"vals_list": [{"client_order_ref": "x"}]}), confirm)
    )
    return pairs


def _fields() -> list[Pair]:
    shut = (
        "comment",
        "vat",
        "user_id",
        "credit_limit",
        "country_id.name",
        "user_id.password",
        "__last_update",
        "*",
    )
    pairs = [(f"field {name}", _read(fields=[name]), _read(fields=["email"])) for name in shut]
    read = Rpc("res.partner", "read", {"fields": ["email"]}, [13])
    pairs += [(f"read {name}", Rpc("res.partner", "read", {"fields": [name]}, [13]), read) for name in shut]
    got = Rpc("res.partner", "fields_get", {"allfields": ["name"], "attributes": ["type"]})
    pairs += [
        ("fields_get field", Rpc("res.partner", "fields_get", {"allfields": ["vat"]}), got),
        ("fields_get attribute", Rpc("res.partner", "fields_get", {"attributes": ["groups"]}), got),
        ("fields as text", _read(fields="name"), _read(fields=["name"])),
        ("fields of arrays", _read(fields=[["name"]]), _read(fields=["name"])),
    ]
    return pairs


def _domains() -> list[Pair]:
    twin = _where(["name", "ilike", "a"])
    dotted = _where(["country_id.code", "=", "FR"])
    return [
        ("domain field", _where(["vat", "=", "x"]), twin),
        ("domain password", _where(["user_id.password", "like", "a"]), dotted),
        ("domain dotted relation", _where(["parent_id.name", "=", "x"]), dotted),
        ("domain dotted field", _where(["country_id.id.name", "=", "x"]), dotted),
        ("domain undeclared target field", _where(["country_id.currency_id", "=", 1]), dotted),
        ("domain two steps", _where(["country_id.name.x", "=", 1]), dotted),
        ("domain unrelated", _where(["category_id.name", "=", "x"]), dotted),
        (
            "domain names of a shut model",
            _where(["category_id", "ilike", "x"]),
            _where(["country_id", "ilike", "f"]),
        ),
        ("domain text for a record", _where(["category_id", "=", "x"]), _where(["category_id", "=", 1])),
        ("domain texts for records", _where(["category_id", "in", ["x"]]), _where(["category_id", "in", [1]])),
        ("domain any", _where(["country_id", "any", [["code", "=", "FR"]]]), dotted),
        ("domain not any", _where(["country_id", "not any", []]), dotted),
        ("domain any!", _where(["country_id", "any!", [["code", "=", "FR"]]]), dotted),
        ("domain inselect", _where(["id", "inselect", ["select 1", []]]), _where(["id", "in", [1]])),
        ("domain sql", _where(["id", "in", [["select"]]]), _where(["id", "in", [1]])),
        ("domain =?", _where(["name", "=?", False]), twin),
        ("domain upper", _where(["name", "ILIKE", "a"]), twin),
        ("domain child_of text", _where(["name", "child_of", "a"]), _where(["country_id", "=", 75])),
        ("domain in scalar", _where(["id", "in", 1]), _where(["id", "in", [1]])),
        ("domain = list", _where(["id", "=", [1]]), _where(["id", "=", 1])),
        ("domain operator", _where("|", ["name", "=", "a"]), _where("|", ["name", "=", "a"], ["name", "=", "b"])),
        ("domain not alone", _where("!"), _where("!", ["name", "=", "a"])),
        ("domain and alone", _where("&"), _where("&", ["name", "=", "a"], ["name", "=", "b"])),
        ("domain word", _where("or", ["name", "=", "a"], ["name", "=", "b"]), twin),
        ("domain short term", _where(["name", "="]), twin),
        ("domain long term", _where(["name", "=", "a", "b"]), twin),
        ("domain constant", _where([1, "=", 1]), twin),
        ("domain nested", _where([["name", "=", "a"]]), twin),
        ("domain object", _read(domain={"name": "a"}), twin),
        ("domain text", _read(domain="[('name','=','a')]"), twin),
        ("domain value object", _where(["name", "=", {"a": 1}]), twin),
        ("domain true", _read(domain=True), _read(domain=[])),
        ("domain too long", _where(*[["name", "=", "a"]] * 201), _where(*[["name", "=", "a"]] * 200)),
        ("count field", Rpc("res.partner", "search_count", {"domain": [["vat", "!=", False]]}), twin),
        ("search field", Rpc("res.partner", "search", {"domain": [["vat", "!=", False]], "limit": 1}), twin),
        (
            "domain through a model that has a forced one",
            _where(["partner_id.name", "=", "x"], model="sale.order.line"),
            _where(["partner_id.name", "ilike", "a"], model="sale.order"),
        ),
    ]


def _bounds() -> list[Pair]:
    read = Rpc("res.partner", "read", {"fields": ["name"]}, [13])
    return [
        ("limit", _read(limit=51), _read(limit=50)),
        ("limit text", _read(limit="1"), _read(limit=1)),
        ("limit negative", _read(limit=-1), _read(limit=1)),
        ("limit true", _read(limit=True), _read(limit=1)),
        ("limit half", _read(limit=1.5), _read(limit=1)),
        ("offset negative", _read(offset=-1), _read(offset=1)),
        ("offset text", _read(offset="0;"), _read(offset=0)),
        ("order field", _read(order="vat"), _read(order="name")),
        ("order dotted", _read(order="country_id.name"), _read(order="country_id")),
        ("order sql", _read(order="name; drop table x"), _read(order="name desc, id")),
        ("order function", _read(order="random()"), _read(order="id")),
        ("order nulls", _read(order="name desc nulls first"), _read(order="name desc")),
        ("order list", _read(order=["name"]), _read(order="name")),
        ("ids many", Rpc("res.partner", "read", {"fields": ["name"]}, list(range(1, 52))), read),
        ("ids text", Rpc("res.partner", "read", {"fields": ["name"]}, ["13"]), read),
        ("ids true", Rpc("res.partner", "read", {"fields": ["name"]}, [True]), read),
        ("ids zero", Rpc("res.partner", "read", {"fields": ["name"]}, [0]), read),
        ("ids none", Rpc("res.partner", "read", {"fields": ["name"]}, []), read),
        ("ids nested", Rpc("res.partner", "read", {"fields": ["name"]}, [[13]]), read),
        ("load", Rpc("res.partner", "read", {"fields": ["name"], "load": "_x"}, [13]), read),
        ("argument", _read(count=True), _read()),
        ("argument hidden", _read(access_rights_uid=1), _read()),
        ("context key", _read(context={"active_test": False}), _read(context={"lang": "en_US"})),
        ("context default", _read(context={"default_name": "x"}), _read(context={"lang": "en_US"})),
        ("context uid", _read(context={"uid": 1}), _read(context={"tz": "UTC"})),
        ("context company", _read(context={"allowed_company_ids": [1, 2]}), _read(context={"tz": "UTC"})),
        ("context nested", _read(context={"lang": ["en_US"]}), _read(context={"lang": "en_US"})),
        ("context text", _read(context="lang"), _read(context={})),
    ]


def _writes() -> list[Pair]:
    twin = _write({"phone": "1"})
    new = Rpc("res.partner", "create", {"vals_list": [{"name": "x"}]})
    return [
        ("write field", _write({"user_id": 1}), twin),
        ("write readable", _write({"city": "x"}), twin),
        ("write id", _write({"id": 1}), twin),
        ("write dotted", _write({"country_id.name": "x"}), twin),
        ("write object", _write({"phone": {"a": 1}}), twin),
        ("write list", _write([{"phone": "1"}]), twin),
        ("write commands to a shut model", _write({"category_id": [[0, 0, {"name": "x"}]]}), twin),
        ("write links to a shut model", _write({"category_id": [[6, 0, [1]]]}), twin),
        ("write bare ids", _write({"category_id": [1]}), twin),
        ("write one wrong", _write({"phone": "1", "vat": "x"}), twin),
        ("write no model", _write({"name": "x"}, "res.country", 75), twin),
        ("create field", Rpc("res.partner", "create", {"vals_list": [{"name": "x", "user_id": 1}]}), new),
        ("create many", Rpc("res.partner", "create", {"vals_list": [{"name": "x"}] * 51}), new),
        ("create none", Rpc("res.partner", "create", {"vals_list": []}), new),
        ("create second", Rpc("res.partner", "create", {"vals_list": [{"name": "x"}, {"vat": "x"}]}), new),
        ("create texts", Rpc("res.partner", "create", {"vals_list": ["x"]}), new),
        ("create country", Rpc("res.country", "create", {"vals_list": [{"name": "x"}]}), new),
        ("action arguments", Rpc("sale.order", "action_confirm", {"force": True}, [3]), twin),
    ]


def _groups() -> list[Pair]:
    twin = _group()
    return [
        ("aggregate field", _group(fields=["credit_limit:sum"]), twin),
        ("aggregate alias", _group(fields=["color:sum(credit_limit)"]), twin),
        ("aggregate all", _group(fields=[]), twin),
        ("aggregate function", _group(fields=["color:array_agg"]), twin),
        ("aggregate sql", _group(fields=["color:sum(color) from x"]), twin),
        ("aggregate text", _group(fields="color"), twin),
        ("group field", _group(groupby=["user_id"]), twin),
        ("group dotted", _group(groupby=["country_id.code"]), _group(groupby=["country_id"])),
        ("group span", _group(groupby=["city:century"]), twin),
        ("group order", _group(orderby="credit_limit"), twin),
        ("group lazy", _group(lazy="no"), _group(lazy=False)),
        ("group domain", _group(domain=[["vat", "!=", False]]), twin),
    ]


PAIRS: list[Pair] = [*_models(), *_methods(), *_fields(), *_domains(), *_bounds(), *_writes(), *_groups()]
