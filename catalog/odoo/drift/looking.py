"""Looks at an Odoo for what contracts need of it: their models, those that paths lead through, and methods."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from catalog.odoo.drift.comparing import Seen, Unseen
from catalog.odoo.drift.needs import Needs
from catalog.odoo.facts import ModelFacts
from catalog.odoo.reflection import look_at
from catalog.odoo.remote import RefusedError, Remote

_NO_ARGUMENT: Final = "ostiary_asks_whether_it_is_there"
"""An argument that no method has: Odoo refuses the call before it does anything, and says of a method that is not
there that it is not."""
_NOT_THERE: Final = ("AttributeError", "NotFound")
_DENIED: Final = ("AccessError", "Forbidden")


async def seen_by(remote: Remote, needs: Sequence[Needs]) -> Seen:
    """All that the needs are about, as the key sees it. Nothing is changed. Raises OdooError."""
    models: dict[str, ModelFacts | Unseen] = {}
    waiting = [each.model for each in needs]
    while waiting:
        name = waiting.pop()
        if name not in models:
            models[name] = await _look(remote, name)
            waiting += _next(needs, models)
    missing = frozenset(
        [
            (each.model, method)
            for each in needs
            for method, _ in each.methods
            if await _is_missing(remote, models[each.model], method)
        ]
    )
    return Seen(remote.major, models, missing)


async def _look(remote: Remote, name: str) -> ModelFacts | Unseen:
    try:
        return await look_at(remote, name)
    except RefusedError as refusal:
        return Unseen("refused" if refusal.name.endswith(_DENIED) else "missing")


def _next(needs: Iterable[Needs], models: dict[str, ModelFacts | Unseen]) -> Iterator[str]:
    """The models that dotted paths lead through, as far as is known by now."""
    for each in needs:
        for need in each.fields:
            model = each.model
            for name in need.path.split(".")[:-1]:
                owner = models.get(model)
                facts = owner.fields.get(name) if isinstance(owner, ModelFacts) else None
                if facts is None or not facts.relation:
                    break
                model = facts.relation
                if model not in models:
                    yield model


async def _is_missing(remote: Remote, model: ModelFacts | Unseen, method: str) -> bool:
    if isinstance(model, Unseen):
        return False
    if model.told:
        return method not in model.methods
    arguments: dict[str, Any] = {_NO_ARGUMENT: True}
    try:
        await remote.on_records(model.name, method, [], **arguments)
    except RefusedError as refusal:
        return refusal.name.endswith(_NOT_THERE)
    return False
