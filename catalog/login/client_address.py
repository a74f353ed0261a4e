"""Where a request comes from: its peer, or what a listed proxy says of it (`X-Forwarded-For`).

Each proxy appends the address that it was called from, and a client may have sent any before it. So the list is
read from its end: the first that is no listed proxy's is the client's. From anyone else the field counts for
nothing.
"""

import ipaddress
from collections.abc import Iterable

from starlette.requests import Request

from catalog.login.networks import Network


class ClientAddress:
    """With the networks of the proxies that are believed."""

    def __init__(self, proxies: Iterable[Network] = ()) -> None:
        self._proxies = tuple(proxies)

    def of(self, request: Request) -> str:
        """The address, as text; empty where there is none (a Unix socket)."""
        found = "" if request.client is None else request.client.host
        said = ",".join(request.headers.getlist("x-forwarded-for"))
        for text in reversed(said.split(",")):
            if not self._lists(found):
                break
            try:
                found = str(ipaddress.ip_address(text.strip()))
            except ValueError:
                break
        return found

    def _lists(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)
