"""Which entries of a list cover a value. Pure.

A value and an entry have one form each in which they are compared, and the entries that would cover a value can be
named from the value alone; so a look-up is a handful of keys, however long the list is.
"""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, TypeAlias

_Network: TypeAlias = IPv4Network | IPv6Network

_LONGEST_DOMAIN = 253  # RFC 1035, section 2.3.4, without the last dot
_LONGEST_NETWORK = 100  # a longer text is none
_MAPPED_BITS = 96  # RFC 4291, section 2.5.5.2: what stands before an IPv4 address inside an IPv6 one
_DOMAIN: Final = re.compile(r"\.?(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?\.?")


def normalize(text: str) -> str:
    """Return the one form of a value or an entry.

    An address is written as RFC 5952 recommends, and an IPv4 address dressed up as IPv6 is an IPv4 address; a network
    is written with its prefix's length, without host bits; a domain in lower case, without a dot at its end. Any other
    text stays as it is, but for white space around it.
    """
    plain = text.strip()
    network = _read_network(plain)
    if network is not None:
        return _print_network(network)
    lower = plain.lower()
    return lower.removesuffix(".") if _is_domain(lower) else plain


def list_covering(text: str) -> tuple[str, ...]:
    """Return the forms of all entries that would cover a value, the closest first.

    An address or network is covered by itself and by every network around it. A domain is covered by itself, and by an
    entry that begins with a dot and names it or a domain above it. Any other text is covered by itself.
    """
    plain = normalize(text)
    network = _read_network(plain)
    if network is not None:
        return tuple(_print_network(network.supernet(new_prefix=bits)) for bits in range(network.prefixlen, -1, -1))
    if not _is_domain(plain):
        return (plain,)
    labels = plain.removeprefix(".").split(".")
    above = (f".{'.'.join(labels[index:])}" for index in range(len(labels)))
    return tuple(dict.fromkeys((plain, *above)))


def _is_domain(text: str) -> bool:
    return len(text) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(text) is not None


def _read_network(text: str) -> _Network | None:
    """Read a network, or an address as the network that holds nothing else; a zone (`%eth0`) may be any text."""
    if len(text) > _LONGEST_NETWORK or "%" in text:
        return None
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))


def _print_network(network: _Network) -> str:
    is_address = network.prefixlen == network.max_prefixlen
    return str(network.network_address if is_address else network)
