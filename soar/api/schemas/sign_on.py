"""Logging in through an identity provider."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints

from soar.api.schemas.base import Incoming

_LONGEST_PATH = 1_000


class SignOnWanted(Incoming):
    """A login to begin.

    Attributes:
        to: the page to see afterwards: a path on this site.
        fresh: `true` if the person has to prove anew who they are.
    """

    to: Annotated[str, StringConstraints(max_length=_LONGEST_PATH, pattern=r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$")] = "/"
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnView:
    """How people can log in besides a name and a password; `name` is null where they cannot."""

    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnEnded:
    """The login has ended here; it ends at the identity provider, too, at `url`, null if there is nothing to end."""

    url: str | None
