"""Tests of addresses and networks, after the network extension of CEL's Kubernetes environment.

See https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-ip-address-library. A network is a text such as
`10.0.0.0/8` here; `cidr()` writes it in its usual form.
"""

import functools
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, IPv6Network, ip_address, ip_interface
from typing import Final

from soar.expr.addresses import read_address
from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType
from soar.expr.signature import COSTLY, IP, STRING, Function, Style

_Address = IPv4Address | IPv6Address
_Interface = IPv4Interface | IPv6Interface
_MAX_NETWORK: Final = 100


@functools.lru_cache(maxsize=1024)
def _read_interface(text: str) -> _Interface:
    """Read an address with the length of its network's prefix."""
    try:
        interface = ip_interface(text if "/" in text and "%" not in text else "")
    except ValueError as error:
        raise _refuse() from error
    if isinstance(interface, IPv6Interface) and interface.ip.ipv4_mapped:
        raise _refuse()
    return interface


def _refuse() -> EvaluationError:
    return EvaluationError("this text is no network", code="expr.ip", hint='write "10.0.0.0/8"')


def _read(text: str) -> _Interface:
    return _read_interface(text[:_MAX_NETWORK])  # a longer text is none, and need not be remembered


def _is_address(_: Frame, text: str) -> bool:
    return _succeeds(read_address, text)


def _is_network(_: Frame, text: str) -> bool:
    return _succeeds(_read, text)


def _succeeds(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except EvaluationError:
        return False
    return True


def _is_canonical(_: Frame, text: str) -> bool:
    """Say whether an address is written the one way that RFC 5952 recommends."""
    read_address(text)
    return str(ip_address(text)) == text


def _contains_address(_: Frame, network: str, value: str | _Address) -> bool:
    return read_address(value) in _read(network).network


def _contains_network(_: Frame, network: str, other: str) -> bool:
    outer, inner = _read(network).network, _read(other).network
    if isinstance(outer, IPv6Network):
        return isinstance(inner, IPv6Network) and inner.subnet_of(outer)
    return not isinstance(inner, IPv6Network) and inner.subnet_of(outer)


def _is_global_unicast(address: _Address) -> bool:
    """Say whether it names one machine beyond the local link, private networks included, as Go's net/netip does."""
    is_broadcast = address == IPv4Address("255.255.255.255")
    return not (
        address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local or is_broadcast
    )


def _is_link_local_multicast(address: _Address) -> bool:
    """Say whether it is in 224.0.0.0/24 or ff02::/16."""
    if isinstance(address, IPv4Address):
        return address.packed[:3] == b"\xe0\x00\x00"
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 0x02  # noqa: PLR2004 - RFC 4291, section 2.7


def _judge(name: str, decide: Callable[[_Address], bool]) -> Function:
    return Function(name, (IP,), StaticType.BOOL, lambda _, address: decide(address), Style.METHOD, cost=COSTLY)


FUNCTIONS: Final = (
    Function("isIP", (STRING,), StaticType.BOOL, _is_address, cost=COSTLY),
    Function("ip.isCanonical", (STRING,), StaticType.BOOL, _is_canonical, cost=2 * COSTLY),
    Function("family", (IP,), StaticType.INT, lambda _, address: address.version, Style.METHOD),
    _judge("isUnspecified", lambda address: address.is_unspecified),
    _judge("isLoopback", lambda address: address.is_loopback),
    _judge("isGlobalUnicast", _is_global_unicast),
    _judge("isLinkLocalMulticast", _is_link_local_multicast),
    _judge("isLinkLocalUnicast", lambda address: address.is_link_local),
    Function("isCIDR", (STRING,), StaticType.BOOL, _is_network, cost=COSTLY),
    Function("cidr", (STRING,), StaticType.STRING, lambda _, network: str(_read(network)), cost=COSTLY),
    Function("containsIP", (STRING, STRING | IP), StaticType.BOOL, _contains_address, Style.METHOD, cost=COSTLY),
    Function("containsCIDR", (STRING, STRING), StaticType.BOOL, _contains_network, Style.METHOD, cost=COSTLY),
    Function(
        "masked",
        (STRING,),
        StaticType.STRING,
        lambda _, network: str(_read(network).network),
        Style.METHOD,
        cost=COSTLY,
    ),
    Function(
        "prefixLength",
        (STRING,),
        StaticType.INT,
        lambda _, network: _read(network).network.prefixlen,
        Style.METHOD,
        cost=COSTLY,
    ),
)
