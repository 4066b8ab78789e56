"""Typed values found in alerts."""

from enum import StrEnum


class ObservableKind(StrEnum):
    """What an observable is; the value is its key among an alert's entities."""

    IP = "ips"
    DOMAIN = "domains"
    URL = "urls"
    HASH = "hashes"
    EMAIL = "emails"
    USER = "users"
    HOST = "hosts"
