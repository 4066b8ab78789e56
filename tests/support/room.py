"""A service with one chat connected, and people in both."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from soar.approvals.chat_desk import ChatDesk
from soar.approvals.delivery import CardDelivery
from soar.approvals.platform import Office, Platform
from soar.approvals.service import ApprovalService
from soar.model.approval import Approval
from soar.model.chat import ChatAccount
from soar.model.process import ActionHost
from soar.model.secret import Secret
from soar.policy import DEFAULT_POLICY
from soar.store import Store
from tests.support.chat import make_chat_desk
from tests.support.clock import START, SteppedClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.randomness import SeededRandomness
from tests.support.world import WORKSPACE, RecordingAnnouncer, open_peopled_store


@dataclass
class Room:
    """What every chat's test begins with.

    Attributes:
        reported: what could not be done, by the approval's id.
    """

    platform: Platform
    store: Store
    clock: SteppedClock
    office: Office
    approvals: ApprovalService
    delivery: CardDelivery
    desk: ChatDesk
    reported: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, approval: Approval) -> None:
        """Ask a question, and deliver its card."""
        await self.store.write(WORKSPACE, lambda unit: unit.approvals.add(approval))
        await self.delivery.deliver()

    async def link(self, account: str, user: str) -> None:
        """Link an account to a person."""
        linked = ChatAccount(
            platform=self.platform.connection, team=self.platform.team, account=account, user=user, linked_at=START
        )
        await self.store.write(WORKSPACE, lambda unit: unit.chat_accounts.link(linked))

    async def approval(self) -> Approval:
        """Return the question as it is now."""
        found = await self.store.read(WORKSPACE, lambda unit: unit.approvals.get("ap_1"))
        assert found is not None
        return found

    async def events(self, kind: str) -> list[Any]:
        """Return what the audit says, the oldest first."""
        page = await self.store.read(WORKSPACE, lambda unit: unit.audit.list(2_000, type_prefix=kind))
        return [event.document for event in reversed(page.items)]

    async def advance(self, seconds: float) -> None:
        """Let time pass, and deliver what is due."""
        self.clock.advance(timedelta(seconds=seconds))
        await self.delivery.deliver()


async def open_room(platform: Platform, host: ActionHost, clock: SteppedClock) -> Room:
    """Return a service whose chat is behind a host."""
    store = await open_peopled_store(InlineDisk())
    reported: list[tuple[str, str]] = []
    office = Office(
        store=store,
        workspace=WORKSPACE,
        host=host,
        clock=clock,
        ids=SeededIds(),
        randomness=SeededRandomness(3),
        announcer=RecordingAnnouncer(),
        url="https://soar.example",
        report=lambda approval, message: reported.append((approval, message)),
    )
    approvals = ApprovalService(ids=SeededIds(), policy=DEFAULT_POLICY)
    desk = make_chat_desk(platform, office, approvals)
    return Room(platform, store, clock, office, approvals, CardDelivery(platform, office), desk, reported)


class Opener:
    """Opens one secret, as the vault does."""

    def __init__(self, text: str) -> None:
        self.secret = Secret(text)

    async def __call__(self) -> Secret:
        """Return it."""
        return self.secret
