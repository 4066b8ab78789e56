"""Credentials: values go in, names come out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr

from soar.api.schemas.base import Incoming, Name
from soar.model.secret import CredentialVersion


class CredentialSent(Incoming):
    """A credential's new value, and the hosts it may be sent to; none means those of its connection."""

    value: SecretStr
    hosts: Annotated[tuple[Name, ...], Field(max_length=100)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialView:
    """A credential, without its value, which nobody can read back."""

    name: str
    version: int
    hosts: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialPage:
    """All credentials, by name."""

    items: tuple[CredentialView, ...]
    next: str | None


def view_credential(version: CredentialVersion) -> CredentialView:
    """Return a credential's newest version without its value."""
    return CredentialView(
        name=version.name, version=version.version, hosts=version.hosts, created_at=version.created_at
    )
