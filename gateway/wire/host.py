"""What a Host field may hold (RFC 9110 §7.2): a name or an address, and a port."""

import re
from typing import Final

from gateway.wire.names import NameTable

# RFC 3986 §3.2.2 without what no name or address needs (sub-delims, percent): `a,b` is two hosts to some. Nor is
# there a longer name (RFC 1035 §2.3.4) or a higher port; an upstream is told the host, in two fields.
_HOST: Final = re.compile(
    rb"(?:(?=[^:]{1,255}(?::|\Z))[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*\.?|\[[0-9A-Fa-f:.]{2,45}\])"
    rb"(?::(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?\Z"
)


def is_sound(host: bytes) -> bool:
    return _HOST.match(host) is not None


sound_hosts: Final = NameTable(is_sound)
"""Whether a value is one, by the value."""
