"""Where facts about models come from when a contract is made: an Odoo, or what was discovered of it."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

import msgspec

from catalog.odoo.facts import FieldFacts, ModelFacts
from catalog.odoo.reflection import look_at, sample
from catalog.odoo.remote import RefusedError, Remote
from catalog.odoo.wanted import WishError


class Looking(Protocol):
    """Tells of models."""

    async def look(self, name: str, label: str = "") -> ModelFacts:
        """A model as the key sees it. Raises WishError, OdooError."""
        ...

    async def sample(self, name: str, fields: Collection[str]) -> Mapping[str, Any] | None:
        """A record, for the shape of examples; None where there is none to be seen. Raises OdooError."""
        ...


class Live:
    """An Odoo that answers."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    async def look(self, name: str, label: str = "") -> ModelFacts:
        """See `Looking`."""
        try:
            return await look_at(self._remote, name, label)
        except RefusedError as refusal:
            raise WishError(f"the model {name!r}: {refusal}") from None

    async def sample(self, name: str, fields: Collection[str]) -> Mapping[str, Any] | None:
        """See `Looking`."""
        return await sample(self._remote, name, fields)


class _Model(msgspec.Struct, frozen=True):
    model: str
    may: frozenset[str]
    label: str
    methods: tuple[str, ...]
    methods_told: bool
    fields: list[FieldFacts]


class _Document(msgspec.Struct, frozen=True):
    models: list[_Model]


class Discovered:
    """What `ostiary odoo discover MODEL… --json` has printed."""

    def __init__(self, text: bytes) -> None:
        """Raises msgspec.DecodeError."""
        document = msgspec.json.decode(text, type=_Document)
        self._models = {each.model: each for each in document.models}

    async def look(self, name: str, label: str = "") -> ModelFacts:
        """See `Looking`."""
        found = self._models.get(name)
        if found is None:
            raise WishError(f"the model {name!r} is none of those that were discovered; discover it, too")
        fields = {each.name: each for each in found.fields}
        return ModelFacts(name, label or found.label, fields, found.may, found.methods, found.methods_told)

    async def sample(self, name: str, fields: Collection[str]) -> Mapping[str, Any] | None:
        """Records were not looked at."""
        return None
