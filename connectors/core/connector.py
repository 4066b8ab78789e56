"""What the engine does by itself, described as actions so that it is checked, gated and documented as all others."""

from pydantic import Field

from soar.sdk import ActionInputError, Arguments, Connector, Context, Effect, Output, Repeat, action


class Undo(Arguments):
    """What is taken back."""

    step: str = Field(min_length=1, description="Id of an earlier step; of a group, everything inside it is meant.")
    reason: str | None = Field(default=None, description="Why, for the record.")


class Failed(Output):
    """A change that still stands."""

    step: str = Field(description="Id of the step that made it; `#` and the element's index in a `foreach`.")
    message: str = Field(description="Why it could not be taken back.")


class Undone(Output):
    """What came of it."""

    lifted: int = Field(description="How many changes were taken back; 0 where the step holds none.")
    failed: list[Failed] = Field(description="Those that were not.")


class Core(Connector):
    """Describes what the engine does."""

    @action(title="Take back what a step did", effect=Effect.WRITE, repeat=Repeat.SAFE)
    async def undo(self, _ctx: Context, arguments: Undo) -> Undone:
        """Refuse: only a run knows what its steps hold, and the engine takes it back without calling this."""
        raise ActionInputError(
            f"`{arguments.step}` is no step outside of a run", hint="use core.undo as a step of a playbook"
        )
