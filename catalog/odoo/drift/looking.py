"""Looks at an Odoo for what contracts need of it: their models, those that paths lead through, and methods."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from catalog.odoo.drift.comparing import Seen, Unseen
from catalog.odoo.drift.needs import Needs
from catalog.odoo.facts import ModelFacts
from catalog.odoo.reflection import has_method, look_at
from catalog.odoo.remote import RefusedError, Remote

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
            if isinstance(facts := models[each.model], ModelFacts) and not await has_method(remote, facts, method)
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
