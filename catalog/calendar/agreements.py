"""What stands for silence where a version is retired that is still called: a consent, or an override."""

import msgspec


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One consent. `given_by` is the consumer's person as they signed; `text_digest` is `sha256:` and hex;
    `sunset` is the end that they agreed to. Times are Unix seconds."""

    consumer: str
    api: str
    api_version: str
    sunset: int
    given_by: str
    text_digest: str
    recorded_by: str
    at: int


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """One override, of the calendar that has this `sunset` (0: none). Times are Unix seconds."""

    api: str
    api_version: str
    sunset: int
    reason: str
    given_by: str
    at: int
