"""One remote call: find the method, refuse the private ones, run it in a transaction, shape its result."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from catalog.demo.odoo.business import CLASSES
from catalog.demo.odoo.environment import Environment
from catalog.demo.odoo.errors import AccessError, NotFound, UnprocessableEntity, UserError
from catalog.demo.odoo.models import Model
from catalog.demo.odoo.records import PRIVATE, BaseModel, Kind, kind_of


def call_positional(
    env: Environment, model_name: str, name: str, args: Sequence[object], kwargs: Mapping[str, object]
) -> object:
    """Call as RPC does, with positional and named arguments; the ids are the first positional one.

    `create` with one set of values gives one id, with a list of them a list.

    Raises:
        UserError: there is no such model.
        AttributeError: the model has no such method.
        TypeError: the arguments do not fit, in Python's own words.
    """
    model = env.models.get(model_name)
    if model is None:
        raise UserError(f"Object {model_name} doesn't exist")
    try:
        method, kind = _method(model, name)
    except LookupError:
        raise AttributeError(f"The method '{model_name}.{name}' does not exist") from None
    named = {key: value for key, value in kwargs.items() if key != "context"}
    env = _in_context(env, kwargs.get("context"))
    remaining = list(args)
    ids: object = ()
    if kind == "records":
        ids = remaining.pop(0) if remaining else ()
    with env.store.transaction():
        result = method(_records(env, model, ids), *remaining, **named)
    if name == "create" and isinstance(result, list):
        values = remaining[0] if remaining else named.get("vals_list")
        return result[0] if isinstance(values, Mapping) else result
    return result


def call_named(env: Environment, model_name: str, name: str, body: Mapping[str, object]) -> object:
    """Call as `/json/2` does: named arguments only, `ids` and `context` among them.

    Raises:
        NotFound: no such model, or no such method.
        UnprocessableEntity: an argument is missing or unknown, or ids given to a method without records.
    """
    model = env.models.get(model_name)
    if model is None:
        raise NotFound(f"the model {model_name!r} does not exist")
    try:
        method, kind = _method(model, name)
    except LookupError:
        raise NotFound(f"The method '{model_name}.{name}' does not exist") from None
    named = {key: value for key, value in body.items() if key not in ("ids", "context")}
    ids = body.get("ids") or ()
    if kind == "model" and ids:
        raise UnprocessableEntity(f"cannot call {model_name}.{name} with ids")
    env = _in_context(env, body.get("context"))
    records = _records(env, model, ids)
    try:
        inspect.signature(method).bind(records, **named)
    except TypeError as error:
        raise UnprocessableEntity(str(error)) from None
    with env.store.transaction():
        return method(records, **named)


def _method(model: Model, name: str) -> tuple[Callable[..., object], Kind]:
    if name.startswith("_") or name in PRIVATE:
        raise AccessError(f"Private methods (such as '{model.name}.{name}') cannot be called remotely.")
    method = getattr(CLASSES.get(model.name, BaseModel), name, None)
    kind = kind_of(method) if callable(method) else None
    if method is None or kind is None:
        raise LookupError(name)
    return method, kind


def _records(env: Environment, model: Model, ids: object) -> BaseModel:
    several = list(ids) if isinstance(ids, list | tuple) else [ids]
    return CLASSES.get(model.name, BaseModel)(env, model, several)


def _in_context(env: Environment, context: object) -> Environment:
    if not isinstance(context, Mapping):
        return env
    changed = replace(env, context=context)
    changed.check_context()
    return changed
