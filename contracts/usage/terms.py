"""One thing that calls of an operation can be seen to have."""

from contracts.usage.batch import Kind


class Term:
    """Equal only to itself, so that it is counted without hashing its text."""

    __slots__ = ("kind", "name", "value")

    def __init__(self, kind: Kind, name: str, value: str = "") -> None:
        self.kind = kind
        self.name = name
        self.value = value
