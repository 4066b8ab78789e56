"""What may send alerts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, assert_never

from pydantic import Field, SecretStr

from soar.api.schemas.base import Incoming, Name
from soar.ingest.authentication import Basic, Bearer, Certificate, ClientState, Ed25519, Hmac, Recipe, Sns
from soar.ingest.bodies.rule import Format
from soar.ingest.source import Source
from soar.model.poll import Poll, Poller

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
class PollView:
    """How a source is polled, and how that goes; `fault` is why it last failed, null once it has worked again."""

    trigger: str
    connection: str
    polled_at: datetime | None
    stored_at: datetime | None
    due_at: datetime | None
    failures: int
    fault: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source; `auth` is how it proves itself, `credentials` are names in the vault.

    One that is polled, as `poll` says, has no hook: nobody can post in its place.
    """

    id: str
    description: str
    auth: str
    credentials: tuple[str, ...]
    format: Format
    hook: str | None
    poll: PollView | None


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


def view_source(source: Source, url: str, poller: Poller | None) -> SourceView:
    """Return a source and the address that it sends to.

    Args:
        source: as it is set up.
        url: how people reach us.
        poller: how far it has come, if it is polled.
    """
    return SourceView(
        id=source.id,
        description=source.description,
        auth=_name_recipe(source.recipe) if source.poll is None else "polled",
        credentials=source.recipe.secrets,
        format=source.format,
        hook=f"{url}/hooks/{source.id}" if source.poll is None else None,
        poll=_view_poll(source.poll, poller or Poller(source=source.id)) if source.poll is not None else None,
    )


def _view_poll(poll: Poll, poller: Poller) -> PollView:
    return PollView(
        trigger=poll.trigger,
        connection=poll.connection,
        polled_at=poller.polled_at,
        stored_at=poller.stored_at,
        due_at=poller.due_at,
        failures=poller.failures,
        fault=poller.fault,
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
            name = f"client certificate in {recipe.header}" if recipe.proxies else "client certificate"
        case ClientState():
            name = "client state in the body"
        case Sns():
            name = "signature of Amazon SNS in the body"
        case _:
            assert_never(recipe)
    return name
