"""What may send alerts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, assert_never

from pydantic import Field, SecretStr

from soar.api.schemas.base import Incoming, Name
from soar.ingest.authentication import Basic, Bearer, Certificate, ClientState, Ed25519, Hmac, Recipe, Sns
from soar.ingest.bodies.rule import Format
from soar.ingest.source import Source

LONGEST_OVERLAP: Final = 30 * 24
"""Hours for which two keys may be good."""


class SourceKeyWanted(Incoming):
    """Which key changes, what it becomes, and for how many hours the one before is good, too.

    Without a credential it is the source's first; without a value one is made.
    """

    credential: Name | None = None
    value: SecretStr | None = None
    former_hours: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP)] = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source; `auth` is how it proves itself, `credentials` are names in the vault."""

    id: str
    description: str
    auth: str
    credentials: tuple[str, ...]
    format: Format
    hook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKeyMade:
    """A source's new key; the text is shown this once, and only if it was made here.

    Attributes:
        former_until: until when the key before is good, too; None if there was none.
    """

    source: str
    credential: str
    version: int
    former_until: datetime | None
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """All sources, by id."""

    items: tuple[SourceView, ...]
    next: str | None


def view_source(source: Source, url: str) -> SourceView:
    """Return a source and the address that it sends to; `url` is how people reach us."""
    return SourceView(
        id=source.id,
        description=source.description,
        auth=_name_recipe(source.recipe),
        credentials=source.recipe.secrets,
        format=source.format,
        hook=f"{url}/hooks/{source.id}",
    )


def _name_recipe(recipe: Recipe) -> str:
    match recipe:
        case Hmac():
            name = f"hmac in {recipe.header}"
        case Ed25519():
            name = f"ed25519 in {recipe.header}"
        case Bearer(scheme="bearer"):
            name = "bearer"
        case Bearer():
            name = f"token in {recipe.header}"
        case Basic():
            name = "basic"
        case Certificate():
            name = f"client certificate in {recipe.header}"
        case ClientState():
            name = "client state in the body"
        case Sns():
            name = "signature of Amazon SNS in the body"
        case _:
            assert_never(recipe)
    return name
