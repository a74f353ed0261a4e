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
    """One override, of the calendar that has this `sunset` (0: none). `giver` is who delegated the role; empty for
    nobody. Times are Unix seconds."""

    api: str
    api_version: str
    sunset: int
    reason: str
    given_by: str
    giver: str = ""
    at: int

    def counts_for(self, authors: frozenset[str]) -> bool:
        """Whether a change of these authors profits: neither who gave it nor who delegated the role is one."""
        return not authors.intersection((self.given_by, self.giver))
