"""Compiled JSON Schema validators of one API version: made on first use, then shared.

A large estate has tens of thousands of operations of which few are called in any hour, so nothing is compiled
when a stage is bound. Equal schemas (most often the same `$ref`) share one compiled validator, and all
operations of a version share one registry of the documents that the schemas refer into.

The dialect is JSON Schema 2020-12 with formats asserted. `pattern` runs on a linear-time engine (no
back-references, no look-around), so that no submitted text can make a pattern slow; what that engine cannot
take is reported when a contract is compiled.
"""

import threading
import weakref
from collections import deque
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import unquote

import jsonschema_rs
import msgspec

from contracts.operations import ApiVersion, JsonSchema
from policies.validation.json_types import JsonTypes
from policies.validation.typed_json import TypedJson

T = TypeVar("T")
K = TypeVar("K")

MOST_COMPILED: Final = 4_000
"""Validators that a process holds compiled; beyond, those that were compiled first are let go.

One with a pattern in each of its ten properties takes 60 kB, a simple one some kilobytes; compiling takes 0.1 ms.
"""

_compiled: "deque[weakref.ref[Check]]" = deque()

_encode_key = msgspec.json.Encoder(order="deterministic").encode


class Check:
    """One schema, compiled when it is first needed.

    `is_valid(value)` is an attribute, not a method, so that after the first call it is the compiled
    validator's own function. It raises `jsonschema_rs.ValidationError` where the schema itself is no schema or
    refers to what is not there: a compiled contract has none such.
    """

    __slots__ = ("__weakref__", "_owner", "_schema", "_validator", "is_valid", "reader", "unread")

    def __init__(self, owner: "Validators", schema: JsonSchema) -> None:
        self._owner = owner
        self._schema = schema
        self._validator: jsonschema_rs.Validator | None = None
        self.is_valid: Callable[[Any], bool] = _FirstUse(weakref.ref(self))
        self.reader: TypedJson | None = None
        """Reads texts and judges them in one go. None until it is asked for (`read_by_types`), and for good where
        types cannot say the schema."""
        self.unread = True
        """Whether it was not asked for yet."""

    @property
    def validator(self) -> jsonschema_rs.Validator:
        """The compiled validator."""
        validator = self._validator
        if validator is None:
            validator = self._validator = self._owner.compile(self._schema)
            self.is_valid = validator.is_valid
            _compiled.append(weakref.ref(self))
            if len(_compiled) > MOST_COMPILED:
                oldest = _compiled.popleft()()
                if oldest is not None:
                    oldest.forget()
        return validator

    def read_by_types(self) -> None:
        """Makes the `reader`, if there can be one: for a schema by which texts are read again and again."""
        self.unread = False
        self.reader = JsonTypes(self._owner.lookup, self._owner.is_valid_of).reader(self._schema)

    def holder(self, error: jsonschema_rs.ValidationError) -> Any:
        """The schema whose keyword an error of this check is about; None where it is not found."""
        at: Any = self._schema
        try:
            if error.absolute_keyword_location:
                return self._owner.lookup(error.absolute_keyword_location.rpartition("/")[0], "")[0]
            for step in error.schema_path[:-1]:
                at = at[step]
        except (LookupError, TypeError):
            return None
        return at

    def forget(self) -> None:
        """Lets go of what was compiled; the next use compiles it again."""
        self._validator = self.reader = None
        self.unread = True
        self.is_valid = _FirstUse(weakref.ref(self))

    @property
    def compiled(self) -> bool:
        return self._validator is not None


class _FirstUse:
    """In place of the validator's own function. It does not keep its check alive: that would be a cycle, and what
    is bound of a contract has none, so that it goes without the garbage collector."""

    __slots__ = ("_check",)

    def __init__(self, check: "weakref.ref[Check]") -> None:
        self._check = check

    def __call__(self, value: Any) -> bool:
        check = self._check()
        assert check is not None  # whoever asks holds it
        return check.validator.is_valid(value)


