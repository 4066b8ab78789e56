"""Credentials: values go in, names come out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from soar.api.schemas.base import Incoming, Name
from soar.model.secret import CredentialVersion
from soar.vault.references import LONGEST_REFERENCE


class CredentialSent(Incoming):
    """A credential's new value or where it is kept, and the hosts it may be sent to; none means its connection's."""

    value: SecretStr | None = None
    reference: Annotated[str | None, Field(max_length=LONGEST_REFERENCE)] = None
    hosts: Annotated[tuple[Name, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.value is None) == (self.reference is None):
            raise ValueError("give a value or a reference")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialView:
    """A credential, without its value, which nobody can read back."""

    name: str
    version: int
    hosts: tuple[str, ...]
    is_reference: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialPage:
    """All credentials, by name."""

    items: tuple[CredentialView, ...]
    next: str | None


def view_credential(version: CredentialVersion) -> CredentialView:
    """Return a credential's newest version without its value."""
    return CredentialView(
        name=version.name,
        version=version.version,
        hosts=version.hosts,
        is_reference=version.is_reference,
        created_at=version.created_at,
    )
