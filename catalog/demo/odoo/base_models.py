"""Contacts, users, countries, currencies and the technical models, as far as the stand-in has them."""

from catalog.demo.odoo.environment import Environment
from catalog.demo.odoo.errors import ValidationError
from catalog.demo.odoo.models import ACCESS_RIGHTS, SYSTEM, Field, Group, Model, Operation

_ADMIN_ONLY: dict[Operation, Group] = {"read": SYSTEM, "write": SYSTEM, "create": SYSTEM, "unlink": SYSTEM}
_ADMIN_WRITES: dict[Operation, Group] = {"write": SYSTEM, "create": SYSTEM, "unlink": SYSTEM}

_LANGUAGES = (("en_US", "English (US)"),)


def _complete_name(env: Environment, record: int) -> str:
    name = env.text("res.partner", record, "name")
    parent = env.link("res.partner", record, "parent_id")
    return f"{_complete_name(env, parent)}, {name}" if parent else name


def _commercial_partner(env: Environment, record: int) -> int:
    parent = env.link("res.partner", record, "parent_id")
    return record if parent is None else _commercial_partner(env, parent)


def _check_partner(env: Environment, record: int) -> None:
    seen = {record}
    parent = env.link("res.partner", record, "parent_id")
    while parent is not None:
        if parent in seen:
            raise ValidationError("You cannot create recursive Partner hierarchies.")
        seen.add(parent)
        parent = env.link("res.partner", parent, "parent_id")
    row = env.row("res.partner", record)
    if row.get("type") == "contact" and not row.get("name"):
        raise ValidationError("The operation cannot be completed: Contacts require a name")


def _own_key(env: Environment, record: int) -> bool:
    return env.link("res.users.apikeys", record, "user_id") == env.uid


PARTNER = Model(
    "res.partner",
    "Contact",
    {
        "name": Field("char", "Name"),
        "complete_name": Field("char", "Complete Name", readonly=True, compute=_complete_name, kept=True),
        "display_name": Field("char", "Display Name", readonly=True, compute=_complete_name),
        "active": Field("boolean", "Active", default=True),
        "is_company": Field("boolean", "Is a Company", default=False),
        "type": Field(
            "selection",
            "Address Type",
            selection=(
                ("contact", "Contact"),
                ("invoice", "Invoice"),
                ("delivery", "Delivery"),
                ("other", "Other"),
            ),
            default="contact",
        ),
        "email": Field("char", "Email"),
        "phone": Field("char", "Phone"),
        "mobile": Field("char", "Mobile", until=18),
        "website": Field("char", "Website Link"),
        "vat": Field("char", "Tax ID"),
        "ref": Field("char", "Reference"),
        "function": Field("char", "Job Position"),
        "comment": Field("text", "Notes"),
        "lang": Field("selection", "Language", selection=_LANGUAGES, default="en_US"),
        "tz": Field("char", "Timezone"),
        "street": Field("char", "Street"),
        "street2": Field("char", "Street2"),
        "zip": Field("char", "Zip"),
        "city": Field("char", "City"),
        "country_id": Field("many2one", "Country", relation="res.country", ondelete="restrict"),
        "parent_id": Field("many2one", "Related Company", relation="res.partner", ondelete="restrict"),
        "child_ids": Field("one2many", "Contact", relation="res.partner", inverse="parent_id"),
        "commercial_partner_id": Field(
            "many2one",
            "Commercial Entity",
            readonly=True,
            relation="res.partner",
            compute=_commercial_partner,
            kept=True,
        ),
        "category_id": Field("many2many", "Tags", relation="res.partner.category"),
        "user_id": Field("many2one", "Salesperson", relation="res.users"),
        "company_id": Field("many2one", "Company", relation="res.company"),
        "color": Field("integer", "Color Index", default=0),
        "image_1920": Field("binary", "Image"),
        "credit_limit": Field("float", "Credit Limit", default=0.0),
    },
    order="complete_name ASC, id DESC",
    check=_check_partner,
)

PARTNER_CATEGORY = Model(
    "res.partner.category",
    "Partner Tags",
    {
        "name": Field("char", "Name", required=True),
        "color": Field("integer", "Color", default=0),
        "active": Field("boolean", "Active", default=True),
        "parent_id": Field("many2one", "Category", relation="res.partner.category"),
    },
    order="name, id",
)

COUNTRY = Model(
    "res.country",
    "Country",
    {"name": Field("char", "Country Name", required=True), "code": Field("char", "Country Code", required=True)},
    order="name, id",
    access=_ADMIN_WRITES,
    unique={"code": "The code of the country must be unique!"},
)