class Validators:
    """The validators of one API version, over its documents (by absolute URI)."""

    def __init__(self, documents: Mapping[str, dict[str, Any]]) -> None:
        self.documents = documents
        self._registry: jsonschema_rs.Registry | None = None
        self._checks: weakref.WeakValueDictionary[bytes, Check] = weakref.WeakValueDictionary()
        self._kept: dict[type, Any] = {}
        self._shared: weakref.WeakValueDictionary[tuple[type, bytes], Any] = weakref.WeakValueDictionary()

    def check(self, schema: JsonSchema) -> Check:
        """The shared check of `schema`; nothing is compiled yet."""
        key = _encode_key(schema)
        check = self._checks.get(key)
        if check is None:
            check = self._checks[key] = Check(self, schema)
        return check

    def is_valid_of(self, schema: JsonSchema) -> Callable[[Any], bool]:
        """The function of the shared check of `schema`, compiled now."""
        return self.check(schema).validator.is_valid

    def share(self, kind: type[T], source: Any, make: Callable[[], T]) -> T:
        """What `make` gives, once for all operations whose contract says the same `source` there.

        Operations of one version repeat each other (the paging parameters, the error responses); with tens of
        thousands of them it is memory that this saves. `T` must take weak references.
        """
        key = (kind, _encode_key(source))
        found: T | None = self._shared.get(key)
        if found is None:
            found = self._shared[key] = make()
        return found

    def keep(self, kind: type[K], make: Callable[[], K]) -> K:
        """What `make` gives, once for all operations, for as long as any of them is bound."""
        found: K | None = self._kept.get(kind)
        if found is None:
            found = self._kept[kind] = make()
        return found

    def compile(self, schema: JsonSchema) -> jsonschema_rs.Validator:
        """A validator of `schema`, which may refer into the documents and nowhere else."""
        if self._registry is None:
            self._registry = jsonschema_rs.Registry(list(self.documents.items()), draft=jsonschema_rs.Draft202012)
        return jsonschema_rs.Draft202012Validator(
            schema,
            registry=self._registry,
            validate_formats=True,
            pattern_options=jsonschema_rs.RegexOptions(),
            # The library's own messages quote the instance. We do not use them; should one reach a log by
            # way of an exception, it must hold no value either.
            mask="(value)",
            offline=True,
        )

    def warm_up(self, before: "Validators") -> Generator[None, None, None]:
        """Compiles here what was needed of the version's form `before`, a schema at each step.

        Nobody's request then has to wait for it after a change. Raises `jsonschema_rs.ValidationError`.
        """
        for key, check in list(before._checks.items()):
            mine = self._checks.get(key)
            if mine is not None and mine is not check and check.compiled:
                yield
                _ = mine.validator
                if not check.unread:
                    yield
                    mine.read_by_types()

    def lookup(self, reference: str, base: str) -> tuple[JsonSchema, str]:
        """The schema that `reference` names, read from within document `base`, and its own document.

        Raises KeyError, IndexError or TypeError for a reference that leads nowhere.
        """
        uri, _, pointer = reference.partition("#")
        uri = uri or base
        value: Any = self.documents[uri]
        for token in unquote(pointer).split("/")[1:]:
            token = token.replace("~1", "/").replace("~0", "~")
            value = value[int(token)] if isinstance(value, list) else value[token]
        return value, uri


# Several operations of a version are bound one after the other and have to find each other's validators. The
# entries live as long as some bound stage holds them, and hold nothing but what follows from the version.
_by_version: weakref.WeakValueDictionary[tuple[str, str], Validators] = weakref.WeakValueDictionary()
_lock = threading.Lock()


def validators_of(version: ApiVersion) -> Validators:
    """The validators that all operations of a version share, and with its next revision, if that has the same
    documents: nothing else but the schema itself is in a validator. Thread-safe."""
    key = (version.api, version.version)
    with _lock:
        validators = _by_version.get(key)
        if validators is None or not (
            validators.documents is version.documents or validators.documents == version.documents
        ):
            validators = _by_version[key] = Validators(version.documents)
        return validators
