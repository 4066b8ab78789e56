"""The lists that people keep."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from soar.sdk import Arguments, Connector, Context, Duration, Effect, Output, Repeat, action

_LONGEST_STAY = timedelta(days=3650)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$"), Field(description="Name of the list.")]
Value = Annotated[
    str, StringConstraints(min_length=1, max_length=1000), Field(description="Address, network, domain or text.")
]
Stay = Annotated[Duration, Field(gt=timedelta(), le=_LONGEST_STAY)]


class Sought(Arguments):
    """A value that may be on a list."""

    list: Name
    value: Value


class Wanted(Arguments):
    """A value that is to stand on a list."""

    list: Name
    value: Value
    note: str = Field(default="", max_length=1000, description="Why, for people.")
    expires: Stay | None = Field(default=None, description="How long it stands there; without it, until removed.")


class Unwanted(Arguments):
    """A value that is to be taken off a list."""

    list: Name
    value: Value
    id: str | None = Field(default=None, description="The one entry that may go; without it, whoever put it there.")


class Entry(Output):
    """A value on a list."""

    value: str
    note: str
    added_by: str = Field(description="`user:…`, `run:…` or `system:…`.")
    added_at: datetime
    expires_at: datetime | None


class Answer(Output):
    """Whether a value is on a list."""

    found: bool
    entry: Entry | None = Field(description="The closest entry that covers the value.")


class Addition(Output):
    """What came of adding."""

    id: str = Field(description="Id of the entry, or what it would have been.")
    added: bool = Field(description="Whether it stands there; else another stood there that lasts as long.")


class Removal(Output):
    """What came of removing."""

    removed: bool = Field(description="Whether it was there.")


class ValueLists(Connector):
    """Looks values up, and changes lists."""

    @action(title="Look a value up in a list", effect=Effect.READ, repeat=Repeat.SAFE)
    async def contains(self, ctx: Context, arguments: Sought) -> Answer:
        """Find the closest entry that covers a value."""
        entry = await ctx.lists.find(arguments.list, arguments.value)
        if entry is None:
            return Answer(found=False, entry=None)
        shown = Entry(
            value=entry.value,
            note=entry.note,
            added_by=entry.added_by,
            added_at=entry.added_at,
            expires_at=entry.expires_at,
        )
        return Answer(found=True, entry=shown)

    @action(
        title="Put a value on a list",
        effect=Effect.WRITE,
        repeat=Repeat.SAFE,
        undo="remove",
        undo_arguments={"list": "with.list", "value": "with.value", "id": "output.id"},
        targets="value",
    )
    async def add(self, ctx: Context, arguments: Wanted) -> Addition:
        """Add an entry; where the value stands there already, what lasts longer stays."""
        added = await ctx.lists.add(
            arguments.list,
            arguments.value,
            key=ctx.idempotency_key,
            note=arguments.note,
            lasts=arguments.expires,
        )
        return Addition(id=added.id, added=added.is_new)

    @action(title="Take a value off a list", effect=Effect.WRITE, repeat=Repeat.SAFE)
    async def remove(self, ctx: Context, arguments: Unwanted) -> Removal:
        """Remove an entry; a wider one that covers the value stays."""
        return Removal(removed=await ctx.lists.remove(arguments.list, arguments.value, only=arguments.id))
