"""The words of an estate's files: names, dates, roles and the other leaves, and what all their mappings share."""

from typing import Annotated, Literal

import msgspec

Name = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        max_length=63,
        description="a lower-case name: letters, digits and single hyphens",
    ),
]
VersionName = Annotated[str, msgspec.Meta(pattern=r"^v[1-9][0-9]{0,3}$", description="v1, v2, …")]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
Url = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s/?#]+[^\s?#]*$", description="an absolute http(s) URL")]
Origin = Annotated[
    str, msgspec.Meta(pattern=r"^https?://[^\s/?#@]+/?$", description="an http(s) URL without a path")
]
Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
HostName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$",
        max_length=253,
        description="a DNS name",
    ),
]
HeaderName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9-]*$",
        max_length=64,
        description="the name of a header field: letters, digits, hyphens",
    ),
]
VendorName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$",
        max_length=64,
        description="what stands after `application/vnd.` and before the version, such as `acme.orders`",
    ),
]
Email = Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254, description="an e-mail address")]
Date = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$",
        description="a date (its first second, UTC) or an RFC 3339 time in UTC",
    ),
]
TimeOfDay = Annotated[
    str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="a time of day (UTC), such as `10:00`")
]
Scope = Annotated[
    str, msgspec.Meta(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$", description="RFC 6749 §3.3 scope-token")
]
LimitText = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\s*\d+\s*(/|per)\s*\d*\s*(second|minute|hour|day|month|year)s?\s*$",
        description="such as `100/minute` or `20 per 5 second`, as the `limits` package writes it",
    ),
]
ClaimName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_.:/-]*$",
        max_length=128,
        description="the name of a claim: letters, digits and `_`, `.`, `:`, `/`, `-`",
    ),
]
ClaimText = Annotated[
    str, msgspec.Meta(pattern=r"^[^\x00-\x1F\x7F]+$", max_length=256, description="a text of one line")
]
ClaimNumber = Annotated[int, msgspec.Meta(ge=-(2**53) + 1, le=2**53 - 1)]
"""A whole number that every reader of JSON has exactly (RFC 7493 §2.2)."""
ClaimList = Annotated[tuple[ClaimText | ClaimNumber, ...], msgspec.Meta(min_length=1, max_length=64)]
ClaimEntries = Annotated[dict[ClaimName, ClaimText | ClaimNumber | bool | ClaimList], msgspec.Meta(max_length=32)]
Classification = Literal["public", "internal", "confidential", "restricted"]
Criticality = Literal[1, 2, 3, 4]
Role = Literal["partner-developer", "api-owner", "architect", "security", "operator"]
Governance = Literal["centralised", "federated", "decentralised"]
"""Who decides about an API's changes: the company's architects, its own domain's, or lint and diff alone."""


class EstateStruct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """Keys are kebab-case in the files."""
