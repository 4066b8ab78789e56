"""Drives the pure engine by hand: scripted answers in, commands and journal out, invariants checked at every event."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from soar.engine.commands import (
    Command,
    FinishRun,
    LiftResponse,
    RequestAnswer,
    RequestApproval,
    StartAction,
    StartRun,
    StartTimer,
)
from soar.engine.events import (
    ActionFailed,
    ActionSucceeded,
    ApprovalDecided,
    Event,
    LiftEnded,
    OutcomeSettled,
    OutcomeUnknown,
    RunEnded,
    TimerFired,
    dump_event,
    load_event,
)
from soar.engine.interpreter import Decision, advance, start
from soar.engine.plan import Plan, Program
from soar.engine.replay import fold
from soar.engine.state import RunState
from soar.model.catalog import ActionSpec, Effect, Repeat
from soar.model.run import Finding, JournalEntry, Mode, StepStatus
from soar.model.values import Value
from soar.playbook import parse_playbook

START = datetime.fromisoformat("2026-11-21T09:00:00+00:00")


def spec(name: str, effect: Effect = Effect.READ, repeat: Repeat = Repeat.SAFE, **more: object) -> ActionSpec:
    connector, _, action = name.partition(".")
    return ActionSpec(
        connector=connector, name=action, title=name, effect=effect, repeat=repeat, parameters={}, result={}, **more
    )


ACTIONS = {
    action.full_name: action
    for action in (
        spec("crm.find"),
        spec("crm.note", Effect.WRITE, Repeat.KEYED),
        spec("crm.page", Effect.WRITE, Repeat.UNSAFE),
        spec("core.undo", Effect.WRITE),
        spec(
            "crm.lock",
            Effect.DESTRUCTIVE,
            Repeat.UNSAFE,
            undo="unlock",
            undo_arguments={"user": "with.user", "ticket": "output.ticket"},
            targets="user",
        ),
    )
}


class Interpretation:
    """One run of a playbook's text, event by event."""

    def __init__(
        self,
        text: str,
        *,
        inputs: Mapping[str, Value] | None = None,
        mode: Mode = Mode.LIVE,
        jitter: float = 1.0,
        actions: Mapping[str, ActionSpec] = ACTIONS,
    ) -> None:
        playbook, findings = parse_playbook(text, playbook_id="tried", file="tried.yaml")
        assert playbook is not None, findings
        self.plan = Plan(
            workspace="default",
            run="run_1",
            url="http://127.0.0.1/runs/run_1",
            program=Program(playbook),
            inputs=inputs or {},
            alert=None,
            config={},
            mode=mode,
            initiator="user:u_1",
            case=None,
            created_at=START,
            actions=actions,
        )
        self.now = START
        self.jitter = jitter
        self.entries: list[JournalEntry] = []
        self.commands: list[Command] = []
        self.pending: list[Command] = []
        self.state = RunState()
        self._accept(start(self.plan, START), None)

    def send(self, event: Event) -> list[Command]:
        """Give the engine an event and return what it commanded."""
        assert load_event(dump_event(event)) == event
        return self._accept(advance(self.plan, self.state, event), event)

    def _accept(self, decision: Decision, event: Event | None) -> list[Command]:
        if decision.changes is not None:
            entry = JournalEntry(
                sequence=decision.state.sequence,
                at=self.now,
                event=dump_event(event) if event else None,
                changes=decision.changes,
            )
            self.entries.append(entry)
        self.state = decision.state
        assert fold(self.entries) == self.state, "the journal does not give the state"
        self.commands.extend(decision.commands)
        self.pending.extend(decision.commands)
        return list(decision.commands)

    def tick(self, **passed: float) -> datetime:
        self.now += timedelta(**(passed or {"seconds": 1}))
        return self.now

    def take(self, kind: type[Command], label: str = "") -> Command:
        """Take the first pending command of a kind, and of an action if one is named."""
        for command in self.pending:
            if isinstance(command, kind) and (
                not label or (isinstance(command, StartAction) and command.call.action == label)
            ):
                self.pending.remove(command)
                return command
        raise AssertionError(f"no {kind.__name__} {label} among {self.pending}")

    def answer(self, action: str, output: Value = None) -> list[Command]:
        command = self.take(StartAction, action)
        assert isinstance(command, StartAction)
        return self.send(
            ActionSucceeded(at=self.tick(), path=command.call.step, attempt=command.attempt, output=output)
        )

    def refuse(
        self, action: str, code: str = "invalid", *, retry_after: float | None = None, is_unsent: bool = False
    ) -> list[Command]:
        command = self.take(StartAction, action)
        assert isinstance(command, StartAction)
        return self.send(
            ActionFailed(
                at=self.tick(),
                path=command.call.step,
                attempt=command.attempt,
                code=code,
                message="no",
                jitter=self.jitter,
                retry_after=retry_after,
                is_unsent=is_unsent,
            )
        )

    def lose(self, action: str, *, patience: float = 0.0) -> list[Command]:
        command = self.take(StartAction, action)
        assert isinstance(command, StartAction)
        lost = OutcomeUnknown(
            at=self.tick(), path=command.call.step, attempt=command.attempt, message="cut off", patience=patience
        )
        return self.send(lost)

    def find_out(
        self, path: str, finding: Finding, *, output: Value = None, attempt: int = 1, is_asked_anew: bool = False
    ) -> list[Command]:
        """Let carol say what a call did."""
        settled = OutcomeSettled(
            at=self.tick(),
            path=path,
            attempt=attempt,
            finding=finding.value,
            by="carol",
            reason="seen there",
            output=output,
            is_asked_anew=is_asked_anew,
        )
        return self.send(settled)

    def fire(self, prefix: str) -> list[Command]:
        """Fire the first pending timer whose id begins so, at its moment."""
        for command in self.pending:
            if isinstance(command, StartTimer) and command.timer.startswith(prefix):
                self.pending.remove(command)
                self.now = command.due_at
                return self.send(TimerFired(at=self.now, timer=command.timer))
        raise AssertionError(f"no timer {prefix} among {self.pending}")

    def decide(self, outcome: str, comment: str | None = None) -> list[Command]:
        asked = self.take(RequestApproval)
        assert isinstance(asked, RequestApproval)
        return self.send(
            ApprovalDecided(
                at=self.tick(),
                path=asked.path,
                approval=asked.approval,
                outcome=outcome,
                digest=asked.digest,
                comment=comment,
            )
        )

    def reply(self, outcome: str = "answered", **answers: Value) -> list[Command]:
        asked = self.take(RequestAnswer)
        assert isinstance(asked, RequestAnswer)
        return self.send(
            ApprovalDecided(
                at=self.tick(),
                path=asked.path,
                approval=asked.approval,
                outcome=outcome,
                digest="",
                answers=answers,
            )
        )

    def end_child(self, status: str, outputs: Value = None) -> list[Command]:
        child = self.take(StartRun)
        assert isinstance(child, StartRun)
        return self.send(
            RunEnded(at=self.tick(), path=child.call.step, run=child.run, status=status, outputs=outputs, reason="so")
        )

    def lift(self, fault: str | None = None) -> list[Command]:
        """End the lift that a step waits for."""
        command = self.take(LiftResponse)
        assert isinstance(command, LiftResponse)
        return self.send(LiftEnded(at=self.tick(), path=command.held, is_lifted=fault is None, reason=fault))

    def started(self) -> list[str]:
        """Return the actions that have been started and not yet answered, in order."""
        return [command.call.action for command in self.pending if isinstance(command, StartAction)]

    def status(self, name: str) -> str:
        record = self.state.records.get(self.plan.program.paths[name])
        return (record.status if record else StepStatus.PENDING).value

    @property
    def finish(self) -> FinishRun:
        """The command that ended the run."""
        (found,) = [command for command in self.commands if isinstance(command, FinishRun)]
        return found
