"""From which networks an operation may be called: CIDR lists (RFC 4632, RFC 4291 §2.3), for all and by consumer.

The address is the client's: that of the connection, or what a trusted proxy says of it. What is denied stays so,
whoever calls; a consumer with networks of its own is let in from those alone. A client without an address (on a
Unix socket) is in no network.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Final, TypeAlias

from msgspec import Meta, field

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.exchange import Exchange
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Ports
from policies.validation.violations import escape
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "network"

EXAMPLE: Final = """\
deny: [203.0.113.0/24]
by-consumer:
  acme:
    allow: [198.51.100.0/24, "2001:db8:4::/48"]
"""

_REFUSED: Final = Deny(POLICY, problem("network-denied", "The operation cannot be called from this address."))
_REMEMBERED: Final = 4_096
"""Addresses of which an operation remembers whether they are let in."""

Cidr = Annotated[
    str, Meta(pattern=r"^[0-9A-Fa-f.:]+(/\d{1,3})?$", description="an address or a network, such as `10.0.0.0/8`")
]
Cidrs = Annotated[tuple[Cidr, ...], Meta(max_length=1000)]
Network: TypeAlias = IPv4Network | IPv6Network


class ConsumerNetworks(PolicyConfig, frozen=True):
    """What holds for one consumer."""

    allow: Cidrs = ()
    """The only networks that it may call from, in place of those for all."""
    deny: Cidrs = ()
    """Networks that it may not call from, beside those that nobody may."""


class NetworkConfig(PolicyConfig, frozen=True):
    """Settings of `network`."""

    allow: Cidrs = ()
    """The only networks from which the operation may be called; none: from all that are not denied."""
    deny: Cidrs = ()
    """Networks from which it may not be called."""
    by_consumer: dict[str, ConsumerNetworks] = field(default_factory=dict)
    """What holds for single consumers."""


def bind(config: NetworkConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None where nothing is listed. Raises ValueError for what is no network."""
    if not (config.allow or config.deny or config.by_consumer):
        return None
    return NetworkCheck(config).check


def check(setting: Setting[NetworkConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """What is no network, or would let nobody in, and consumers that there are not."""
    config, known = setting.config, setting.around.consumers
    yield from _faults("", config.allow, config.deny)
    for consumer, its in config.by_consumer.items():
        pointer = f"/by-consumer/{escape(consumer)}"
        if known and consumer not in known:
            yield Fault(pointer, f"there is no consumer {consumer!r}")
        yield from _faults(pointer, its.allow, its.deny)
    if config.by_consumer and operation.public:
        yield Fault("/by-consumer", "the operation is public: nobody knows which consumer calls")


class NetworkCheck:
    """Reads `exchange.peer` and, where consumers have networks of their own, `exchange.principal`."""

    __slots__ = ("_admits", "_by_consumer")

    def __init__(self, config: NetworkConfig) -> None:
        self._admits = _admitting(config.allow, config.deny)
        self._by_consumer: Mapping[str, Callable[[str], bool]] = {
            consumer: _admitting(its.allow or config.allow, (*config.deny, *its.deny))
            for consumer, its in config.by_consumer.items()
        }

    def check(self, exchange: Exchange) -> Verdict:
        admits, principal = self._admits, exchange.principal
        if self._by_consumer and principal is not None:
            admits = self._by_consumer.get(principal.consumer, admits)
        return ALLOW if admits(exchange.peer) else _REFUSED


def _admitting(allow: Iterable[str], deny: Iterable[str]) -> Callable[[str], bool]:
    """Whether an address, as text, is let in."""
    allowed, denied = tuple(map(ip_network, allow)), tuple(map(ip_network, deny))

    @lru_cache(_REMEMBERED)
    def admits(peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped  # how a socket for both families shows an IPv4 client
        if any(address in network for network in denied):
            return False
        return not allowed or any(address in network for network in allowed)

    return admits


def _faults(pointer: str, allow: tuple[str, ...], deny: tuple[str, ...]) -> Iterator[Fault]:
    denied: list[Network] = []
    for index, text in enumerate(deny):
        network = _read(text)
        if isinstance(network, str):
            yield Fault(f"{pointer}/deny/{index}", network)
        else:
            denied.append(network)
    for index, text in enumerate(allow):
        network = _read(text)
        if isinstance(network, str):
            yield Fault(f"{pointer}/allow/{index}", network)
        elif any(_within(network, each) for each in denied):
            yield Fault(f"{pointer}/allow/{index}", f"{text} is denied as a whole, and what is denied stays so")


def _read(text: str) -> Network | str:
    """The network, or why it is none."""
    try:
        network = ip_network(text)
    except ValueError as error:
        return str(error)
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None:
        return f"{text} has IPv4 addresses in an IPv6 form, which no client is known by; write them as IPv4"
    return network


def _within(network: Network, outer: Network) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(outer, IPv4Network) and network.subnet_of(outer)
    return isinstance(outer, IPv6Network) and network.subnet_of(outer)
