"""Networks as settings have them."""

import ipaddress
from ipaddress import IPv4Network, IPv6Network

Network = IPv4Network | IPv6Network


def read_networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks, separated by commas. Raises ValueError for what is neither."""
    return tuple(ipaddress.ip_network(each.strip()) for each in text.split(",") if each.strip())
