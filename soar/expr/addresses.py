"""Functions of network addresses, domains and URLs."""

import functools
import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType, describe
from soar.expr.signature import COSTLY, IP, LIST, STRING, Function
from soar.model.values import Value

_PRIVATE: Final = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # "this" network, RFC 791
        "10.0.0.0/8",  # RFC 1918
        "100.64.0.0/10",  # carriers' shared addresses, RFC 6598
        "127.0.0.0/8",  # loopback, RFC 1122
        "169.254.0.0/16",  # link-local, RFC 3927
        "172.16.0.0/12",  # RFC 1918
        "192.168.0.0/16",  # RFC 1918
        "::/128",  # unspecified, RFC 4291
        "::1/128",  # loopback, RFC 4291
        "fc00::/7",  # unique local, RFC 4193
        "fe80::/10",  # link-local, RFC 4291
    )
)
_MAX_NETWORK = 100  # a longer text is none, and the error would quote all of it
_MAX_HOST = 255
_HOST: Final = re.compile(r"\[[0-9A-Fa-f:.]+\]|[^\s\[\]/@:?#\\<>\"',;()]+")
_HOST_END: Final = re.compile(r"[/?#\\]")
_BREAKS: Final = re.compile(r"[\t\r\n]")
_URL: Final = re.compile(r"https?://[^\s<>\"'`{}|\\^]+", re.IGNORECASE)
_TRAILING: Final = ".,;:!?*_"
_PAIRS: Final = {")": "(", "]": "["}
_ADDRESS: Final = re.compile(
    r"(?<![0-9A-Za-z.:_])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,40}(?:(?<=:)[0-9]{1,3}(?:\.[0-9]{1,3}){3})?"
    r"(?![0-9A-Za-z_:]|\.[0-9])"
    r"|(?<![0-9A-Za-z._])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z_]|\.[0-9A-Za-z])"
)
_SCHEME: Final = re.compile(r"\bhttp(s?)(?=://)", re.IGNORECASE)
_REFANG: Final = (
    (re.compile(r"\[(\.|:|://|@)\]|\((\.)\)|\{(\.)\}"), r"\1\2\3"),
    (re.compile(r"\[(?:dot)\]|\((?:dot)\)", re.IGNORECASE), "."),
    (re.compile(r"\[(?:at)\]|\((?:at)\)", re.IGNORECASE), "@"),
    (re.compile(r"\bhxxp(s?)(?=:)", re.IGNORECASE), r"http\1"),
)


