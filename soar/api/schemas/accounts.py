"""Making and changing accounts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, SecretStr

from soar.api.schemas.base import Incoming, Name, Text
from soar.api.schemas.factors import Password
from soar.api.schemas.people import UserView
from soar.model.identity import UserKind

_LONGEST_CODE = 64

Roles = Annotated[frozenset[Name], Field(max_length=50)]


class AccountWanted(Incoming):
    """An account to make; a program has an `owner`, who answers for it."""

    name: Name
    email: Name
    roles: Roles = frozenset()
    kind: UserKind = UserKind.PERSON
    owner: Name | None = None
    until: AwareDatetime | None = None


class RolesWanted(Incoming):
    """All the roles that an account is to have."""

    roles: Roles


class DisableWanted(Incoming):
    """Why."""

    reason: Text | None = None


class EnableWanted(Incoming):
    """Until when; null is no end."""

    until: AwareDatetime | None = None


class ResetWanted(Incoming):
    """Whether the second factors go, too, as the person has lost them."""

    factors: bool = False


class PasswordWanted(Incoming):
    """One's present password, and the new one."""

    present: Password
    password: Password


class PasswordChosen(Incoming):
    """The code of an invitation, and the password that the invited person chose."""

    code: Annotated[SecretStr, Field(min_length=1, max_length=_LONGEST_CODE)]
    password: Password


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An account; `code`, shown this once, sets a person's password until `expires_at`. Null for a program."""

    user: UserView
    code: str | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationTaken:
    """Whose password was set."""

    name: str
