"""One Odoo database: its data, its accounts, its version."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from catalog.demo.odoo import demo_data
from catalog.demo.odoo.accounts import Accounts, ApiKey
from catalog.demo.odoo.base_models import BASE_MODELS
from catalog.demo.odoo.environment import ADMIN_UID, SUPERUSER_ID, Environment
from catalog.demo.odoo.models import resolve
from catalog.demo.odoo.sale_models import SALE_MODELS
from catalog.demo.odoo.store import Store

DEMO_UID = 5
VERSIONS = ("17.0", "18.0", "19.0")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Settings:
    """What a stand-in is started with. `version` is one of `VERSIONS`; `api_keys` belong to the users
    `admin` and `demo`, whose passwords are their logins."""

    database: str = "odoo19"
    version: str = "19.0"
    api_keys: tuple[ApiKey, ...] = ()
    clock: Callable[[], datetime] = utc_now


class Database:
    """The demonstration database, filled anew for every instance."""

    def __init__(self, settings: Settings) -> None:
        if settings.version not in VERSIONS:
            raise ValueError(f"version {settings.version!r} is none of {', '.join(VERSIONS)}")
        self.name = settings.database
        self.version = settings.version
        self.major = int(settings.version.partition(".")[0])
        self.accounts = Accounts({"admin": (ADMIN_UID, "admin"), "demo": (DEMO_UID, "demo")}, settings.api_keys)
        self._clock = settings.clock
        self._store = Store()
        models = (*BASE_MODELS, *SALE_MODELS)
        self._models = resolve({model.name: model for model in models}, self.major)
        demo_data.load(self._store, self.environment(SUPERUSER_ID), settings.api_keys)

    def environment(self, uid: int) -> Environment:
        """The surroundings of a call by a user, without a context of its own."""
        return Environment(self._store, self._models, self.major, self._clock, uid, {})

    @property
    def version_info(self) -> list[object]:
        return [self.major, 0, 0, "final", 0, ""]