def read_address(value: str | IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the address that a value holds or a text names; an IPv4 address dressed up as IPv6 is an IPv4 address.

    Raises:
        EvaluationError: the text names none.
    """
    address = parse_address(value) if isinstance(value, str) else value
    if address is None:
        raise EvaluationError("this text is no IP address", code="expr.ip")
    return _unwrap(address)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, or return None; one with a zone (`%eth0`) is none, as that may hold any text."""
    try:
        return None if "%" in text else _unwrap(ip_address(text))
    except ValueError:
        return None


def _unwrap(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@functools.lru_cache(maxsize=1024)
def _read_network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text[:_MAX_NETWORK], strict=False)
    except ValueError as error:
        raise EvaluationError("this text is no network", code="expr.ip", hint='write "10.0.0.0/8"') from error


def _is_private(_: Frame, value: str | IPv4Address | IPv6Address) -> bool:
    return is_private_address(read_address(value))


def is_private_address(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address is one that sites use for themselves; see `_PRIVATE` for where that is said."""
    return any(address in network for network in _PRIVATE)


def _is_in_network(_: Frame, value: str | IPv4Address | IPv6Address, network: str) -> bool:
    return read_address(value) in _read_network(network)


def _is_in_any_network(frame: Frame, value: str | IPv4Address | IPv6Address, networks: list[Value]) -> bool:
    frame.spend(len(networks) * 4)
    address = read_address(value)
    for network in networks:
        if not isinstance(network, str):
            raise EvaluationError(f"`in_any_cidr()` wants a list of strings; it holds {describe(network)}")
    return any(address in _read_network(network) for network in networks if isinstance(network, str))


def _get_domain(_: Frame, text: str) -> str:
    """Return the host of a URL, or what stands behind the @ of a mail address, in lower case.

    As browsers do (https://url.spec.whatwg.org/), a backslash ends the host like a slash, so an @ behind it names no
    other host; what stands before an @ in the host's place is a user's name.
    """
    plain = _BREAKS.sub("", text).strip().rstrip(">")
    _scheme, is_url, rest = plain.partition("://")
    authority = _HOST_END.split(rest.lstrip("/\\"), maxsplit=1)[0] if is_url else plain
    host = authority.rpartition("@")[2]
    found = _HOST.match(host)
    if found is None or len(found[0]) > _MAX_HOST or not (is_url or found.end() == len(host)):
        raise EvaluationError("this text is neither a mail address, a URL nor a domain", code="expr.domain")
    return found[0].strip("[]").rstrip(".").lower()


def _extract_urls(frame: Frame, text: str) -> list[Value]:
    """Return the web addresses in a text, in order, each as often as it occurs."""
    frame.spend(len(text) >> 3)
    return [*find_urls(text)]


def find_urls(text: str) -> Iterator[str]:
    """Yield the web addresses in a text, in order, each as often as it occurs."""
    return (_trim_url(found[0]) for found in _URL.finditer(text))


def _trim_url(url: str) -> str:
    """Cut off the punctuation of the sentence around it; a bracket stays if it was opened inside."""
    unopened = {closing: url.count(closing) - url.count(opening) for closing, opening in _PAIRS.items()}
    end = len(url)
    while (last := url[end - 1]) in _TRAILING or unopened.get(last, 0) > 0:
        if last in unopened:
            unopened[last] -= 1
        end -= 1
    return url[:end]


def _extract_ips(frame: Frame, text: str) -> list[Value]:
    """Return the addresses in a text in their usual form, in order, each as often as it occurs."""
    frame.spend(len(text) >> 2)
    return [str(address) for address in find_addresses(text)]


def find_addresses(text: str) -> Iterator[IPv4Address | IPv6Address]:
    """Yield the addresses in a text, in order, each as often as it occurs; the unspecified one is none."""
    for match in _ADDRESS.finditer(text):
        found = match[0]
        address = parse_address(found if found.endswith("::") else found.rstrip(":"))
        if address is not None and not address.is_unspecified:
            yield address


def _defang(frame: Frame, text: str) -> str:
    """Make addresses in a text unclickable: `hxxps://evil[.]example`. What is so already stays as it is."""
    plain = _refang(frame, text)
    frame.spend(_count(plain, (".", "@", "://")))
    return _SCHEME.sub(r"hxxp\1", plain).replace(".", "[.]").replace("@", "[@]")


def _refang(frame: Frame, text: str) -> str:
    """Undo the ways in which people defang addresses."""
    frame.spend((len(text) >> 3) + 2 * _count(text, ("[", "(", "{")))
    return undo_defanging(text)


def undo_defanging(text: str) -> str:
    """Return a text with its addresses as they were before people made them unclickable."""
    for pattern, replacement in _REFANG:
        text = pattern.sub(replacement, text)
    return text


def _count(text: str, parts: Sequence[str]) -> int:
    return sum(map(text.count, parts))


FUNCTIONS: Final = (
    Function("ip", (STRING | IP,), StaticType.IP, lambda _, value: read_address(value), cost=COSTLY),
    Function("is_private", (STRING | IP,), StaticType.BOOL, _is_private, cost=2 * COSTLY),
    Function("in_cidr", (STRING | IP, STRING), StaticType.BOOL, _is_in_network, cost=COSTLY),
    Function("in_any_cidr", (STRING | IP, LIST), StaticType.BOOL, _is_in_any_network, cost=COSTLY),
    Function("domain", (STRING,), StaticType.STRING, _get_domain, cost=COSTLY),
    Function("extract_urls", (STRING,), StaticType.LIST, _extract_urls, cost=COSTLY),
    Function("extract_ips", (STRING,), StaticType.LIST, _extract_ips, cost=2 * COSTLY),
    Function("defang", (STRING,), StaticType.STRING, _defang, cost=COSTLY),
    Function("refang", (STRING,), StaticType.STRING, _refang, cost=COSTLY),
)
