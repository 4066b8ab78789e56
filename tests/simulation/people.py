"""What people and senders do, as a seed says: vote, answer, cancel, take back, send alerts, or nothing."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 -- the type alone; every stream is a seeded one

from soar.approvals.decide import Ballot, Refusal, shown_digest
from soar.engine.events import CancelRequested, dump_event
from soar.ingest.request import Requester
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.audit import Actor
from soar.model.errors import ConflictError, UnavailableError
from soar.model.identity import Principal
from soar.model.run import Finding, Run
from soar.store import Unit
from tests.simulation.findings import say
from tests.simulation.playbooks import CALLED, MAIN
from tests.simulation.products import Products
from tests.simulation.service import SimulatedWorld
from tests.support.builders import build_principal
from tests.support.world import PEOPLE

_ALL = 100_000
Deed = Callable[[SimulatedWorld], Awaitable[None]]


@dataclass(slots=True)
class Crowd:
    """Everybody outside.

    Attributes:
        accepted: what a sender was told is stored: the alert's id by the delivery's key.
        requested: ids of the runs that somebody was told of.
        done: how often what was done.
    """

    chance: Random
    accepted: dict[str, str] = field(default_factory=dict)
    requested: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    _sent: int = 0
    _unheard: list[tuple[str, bytes]] = field(default_factory=list)

    def pick_deed(self) -> Deed:
        """Return what happens next."""
        votes: tuple[Deed, ...] = (self.vote,) * 10
        others: tuple[Deed, ...] = (self.send, self.send, self.begin, self.answer, self.answer, self.cancel, self.lift)
        return self.chance.choice((*votes, *others, *(self.find_out,) * 6))

    async def do(self, deed: Deed, world: SimulatedWorld) -> None:
        """Do it; where the service takes nothing now, or says no, that is that."""
        try:
            await deed(world)
        except UnavailableError:
            self.done["turned away"] += 1
        except ConflictError:
            self.done["refused"] += 1

    async def send(self, world: SimulatedWorld) -> None:
        """Send an alert; one whose answer was not heard is sent again."""
        if not self._unheard:
            self._sent += 1
            labels = {"user": self.chance.choice(("eve", "mallory")), "level": str(self.chance.randint(0, 5))}
            self._unheard.append((f"key-{self._sent}", json.dumps(labels).encode()))
        key, body = self._unheard[0]
        receipt = await world.receiver.receive_from(_principal("ann"), "siem", body, key)
        self._unheard.pop(0)
        assert isinstance(receipt.answer, dict)
        self.accepted[key] = str(receipt.answer["alert"])
        self.done["repeated alert" if receipt.is_repeat else "alert"] += 1

    async def begin(self, world: SimulatedWorld) -> None:
        """Start a playbook by hand."""
        playbook = world.playbooks[self.chance.choice((MAIN, MAIN, CALLED))]
        given = {"user": "eve", "level": self.chance.randint(1, 5)}
        requester = Requester(initiator="user:u_dave", actor=Actor(kind="user", id="u_dave", name="dave", via="web"))
        at = world.clock.now()
        run = await world.write(lambda unit: world.requests.request_by_hand(unit, playbook, given, requester, at))
        self.requested.add(run.id)
        self.done["run by hand"] += 1

    async def vote(self, world: SimulatedWorld) -> None:
        """Say yes or no to a question, now and then with the wrong word or to what is not there any more."""
        asked = await self._pick_asked(world, is_question=False)
        if asked is None:
            return
        says_no = self.chance.random() < 0.15
        is_wrong = self.chance.random() < 0.1
        ballot = Ballot(
            VoteChoice.DENY if says_no else VoteChoice.APPROVE,
            "sha256:0" if is_wrong else shown_digest(asked),
            comment="as a seed wants it",
            confirm=asked.confirm,
        )
        at, voter = world.clock.now(), _principal(self.chance.choice((*PEOPLE, *("bob",) * 8, "ann", "carol")))
        outcome = await world.write(lambda unit: world.approvals.vote(unit, asked.id, voter, ballot, at))
        self.done["vote refused" if isinstance(outcome, Refusal) else f"vote {ballot.choice.value}"] += 1

    async def answer(self, world: SimulatedWorld) -> None:
        """Answer a question for facts, now and then with nonsense."""
        asked = await self._pick_asked(world, is_question=True)
        if asked is None:
            return
        given = {"mine": "perhaps"} if self.chance.random() < 0.2 else {"mine": True}
        at, voter = world.clock.now(), _principal(self.chance.choice(("ann", "bob")))
        outcome = await world.write(lambda unit: world.approvals.answer(unit, asked.id, voter, given, at))
        self.done["answer refused" if isinstance(outcome, Refusal) else "answer"] += 1

    async def cancel(self, world: SimulatedWorld) -> None:
        """Ask for a run to end."""
        at = world.clock.now()
        runs = [run for run in await world.list_runs() if not run.status.is_final]
        if runs and self.chance.random() < 0.5:
            run = self.chance.choice(runs)
            event = dump_event(CancelRequested(at=at, by="ann"))
            await world.write(lambda unit: _cancel_open(unit, run, lambda: unit.inbox.add(run.id, event, at)))
            self.done["cancel"] += 1

    async def lift(self, world: SimulatedWorld) -> None:
        """Take back a change, also one that is being taken back."""
        held = await world.held()
        if held:
            response = self.chance.choice(held)
            actor, at = Actor(kind="user", id="u_ann", name="ann", via="web"), world.clock.now()
            await world.write(
                lambda unit: world.responses.lift(
                    unit, response.id, actor=actor, initiator="user:u_ann", reason="a seed wants it", at=at
                )
            )
            self.done["lift"] += 1

    async def find_out(self, world: SimulatedWorld) -> None:
        """Say what became of a call of which nobody knows, mostly what is true."""
        assert isinstance(world.host, Products)
        doubts = world.host.watch.list_doubts()
        if not doubts:
            return
        run, record = self.chance.choice(doubts)
        has_happened = world.host.has_arrived(run, record.path)
        if self.chance.random() < 0.15:
            has_happened = not has_happened
        finding = Finding.HAPPENED if has_happened else self.chance.choice((Finding.DID_NOT, Finding.AGAIN))
        output = {"ticket": f"T-{record.path}", "count": self.chance.randint(0, 9)} if has_happened else None
        await say(world, run, record.path, finding, output)
        self.done[f"found out: {finding.value}"] += 1

    async def _pick_asked(self, world: SimulatedWorld, *, is_question: bool) -> Approval | None:
        status = None if self.chance.random() < 0.1 else ApprovalStatus.PENDING
        found = (await world.read(lambda unit: unit.approvals.list(_ALL, status=status))).items
        asked = [each for each in found if each.is_question is is_question]
        return self.chance.choice(asked) if asked else None


def _cancel_open(unit: Unit, run: Run, cancel: Callable[[], None]) -> None:
    found = unit.runs.get(run.id)
    if found is not None and not found.status.is_final:
        cancel()


def _principal(name: str) -> Principal:
    return build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]}))
