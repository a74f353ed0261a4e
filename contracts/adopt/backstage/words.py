"""What both directions agree on: names, annotations and stages, as Backstage's descriptor format has them.

Source: Backstage, "Descriptor Format of Catalog Entities" (`backstage.io/v1alpha1`). A team is a Group, a member a
User, an API a System, and each version of it an API entity in that System: Backstage's API entity has one
definition, and so has a version. What Backstage has no field for stands in annotations below `ostiary/`.
"""

import re
from typing import Final

API_VERSION: Final = "backstage.io/v1alpha1"
ROLES: Final = "ostiary/roles."
"""Followed by a team: the member's roles in it, with commas between them."""
CONTACT: Final = "ostiary/contact"
DOMAIN: Final = "ostiary/domain"
API: Final = "ostiary/api"
VERSION: Final = "ostiary/version"

LIFECYCLE: Final = {
    "draft": "experimental",
    "published": "production",
    "deprecated": "deprecated",
    "retired": "deprecated",
}
"""Backstage's well-known stages, by ours."""

_REFERENCE: Final = re.compile(r"(?:(?P<kind>[A-Za-z]+):)?(?:(?P<namespace>[^/:]+)/)?(?P<name>[^/:]+)")


def name_in(reference: str) -> str | None:
    """The name in an entity reference (`group:default/sales`, `sales`); None for what is no reference."""
    match = _REFERENCE.fullmatch(reference.strip())
    return None if match is None else match["name"]
