"""Typed values found in alerts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class ObservableKind(StrEnum):
    """What an observable is; the value is its key among an alert's entities."""

    IP = "ips"
    DOMAIN = "domains"
    URL = "urls"
    HASH = "hashes"
    EMAIL = "emails"
    USER = "users"
    HOST = "hosts"
    FILE = "files"
    CVE = "cves"


class ObservableType(StrEnum):
    """What an observable is, as closely as its shape tells."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    DOMAIN = "domain"
    URL = "url"
    EMAIL = "email"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    USER = "user"
    HOST = "host"
    FILE = "file"
    CVE = "cve"

    @property
    def kind(self) -> ObservableKind:
        """The key it goes under among an alert's entities."""
        match self:
            case ObservableType.IPV4 | ObservableType.IPV6:
                return ObservableKind.IP
            case ObservableType.MD5 | ObservableType.SHA1 | ObservableType.SHA256:
                return ObservableKind.HASH
            case ObservableType.DOMAIN:
                return ObservableKind.DOMAIN
            case ObservableType.URL:
                return ObservableKind.URL
            case ObservableType.EMAIL:
                return ObservableKind.EMAIL
            case ObservableType.USER:
                return ObservableKind.USER
            case ObservableType.HOST:
                return ObservableKind.HOST
            case ObservableType.FILE:
                return ObservableKind.FILE
            case ObservableType.CVE:
                return ObservableKind.CVE
            case _:
                assert_never(self)


class Scope(StrEnum):
    """Where an address means something."""

    PUBLIC = "public"
    PRIVATE = "private"
    RESERVED = "reserved"


@dataclass(frozen=True, slots=True)
class Observable:
    """One value with its type.

    Attributes:
        value: in the one form in which it is compared: addresses as RFC 5952 writes them; domains, e-mail addresses
            and hashes in lower case, CVE ids in upper case; the rest as it was found.
        scope: of an address, and of a URL whose host is one; None for the rest. Private is what a site may use for
            itself (RFC 1918, RFC 4193, RFC 6598, loopback and link-local); reserved is what no host has, such as
            addresses for documentation and multicast.
    """

    type: ObservableType
    value: str
    scope: Scope | None = None
