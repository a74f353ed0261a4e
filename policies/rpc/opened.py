"""What a guard opens to one caller, by the scopes that it holds."""

from contracts.odoo_guard import GuardedModel, OdooGuard, is_never_open
from policies.rpc.call import RefusedCallError


class Opened:
    """A guard and a caller's scopes: `odoo:<model>:read`, `odoo:<model>:write`, `odoo:<model>:call:<method>`."""

    __slots__ = ("_scopes", "guard")

    def __init__(self, guard: OdooGuard, scopes: frozenset[str]) -> None:
        self.guard = guard
        self._scopes = scopes

    def model(self, name: str, right: str) -> GuardedModel:
        """The model, if the caller has a right to it. Raises RefusedCallError."""
        found = self.guard.models.get(name)
        if found is None or is_never_open(name):
            raise RefusedCallError(f"The model {name[:64]!r} is not open.")
        scope = f"odoo:{name}:{right}"
        if scope not in self._scopes:
            raise RefusedCallError(f"The call needs the scope {scope}.")
        return found

    def readable(self, model: GuardedModel, field: str) -> None:
        """Raises RefusedCallError for a field that may not be read. `id` may."""
        if field != "id" and field not in model.read:
            raise RefusedCallError(f"The field {field[:64]!r} is not open for reading.")

    def related(self, model: GuardedModel, field: str, shown: str | None) -> GuardedModel:
        """The model that an open relation leads to; `shown` is a field of it that is asked for. Raises
        RefusedCallError. A model with a forced domain is reached by itself alone: through a relation, the domain
        would not hold."""
        self.readable(model, field)
        name = model.relations.get(field)
        if name is None:
            raise RefusedCallError(f"The field {field[:64]!r} opens no other model.")
        found = self.model(name, "read")
        if found.domain:
            raise RefusedCallError(f"The model {name!r} is not open through other models.")
        if shown is not None:
            self.readable(found, shown)
        return found
