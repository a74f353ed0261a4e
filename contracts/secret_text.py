"""The text of a secret that the catalog issues: `ost_<environment>_<key id>_<secret><checksum>`.

What can be told from the text alone, by whoever meets it: the catalog, and the gateway, which checks API keys. The
checksum is CRC-32 over everything before it, in six characters of base62.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "ost"
API_KEY_MARK: Final = "key"
SIGNING_MARK: Final = "sig"
KEY_ID_LENGTH: Final = 12
SECRET_LENGTH: Final = 43  # 62 ** 43 > 2 ** 256
_CHECKSUM_LENGTH: Final = 6  # 62 ** 6 > 2 ** 32
ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MARK: Final = rf"(?:{API_KEY_MARK}|{SIGNING_MARK})?"
_NAME: Final = rf"{PREFIX}_([a-z][a-z0-9]{{1,15}})_({_MARK}[0-9A-Za-z]{{{KEY_ID_LENGTH}}})_"
_FORMAT: Final = re.compile(rf"{_NAME}[0-9A-Za-z]{{{SECRET_LENGTH}}}([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})")
# What begins like a secret must not hide one that begins in it.
_WITHIN: Final = re.compile(rf"(?=({_FORMAT.pattern}))")
_LIKE_ONE: Final = re.compile(rf"({_NAME})[0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class SecretText:
    """A well-formed text, which never shows in a repr."""

    environment: str
    key_id: str
    text: str = field(repr=False)

    @property
    def is_api_key(self) -> bool:
        """Whether it is an API key that is sent: a client secret's id is shorter, and is never taken for one."""
        return len(self.key_id) > KEY_ID_LENGTH and self.key_id.startswith(API_KEY_MARK)

    @property
    def is_signing_key(self) -> bool:
        """Whether it is a key that signs requests, and is never sent."""
        return len(self.key_id) > KEY_ID_LENGTH and self.key_id.startswith(SIGNING_MARK)


def parse(text: str) -> SecretText | None:
    """The secret in `text`, or None for what cannot be one."""
    match = _FORMAT.fullmatch(text)
    if match is None or checksum(text[:-_CHECKSUM_LENGTH]) != match[3]:
        return None
    return SecretText(match[1], match[2], text)


def find(text: str) -> Iterator[SecretText]:
    """Every secret that stands in a text, whatever is around it, in the order in which they stand."""
    for match in _WITHIN.finditer(text):
        found = parse(match[1])
        if found is not None:
            yield found


def redact(text: str) -> str:
    """The text with nothing in it that looks like a secret: of each only its public part is left."""
    return _LIKE_ONE.sub(r"\1…", text)


def checksum(body: str) -> str:
    """What follows the secret in its text."""
    return base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def base62(number: int, length: int) -> str:
    """A number in `length` characters, the most significant first."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
