"""The types by which a rule is checked: what is declared, in the words of CEL.

CEL has types for the members of an object in one form only, that of a protocol buffer's message. So an object of
which members are declared becomes a message of its own. The messages exist while a rule is checked; on a request,
rules are given plain maps and lists.
"""

from collections.abc import Mapping
from typing import Final

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, struct_pb2, wrappers_pb2
from google.protobuf.descriptor_pool import DescriptorPool

from policies.object_rules.declared import Declared, Kind

_PACKAGE: Final = "contract"
_FIELD: Final = descriptor_pb2.FieldDescriptorProto
_SCALARS: Final[Mapping[Kind, tuple[int, cel.Type, str]]] = {
    "string": (_FIELD.TYPE_STRING, cel.Type.STRING, "StringValue"),
    "integer": (_FIELD.TYPE_INT64, cel.Type.INT, "Int64Value"),
    "number": (_FIELD.TYPE_DOUBLE, cel.Type.DOUBLE, "DoubleValue"),
    "boolean": (_FIELD.TYPE_BOOL, cel.Type.BOOL, "BoolValue"),
}
_WELL_KNOWN: Final[Mapping[Kind, str]] = {"list": "ListValue", "map": "Struct", "any": "Value"}
"""What is not known more closely: a list of anything, a map of anything, anything."""


class TypedEnvironment:
    """An environment with these values. `places` says, by a message's name, what in a request it is."""

    def __init__(self, values: Mapping[str, Declared], others: Mapping[str, cel.Type]) -> None:
        self.places: dict[str, str] = {}
        self._names: dict[int, str] = {}
        self._file = descriptor_pb2.FileDescriptorProto(name="contract.proto", package=_PACKAGE, syntax="proto2")
        variables = {name: self._type(declared, name) for name, declared in values.items()}
        pool = DescriptorPool()
        for module in (struct_pb2, wrappers_pb2):
            known = descriptor_pb2.FileDescriptorProto()
            module.DESCRIPTOR.CopyToProto(known)
            pool.Add(known)
            self._file.dependency.append(known.name)
        pool.Add(self._file)
        self.environment = cel.NewEnv(pool, variables={**variables, **others})

    def _type(self, declared: Declared, place: str) -> cel.Type:
        kind = declared.kind
        if kind in _SCALARS:
            _, plain, wrapper = _SCALARS[kind]
            return cel.Type(f"google.protobuf.{wrapper}") if declared.nullable else plain
        if kind == "record":
            return cel.Type(f"{_PACKAGE}.{self._message(declared, place)}")
        if kind == "list" and declared.of is not None:
            return cel.Type.List(self._type(declared.of, f"{place}[]"))
        return cel.Type.Map(cel.Type.STRING, cel.Type.DYN) if kind == "map" else cel.Type.DYN

    def _message(self, declared: Declared, place: str) -> str:
        """The name of an object's message, which is made where it is not there yet."""
        name = self._names.get(id(declared))
        if name is None:
            name = self._names[id(declared)] = f"Object{len(self._names)}"
            self.places[f"{_PACKAGE}.{name}"] = place
            message = self._file.message_type.add(name=name)
            # Two names that differ in case and `_` alone are one to protobuf's JSON, which nobody uses here.
            message.options.deprecated_legacy_json_field_conflicts = True
            for number, (word, member) in enumerate(declared.members.items(), 1):
                message.field.append(self._field(word, number, member, f"{place}.{word}"))
        return name

    def _field(
        self, word: str, number: int, declared: Declared, place: str
    ) -> descriptor_pb2.FieldDescriptorProto:
        field = _FIELD(name=word, json_name=word, number=number, label=_FIELD.LABEL_OPTIONAL)
        of = declared.of
        if declared.kind == "list" and of is not None and of.kind not in _WELL_KNOWN:
            field.label = _FIELD.LABEL_REPEATED
            declared, place = of, f"{place}[]"
        if declared.kind == "record":
            field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.{self._message(declared, place)}"
        elif declared.kind in _SCALARS:
            scalar, _, wrapper = _SCALARS[declared.kind]
            field.type = _FIELD.TYPE_MESSAGE if declared.nullable else scalar
            if declared.nullable:
                field.type_name = f".google.protobuf.{wrapper}"
        else:
            field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".google.protobuf.{_WELL_KNOWN[declared.kind]}"
        return field
