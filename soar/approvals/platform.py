"""What is particular about a chat, for those who post cards in it and hear people there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from soar.approvals.outlet import Outlet
from soar.model.announce import Announcer
from soar.model.approval import Approval
from soar.model.clock import Clock
from soar.model.ids import Ids, Randomness
from soar.model.process import ActionAnswer, ActionCall, ActionHost
from soar.model.values import JsonValue
from soar.store import Store

_TIMEOUT = 10.0

Report = Callable[[str, str], None]
"""Is told an approval's id, and why a chat could not be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform(Outlet):
    """A chat: people decide in it, too.

    Its connector has these actions besides those of every outlet:

    - `post` (`channel`, `text`, `thread`), whose output names the `channel` and the `message`;
    - `whisper` (`channel`, `user`, `text`), which only that person sees where the platform can do so;
    - `member` (`user`), whose output has the `team` that somebody belongs to, and whether they are full members.

    Attributes:
        team: the platform's own id of the only team whose people count.
        link_command: what people type to link their account.
    """

    team: str
    link_command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What whoever speaks to a chat works with.

    Attributes:
        store: where questions, cards and accounts are.
        workspace: whose.
        host: makes the calls.
        url: how people reach us, without a slash at the end.
        report: told of calls that failed.
    """

    store: Store
    workspace: str
    host: ActionHost
    clock: Clock
    ids: Ids
    randomness: Randomness
    announcer: Announcer
    url: str
    report: Report

    async def call(
        self,
        outlet: Outlet,
        approval: Approval | None,
        name: str,
        arguments: Mapping[str, JsonValue],
        *,
        key: str | None = None,
    ) -> ActionAnswer:
        """Call an action of a chat's connector, for a question if it is about one; a failure is in the answer.

        Args:
            outlet: which chat, or what else.
            approval: the question, or None.
            name: of the action.
            arguments: what it is given.
            key: the same for every attempt at the same effect; None where there is one attempt alone.
        """
        return await self.host.call(
            ActionCall(
                workspace=self.workspace,
                run=approval.run if approval else "",
                step=approval.step if approval else "",
                action=f"{outlet.connection}.{name}",
                connection=outlet.connection,
                arguments=dict(arguments),
                secrets=(),
                effect_key=key or self.ids.new("call"),
                attempt=1,
                timeout=_TIMEOUT,
            )
        )

    def announce_decision(self, approval: Approval) -> None:
        """Say that a question has changed, to whoever looks at it."""
        for kind, subject in (("approval", approval.id), ("run", approval.run), ("message", approval.channel)):
            self.announcer.announce(self.workspace, kind, subject)
