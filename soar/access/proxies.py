"""Who sent a request that came through proxies, by what those say that we trust."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network
Header: TypeAlias = Literal["X-Forwarded-For", "Forwarded"]

_ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies whose word counts.

    Attributes:
        networks: where they are; none means that every peer is the client.
        header: the one that they write. The other is never read: whoever sends it has written it alone.
    """

    networks: tuple[Network, ...] = ()
    header: Header = "X-Forwarded-For"

    def find_client(self, peer: str | None, lines: Sequence[str]) -> str | None:
        """Return the address of the last hop that we do not trust; of hops all trusted, the first.

        A hop that names no address ends the way there: the one that told of it stands for what is behind.

        Args:
            peer: who has connected.
            lines: the values of the header, in the order they came.
        """
        if not self.networks:
            return peer
        last = _parse_address(peer or "")
        if last is None or not self._trusts(last):
            return peer
        for hop in self._walk(lines):
            address = _parse_address(hop)
            if address is None:
                break
            last = address
            if not self._trusts(address):
                break
        return str(last)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.networks)

    def _walk(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield what is said of each hop, the one nearest to us first."""
        for line in reversed(lines):
            if self.header == "Forwarded":
                yield from map(_find_for, _split_from_end(line))
            else:
                yield from (hop.strip() for hop in reversed(line.split(",")))


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, perhaps with a port; of one that is IPv4 within IPv6, the IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text) if "%" not in text else None  # a zone can be any text, and means nothing to us
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _split_from_end(line: str) -> Iterator[str]:
    """Yield the elements of a `Forwarded` header (RFC 7239, section 4), the last first.

    The last is the nearest proxy's, and well formed; from the other end, a quote that is left open would swallow it.
    """
    end, is_quoted = len(line), False
    for start in range(len(line) - 1, -1, -1):
        if line[start] == '"' and not _is_escaped(line, start):
            is_quoted = not is_quoted
        elif line[start] == "," and not is_quoted:
            yield line[start + 1 : end]
            end = start
    yield line[:end]


def _is_escaped(line: str, index: int) -> bool:
    escapes = 0
    while escapes < index and line[index - 1 - escapes] == _ESCAPE:
        escapes += 1
    return escapes % 2 == 1


def _find_for(element: str) -> str:
    """Return the value of `for` in an element; empty if there is not exactly one."""
    named = [pair.partition("=") for pair in _split_pairs(element)]
    found = [value.strip().strip('"') for name, _, value in named if name.strip().lower() == "for"]
    return found[0] if len(found) == 1 else ""


def _split_pairs(element: str) -> Iterable[str]:
    start, is_quoted = 0, False
    for index, character in enumerate(element):
        if character == '"' and not _is_escaped(element, index):
            is_quoted = not is_quoted
        elif character == ";" and not is_quoted:
            yield element[start:index]
            start = index + 1
    yield element[start:]