CURRENCY = Model(
    "res.currency",
    "Currency",
    {
        "name": Field("char", "Currency", required=True),
        "full_name": Field("char", "Name"),
        "symbol": Field("char", "Symbol", required=True),
        "decimal_places": Field("integer", "Decimal Places", default=2),
        "active": Field("boolean", "Active", default=True),
    },
    order="active desc, name",
    access=_ADMIN_WRITES,
    unique={"name": "The currency code must be unique!"},
)

COMPANY = Model(
    "res.company",
    "Companies",
    {
        "name": Field("char", "Company Name", required=True),
        "partner_id": Field("many2one", "Partner", required=True, relation="res.partner", ondelete="restrict"),
        "currency_id": Field("many2one", "Currency", required=True, relation="res.currency"),
    },
    order="name, id",
    access=_ADMIN_WRITES,
)

USERS = Model(
    "res.users",
    "User",
    {
        "login": Field("char", "Login", required=True),
        "password": Field("char", "Password", compute=lambda env, record: ""),
        "totp_secret": Field("char", "TOTP Secret", forbidden=True),
        "active": Field("boolean", "Active", default=True),
        "share": Field("boolean", "Share User", readonly=True, default=False),
        "partner_id": Field(
            "many2one", "Related Partner", required=True, relation="res.partner", ondelete="restrict"
        ),
        "company_id": Field("many2one", "Company", relation="res.company", default=1),
        "groups_id": Field("many2many", "Groups", relation="res.groups", until=18),
        "group_ids": Field("many2many", "Groups", relation="res.groups", since=19),
    },
    order="name, login",
    inherits=("res.partner", "partner_id"),
    access={"write": ACCESS_RIGHTS, "create": ACCESS_RIGHTS, "unlink": ACCESS_RIGHTS},
    unique={"login": "You can not have two users with the same login!"},
)

GROUPS = Model("res.groups", "Access Groups", {"name": Field("char", "Name", required=True)}, access=_ADMIN_WRITES)

API_KEYS = Model(
    "res.users.apikeys",
    "Users API Keys",
    {
        "name": Field("char", "Description", required=True, readonly=True),
        "user_id": Field(
            "many2one", "User", required=True, readonly=True, relation="res.users", ondelete="cascade"
        ),
        "scope": Field("char", "Scope", readonly=True),
        "expiration_date": Field("datetime", "Expiration Date", readonly=True),
    },
    access=_ADMIN_WRITES,
    visible=_own_key,
)

CRON = Model(
    "ir.cron",
    "Scheduled Actions",
    {
        "name": Field("char", "Name", required=True),
        "active": Field("boolean", "Active", default=True),
        "interval_number": Field("integer", "Repeat Every", default=1),
        "interval_type": Field(
            "selection", "Interval Unit", selection=(("hours", "Hours"), ("days", "Days")), default="days"
        ),
        "nextcall": Field("datetime", "Next Execution Date"),
    },
    order="name, id",
    access=_ADMIN_ONLY,
)

MODELS = Model(
    "ir.model",
    "Models",
    {
        "name": Field("char", "Model Description", required=True),
        "model": Field("char", "Model", required=True),
    },
    order="model",
    access=_ADMIN_WRITES,
)

SERVER_ACTION = Model(
    "ir.actions.server",
    "Server Actions",
    {
        "name": Field("char", "Action Name", required=True),
        "model_id": Field("many2one", "Model", required=True, relation="ir.model", ondelete="cascade"),
        "state": Field(
            "selection",
            "Type",
            required=True,
            selection=(
                ("code", "Execute Code"),
                ("object_write", "Update Record"),
                ("webhook", "Send Webhook Notification"),
            ),
            default="object_write",
        ),
        "code": Field("text", "Python Code"),
        "webhook_url": Field("char", "Webhook URL"),
    },
    order="name, id",
    access=_ADMIN_WRITES,
)

ATTACHMENT = Model(
    "ir.attachment",
    "Attachment",
    {
        "name": Field("char", "Name", required=True),
        "mimetype": Field("char", "Mime Type"),
        "datas": Field("binary", "File Content (base64)"),
    },
    order="id desc",
)
"""Not observed: files, as the source of Odoo has them. A binary field is base64 on either way."""

MAIL_THREAD = Model("mail.thread", "Email Thread", {})

BASE_MODELS = (
    PARTNER,
    PARTNER_CATEGORY,
    COUNTRY,
    CURRENCY,
    COMPANY,
    USERS,
    GROUPS,
    API_KEYS,
    CRON,
    MODELS,
    SERVER_ACTION,
    ATTACHMENT,
    MAIL_THREAD,
)
