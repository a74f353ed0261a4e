"""Whether a schema speaks about members of a name at all, anywhere that is about the same object."""

from typing import Final

from contracts.containment.source import Place, Schema

_LISTS: Final = ("allOf", "anyOf", "oneOf")
_ONES: Final = ("not", "if", "then", "else")
_ABOUT_ALL: Final = ("patternProperties", "propertyNames", "maxProperties", "unevaluatedProperties")


def mentions(schema: Schema, name: str) -> bool:
    """Whether the schema names the member, or says something of members without a name."""
    seen: set[Place] = set()
    stack = [schema]
    while stack:
        current = stack.pop()
        words = current.read()
        if not isinstance(words, dict):
            if not words:
                return True
            continue
        if current.place in seen:
            continue
        seen.add(current.place)
        if any(keyword in words for keyword in _ABOUT_ALL) or words.get("additionalProperties", True) not in (
            True,
            {},
        ):
            return True
        if name in words.get("properties", ()) or name in words.get("required", ()):
            return True
        for trigger, names in words.get("dependentRequired", {}).items():
            if name == trigger or name in names:
                return True
        if name in words.get("dependentSchemas", ()) or "enum" in words or "const" in words:
            return True
        target = current.target()
        if target is not None:
            stack.append(target)
        stack += [current.child(words[keyword], keyword) for keyword in _ONES if keyword in words]
        for keyword in _LISTS:
            stack += [current.child(item, keyword, index) for index, item in enumerate(words.get(keyword, ()))]
        for trigger, value in words.get("dependentSchemas", {}).items():
            stack.append(current.child(value, "dependentSchemas", trigger))
    return False
