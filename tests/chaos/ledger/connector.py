"""Writes notes that a product keeps once for each key."""

from pydantic import Field

from soar.sdk import Arguments, Connector, Context, Effect, Output, Repeat, action


class Note(Arguments):
    """What to write down."""

    number: int = Field(description="Number of the alert.")


class Noted(Output):
    """What the product made of it."""

    receipt: str = Field(description="The product's own name for the note.")


class Ledger(Connector):
    """Keeps notes."""

    @action(title="Write a note", effect=Effect.WRITE, repeat=Repeat.KEYED)
    async def note(self, ctx: Context, arguments: Note) -> Noted:
        """Write a note; the same key writes it once."""
        response = await ctx.http.post(f"{ctx.settings['url']}/note/{arguments.number}")
        return Noted(receipt=ctx.check(response).json()["receipt"])
