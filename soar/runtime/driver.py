"""Drives one run until it waits for somebody or ends. Memory holds nothing that matters."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from soar.engine.commands import StartAction
from soar.engine.events import Event, dump_event, load_event
from soar.engine.interpreter import advance, recover
from soar.engine.plan import Plan
from soar.engine.replay import fold
from soar.engine.retry import is_checkable, is_repeatable
from soar.engine.state import RunState
from soar.model.announce import Announcer
from soar.model.catalog import Effect
from soar.model.clock import Clock
from soar.model.errors import BugError, ConflictError, NotFoundError, UnavailableError
from soar.model.freeze import Freeze
from soar.model.run import InboxEvent, Run
from soar.model.standing import find_source
from soar.runtime.commit import Committed, Committer
from soar.runtime.executor import Answer, Executor, measure_outputs
from soar.runtime.plans import Planner
from soar.runtime.precedence import Precedence
from soar.runtime.signal import Signal
from soar.runtime.timers import TimerKeeper
from soar.store import Store, Unit

T = TypeVar("T")

_FINAL = frozenset({"store.closed", "disk_failed"})


@dataclass(slots=True)
class _Activation:
    """A run while it is being driven.

    Attributes:
        kept: bytes that the outputs of its actions have.
        signal: set when its inbox holds something, and stirred when a call has ended.
    """

    plan: Plan
    run: Run
    state: RunState
    events: deque[tuple[Event, tuple[int, ...]]]
    kept: int
    signal: Signal
    calls: dict[asyncio.Task[Answer], StartAction] = field(default_factory=dict)


class Driver:
    """Feeds runs their events and performs what they command.

    Args:
        store: where everything that matters is.
        planner: makes plans.
        committer: writes decisions down.
        executor: makes calls.
        timers: is told when the next timer may have moved.
        clock: for moments that no event brings.
        announcer: hears of what changed.

    Attributes:
        precedence: whose runs begin before others go on.
    """

    def __init__(
        self,
        *,
        store: Store,
        planner: Planner,
        committer: Committer,
        executor: Executor,
        timers: TimerKeeper,
        clock: Clock,
        announcer: Announcer,
    ) -> None:
        self._store = store
        self._planner = planner
        self._committer = committer
        self._executor = executor
        self._timers = timers
        self._clock = clock
        self._announcer = announcer
        self._is_resting = False
        self.precedence = Precedence(clock)

    def rest(self) -> None:
        """Start no call any more, for good. Answers of calls under way are still kept; runs stop where they stand."""
        self._is_resting = True

    async def drive(self, workspace: str, run_id: str, signal: Signal) -> None:
        """Drive a run until nothing is under way and its inbox is empty.

        Calls whose start is recorded and whose outcome is not were in flight when a process died: what can be repeated
        is sent again under the same effect key, what has a check is asked about, and everything else becomes an unknown
        outcome for people to settle.

        Args:
            workspace: where the run is.
            run_id: which.
            signal: set by whoever puts something into the run's inbox meanwhile.

        Raises:
            NotFoundError: there is no such run.
            ConflictError: another driver has written this run's next entry; this one stops and has changed nothing.
            UnavailableError: the store takes nothing now; the run is where it was.
            BugError: the run cannot be driven, which is our fault; it has been ended as failed.
        """
        if self._is_resting:
            return
        try:
            activation = await self._load(workspace, run_id, signal)
            try:
                await self._run(activation)
            finally:
                await _abandon(activation.calls)
        except (ConflictError, NotFoundError, UnavailableError):
            raise
        except Exception as error:
            await self._bury(workspace, run_id, error)
            raise BugError(f"{run_id} cannot go on: {error!r}") from error

    async def _bury(self, workspace: str, run_id: str, error: Exception) -> None:
        """End a run that we cannot drive, so that it fails in the open instead of hanging."""
        at = self._clock.now()
        await self._store.write(
            workspace, lambda unit: self._committer.bury(unit, run_id, f"internal: {type(error).__name__}", at)
        )
        self._announcer.announce(workspace, "run", run_id)

    async def _load(self, workspace: str, run_id: str, signal: Signal) -> _Activation:
        now = self._clock.now()

        def load(
            unit: Unit,
        ) -> tuple[Run, Plan, RunState, tuple[InboxEvent, ...], Sequence[StartAction], Sequence[Freeze]]:
            run = unit.runs.get(run_id)
            if run is None:
                raise NotFoundError(f"no run {run_id}")
            plan = self._planner.plan(unit, run)
            state = fold(unit.journal.load(run_id)) if run.sequence else RunState()
            broken_off = () if run.status.is_final else recover(plan, state, now)
            freezes = unit.freezes.list() if broken_off else ()
            return run, plan, state, unit.inbox.peek(run_id), broken_off, freezes

        run, plan, state, inbox, broken_off, freezes = await self._store.glance(workspace, load)
        if run.status.is_final:
            state = replace(state, status=run.status)  # a run that was ended without the engine stays ended
        activation = _Activation(plan, run, state, deque(), measure_outputs(plan, state), signal)
        self._queue_inbox(activation, inbox)
        answered = {(event.path, event.attempt) for event, _ in activation.events if isinstance(event, Answer)}
        for command in broken_off:
            if (command.call.step, command.attempt) in answered:
                continue
            spec, lost = plan.actions[command.call.action], self._executor.lose(command, _describe_end(command))
            if is_repeatable(spec) and not _is_frozen(plan, command, freezes):
                self._await_call(activation, command, self._executor.execute(plan, command))
            elif is_checkable(spec):
                self._await_call(activation, command, self._executor.find_out(plan, command, lost))
            else:
                activation.events.append((lost, ()))
        return activation

    async def _run(self, activation: _Activation) -> None:
        signal = activation.signal
        while True:
            if self._is_resting:
                signal.clear()
                await self._keep_answers(activation)
            elif activation.events:
                event, inbox = activation.events.popleft()
                await self._take(activation, event, inbox)
                continue
            elif signal.is_set():
                signal.clear()
                await self._fetch_inbox(activation)
                continue
            if not activation.calls:
                return
            await _await_something(activation)

    async def _keep_answers(self, activation: _Activation) -> None:
        """Put what calls answered into the inbox, for the driver that comes after us."""
        answers = [event for event, inbox in activation.events if not inbox]
        activation.events.clear()

        def keep(unit: Unit) -> None:
            for answer in answers:
                unit.inbox.add(activation.run.id, dump_event(answer), answer.at)

        if answers:
            await self._write(activation, keep, may_wait=True)

    async def _take(self, activation: _Activation, event: Event, inbox: tuple[int, ...]) -> None:
        source, is_first = find_source(activation.run.initiator), activation.run.started_at is None
        await self.precedence.give_way(source)
        event, activation.kept = self._executor.limit_run(activation.plan, event, activation.kept)
        decision = advance(activation.plan, activation.state, event)
        committed = await self._write(
            activation,
            lambda unit: self._committer.commit(unit, activation.plan, activation.run, event, decision, inbox),
            may_wait=not inbox,
        )
        activation.run, activation.state = committed.run, decision.state
        if is_first:
            self.precedence.end(source)
        await self.precedence.give_way(source)
        for command in committed.calls:
            self._await_call(activation, command, self._executor.execute(activation.plan, command))
        self._tell(activation, committed)

    async def _write(self, activation: _Activation, work: Callable[[Unit], T], *, may_wait: bool) -> T:
        """Write, and wait for a store that takes nothing now where giving up would lose an answer that only we know."""
        while True:
            try:
                return await self._store.write(activation.plan.workspace, work)
            except UnavailableError as error:
                if error.code in _FINAL or not (may_wait or activation.calls):
                    raise
                await self._clock.sleep(error.retry_after)

    def _await_call(self, activation: _Activation, command: StartAction, answer: Coroutine[None, None, Answer]) -> None:
        call = asyncio.create_task(answer, name=command.effect_key)
        call.add_done_callback(lambda _: activation.signal.stir())
        activation.calls[call] = command

    async def _fetch_inbox(self, activation: _Activation) -> None:
        inbox = await self._store.glance(activation.plan.workspace, lambda unit: unit.inbox.peek(activation.run.id))
        self._queue_inbox(activation, inbox)

    def _queue_inbox(self, activation: _Activation, inbox: tuple[InboxEvent, ...]) -> None:
        """Take up what the inbox holds, as of now: after an outage a question must not expire before it is asked."""
        now = self._clock.now()
        for found in inbox:
            event = load_event(found.event)
            activation.events.append((replace(event, at=max(event.at, now)), (found.id,)))

    def _tell(self, activation: _Activation, committed: Committed) -> None:
        for due_at in committed.timers:
            self._timers.kick(due_at)
        workspace = activation.plan.workspace
        self._announcer.announce(workspace, "run", activation.run.id)
        for approval in committed.approvals:
            self._announcer.announce(workspace, "approval", approval)
        for response in committed.responses:
            self._announcer.announce(workspace, "response", response)
        for freeze in committed.freezes:
            self._announcer.announce(workspace, "freeze", freeze)


def _is_frozen(plan: Plan, command: StartAction, freezes: Sequence[Freeze]) -> bool:
    """Whether a call is stopped; what was under way is then tried again as any other attempt, and meets the freeze."""
    call = command.call
    is_read = plan.actions[call.action].effect is Effect.READ
    return not is_read and any(freeze.covers(call.action, call.connection) for freeze in freezes)


async def _await_something(activation: _Activation) -> None:
    """Wait for an answer or for the signal, and take up the answers that are there."""
    if not any(call.done() for call in activation.calls):
        await activation.signal.wait()
    for call in [call for call in activation.calls if call.done()]:
        del activation.calls[call]
        activation.events.append((call.result(), ()))


async def _abandon(calls: dict[asyncio.Task[Answer], StartAction]) -> None:
    """Let go of calls that nobody will hear the answer of; their intent is durable, so recovery finds them."""
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


def _describe_end(command: StartAction) -> str:
    return f"the server stopped while {command.call.action} was under way; it may or may not have happened"
