"""Where a request may go: the rules, without the network."""

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

from soar.sdk.errors import EgressRefusedError

_PRINTABLE = re.compile(r"[!-\[\]-~]+")  # visible ASCII but the backslash, which some parsers read as a slash
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291 and the IANA registry: all that is routed so far
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_METADATA = ip_address("fd00:ec2::254")  # Amazon's instance metadata, within the private range
_PRIVATE = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "::1/128", "fc00::/7")
)


def parse_target(url: str, hosts: Collection[str], private_hosts: Collection[str]) -> URL:
    """Return the parsed URL if a request may go there.

    The result is what the client connects to: the URL is read once, so that no second parser can see another host.

    Args:
        url: an absolute URL, percent-encoded.
        hosts: host names in lower case that may be called.
        private_hosts: those of them that may be called without TLS.

    Raises:
        EgressRefusedError: the URL is malformed or leads elsewhere.
    """
    if not _PRINTABLE.fullmatch(url):
        raise EgressRefusedError("the URL holds a character that URLs do not have")
    try:
        target = URL(url, encoded=True)
        port = target.port
    except ValueError as error:
        raise EgressRefusedError("the URL is malformed") from error
    host = target.raw_host
    if host is None or port is None:
        raise EgressRefusedError("the URL names no host")
    if "@" in target.raw_authority:
        raise EgressRefusedError("the URL holds a user name", hint="credentials belong in headers")
    if host not in hosts:
        raise EgressRefusedError(
            f"{host} is not among the hosts of this connection",
            hint="name it, in lower case and without a final dot, under the connection's hosts",
        )
    if target.scheme != "https" and not (target.scheme == "http" and host in private_hosts):
        raise EgressRefusedError(f"{target.scheme} is not allowed for {host}", hint="use https")
    return target


def check_address(text: str, *, may_be_private: bool) -> None:
    """Check one address that a host resolved to.

    Args:
        text: the address, IPv4 or IPv6.
        may_be_private: whether private and loopback addresses will do. Link-local, multicast and reserved ones, and
            those of cloud metadata services, never do.

    Raises:
        EgressRefusedError: the address is not acceptable.
    """
    address = _unwrap(ip_address(text.partition("%")[0]))
    if _is_public(address) or (may_be_private and _is_private(address)):
        return
    raise EgressRefusedError(
        f"the host resolves to {text}, which is no public address",
        hint="if the product is meant to be inside the network, mark the connection as private",
    )


def _unwrap(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, if it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_private(address: IPv4Address | IPv6Address) -> bool:
    return address != _METADATA and any(address in network for network in _PRIVATE)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
