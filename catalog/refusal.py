"""A refusal of the catalog's domain: a value with its reason, before it has the form of HTTP or of a line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.problems import Problem, problem


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not done. `id` is a problem type's (`contracts.problems`); `members` are its extensions,
    such as `current` of a conflict or the `conditions` that are not met. Nothing was changed."""

    id: str
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)

    def problem(self) -> Problem:
        """As it goes over HTTP. Raises KeyError for an id that is not in the catalogue."""
        return problem(self.id, self.detail, **self.members)
