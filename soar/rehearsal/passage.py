"""One alert taken through one playbook revision: the run is started, people decide as assumed, and time passes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from soar.approvals.decide import Ballot, Refusal
from soar.approvals.parts import confirmation_of
from soar.engine.action import targets_of
from soar.engine.plan import Program
from soar.engine.replay import fold
from soar.model.alert import Alert
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.catalog import ActionSpec, Connection
from soar.model.errors import BugError
from soar.model.identity import User
from soar.model.playbook import Playbook
from soar.model.run import Mode, Run, RunStatus, StepRecord, StepStatus
from soar.model.step import UseAction
from soar.model.values import JsonValue
from soar.registry.load import LoadedConnector
from soar.rehearsal.answers import AnsweringHost, Origin, simulate
from soar.rehearsal.assumptions import Decide
from soar.rehearsal.clock import run_virtual
from soar.rehearsal.history import History
from soar.rehearsal.outcome import Call, Ending, Outcome, Question
from soar.rehearsal.people import gather_people
from soar.rehearsal.stage import Site, Stage, log_in, open_stage
from soar.rehearsal.start import start_run
from soar.rehearsal.suite import AlertStart, Expectation, Test
from soar.store import Unit

_PAUSE = timedelta(minutes=1)
_EVERYTHING = 10_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A playbook revision, checked, and the document it was read from."""

    playbook: Playbook
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """What stands behind actions, none of which is ever reached.

    Attributes:
        connectors: loaded, by id.
        connections: by id; their connectors' simulators answer.
    """

    connectors: Mapping[str, LoadedConnector]
    connections: Mapping[str, Connection]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a question will be answered; `choice` None means not at all."""

    choice: VoteChoice | None
    after: timedelta = _PAUSE
    is_recorded: bool = False


_PLANS = {
    Decide.APPROVE: _Plan(VoteChoice.APPROVE),
    Decide.DENY: _Plan(VoteChoice.DENY),
    Decide.SILENCE: _Plan(None),
    Decide.RECORDED: _Plan(VoteChoice.APPROVE),
}
_CHOICES = {ApprovalStatus.APPROVED: VoteChoice.APPROVE, ApprovalStatus.DENIED: VoteChoice.DENY}


def pass_alert(
    alert: Alert, candidate: Candidate, site: Site, products: Products, history: History, decide: Decide
) -> Outcome:
    """Return what a revision would have done with an alert that it takes, in virtual time from when it was received.

    Args:
        alert: matches a trigger, and is no duplicate.
        candidate: the revision.
        site: connectors, policy and settings.
        products: are simulated where the history has no answer.
        history: what may be answered and decided as it was at the time.
        decide: what people do.
    """
    return run_virtual(_pass_alert(alert, candidate, site, products, history, decide))


async def _pass_alert(
    alert: Alert, candidate: Candidate, site: Site, products: Products, history: History, decide: Decide
) -> Outcome:
    start, playbook = alert.received_at, candidate.playbook
    simulators = simulate(products.connectors, products.connections, start)
    host = AnsweringHost(history, simulators, site.catalog, start)
    stage, store = await open_stage(site, host, host.call_playbook, start)
    test = Test(name=alert.id, line=0, start=AlertStart(alert), expect=Expectation())
    people = gather_people(test, playbook, site.policy, start)
    try:
        started = await stage.write(
            lambda unit: start_run(unit, stage.requests, test, playbook, candidate.text, people, site, start)
        )
        if started.run is None:
            return Outcome(ending=Ending.REJECTED, reason=started.reason)
        passage = _Passage(stage, host, people, history, decide)
        await passage.play(started.run)
        return await passage.collect(started.run, playbook, site)
    finally:
        await store.close()


class _Passage:
    """One run on its way."""

    def __init__(
        self, stage: Stage, host: AnsweringHost, people: Sequence[User], history: History, decide: Decide
    ) -> None:
        self._stage = stage
        self._host = host
        self._people = people
        self._history = history
        self._decide = decide
        self._plans: dict[str, _Plan] = {}

    async def play(self, run: str) -> None:
        """Let everything happen until the run is over, or nothing is left that time would bring."""
        await self._stage.settle()
        while await self._go_on(run):
            pass

    async def _go_on(self, run: str) -> bool:
        """Let the next thing happen; return whether there was any."""
        status, questions = await self._stage.read(lambda unit: (_get_run(unit, run).status, _list_asked(unit, run)))
        if status.is_final:
            return False
        timers = await self._stage.list_timers()
        upcoming = self._find_vote(questions)
        if upcoming is not None and not (timers and timers[0].due_at <= upcoming[0]):
            moment, question, choice = upcoming
            await self._stage.pass_time(moment)
            await self._stage.write(lambda unit: self._vote(unit, question, choice))
            await self._stage.settle()
            return True
        if timers:
            await self._stage.pass_time(timers[0].due_at)
        return bool(timers)

    def _find_vote(self, questions: Sequence[Approval]) -> tuple[datetime, Approval, VoteChoice] | None:
        """Return the next answer to a question, and when it comes."""
        found = [
            (question.asked_at + plan.after, question, plan.choice)
            for question in questions
            if question.status is ApprovalStatus.PENDING
            for plan in (self._plan(question),)
            if plan.choice is not None
        ]
        return min(found, key=lambda upcoming: upcoming[0], default=None)

    def _plan(self, question: Approval) -> _Plan:
        if question.id not in self._plans:
            past = self._history.find_decision(question, self._host.passed)
            self._plans[question.id] = (
                _Plan(_CHOICES.get(past.approval.status), past.waited, is_recorded=True)
                if past
                else _PLANS[self._decide]
            )
        return self._plans[question.id]

    def _vote(self, unit: Unit, question: Approval, choice: VoteChoice) -> None:
        """Let everybody vote who may, until it is decided; a question that this does not decide is left to expire."""
        ballot = Ballot(choice, question.digest, comment="backtest", confirm=confirmation_of(question))
        for person in self._people:
            principal = log_in(person)
            counted = self._stage.approvals.vote(
                unit, question.id, principal, ballot, self._stage.clock.now(), assurance=question.assurance
            )
            if not isinstance(counted, Refusal) and counted.status is not ApprovalStatus.PENDING:
                return
        self._plans[question.id] = _PLANS[Decide.SILENCE]

    async def collect(self, run_id: str, playbook: Playbook, site: Site) -> Outcome:
        """Return what came of it."""

        def read(unit: Unit) -> tuple[Run, list[Approval], Mapping[str, StepRecord]]:
            return _get_run(unit, run_id), _list_asked(unit, run_id), fold(unit.journal.load(run_id)).records

        run, asked, records = await self._stage.read(read)
        program = Program(playbook)
        ending, reason = self._find_ending(run)
        withheld = _list_withheld(program, records, site) if run.mode is Mode.SHADOW else ()
        return Outcome(
            ending=ending,
            reason=reason,
            calls=(*self._list_calls(site), *withheld),
            questions=tuple(self._describe(question, program) for question in asked),
            saved=_add_up_savings(program, run, records),
        )

    def _find_ending(self, run: Run) -> tuple[Ending, str]:
        unanswered = [answered.call for answered in self._host.answered if answered.origin is None]
        if unanswered:
            return Ending.UNANSWERED, f"unknown answer of {unanswered[0].action}: the run stops here"
        if self._stage.faults:
            return Ending.BROKEN, str(self._stage.faults[0])
        if not run.status.is_final:
            return Ending.BROKEN, f"the run comes to no end: it waits for {run.waiting_for}"
        return Ending(run.status.value), run.reason or ""

    def _list_calls(self, site: Site) -> Iterator[Call]:
        for answered in self._host.answered:
            call = answered.call
            if call.attempt == 1 and (spec := site.catalog.find_action(call.action)) is not None:
                yield _describe_call(spec, call.arguments, origin=answered.origin)

    def _describe(self, question: Approval, program: Program) -> Question:
        step = program.step(question.step)
        return Question(
            step=step.id or step.label,
            action=question.card.action,
            by=question.by,
            status=question.status,
            is_recorded=question.id in self._plans and self._plans[question.id].is_recorded,
        )


def _get_run(unit: Unit, run_id: str) -> Run:
    run = unit.runs.get(run_id)
    if run is None:
        raise BugError(f"run {run_id} of a backtest is gone")
    return run


def _list_asked(unit: Unit, run: str) -> list[Approval]:
    """Return what people were asked, the oldest question first, and what was refused because nobody could say yes."""
    return [*reversed(unit.approvals.list(_EVERYTHING, run=run).items)]


def _find_spec(site: Site, action: str) -> ActionSpec:
    spec = site.catalog.find_action(action)
    if spec is None:
        raise BugError(f"{action} was called and is not installed")
    return spec


def _describe_call(
    spec: ActionSpec, arguments: JsonValue, *, origin: Origin | None = None, is_withheld: bool = False
) -> Call:
    return Call(
        action=spec.full_name,
        effect=spec.effect,
        arguments=json.dumps(arguments, sort_keys=True),
        targets=len(targets_of(spec, arguments)),
        is_withheld=is_withheld,
        origin=origin,
    )


def _list_withheld(program: Program, records: Mapping[str, StepRecord], site: Site) -> Iterator[Call]:
    """Yield what a shadow run would have called: steps that succeeded without any attempt at their frozen call."""
    for record in records.values():
        body = program.step(record.path).body
        is_done = record.status is StepStatus.SUCCEEDED and record.attempt == 0
        if isinstance(body, UseAction) and record.arguments is not None and is_done:
            yield _describe_call(_find_spec(site, body.action), record.arguments, is_withheld=True)


def _add_up_savings(program: Program, run: Run, records: Mapping[str, StepRecord]) -> timedelta:
    """Return what the playbook says it saves if its run succeeded, and what its steps say that did."""
    done = [program.step(path) for path, record in records.items() if record.status is StepStatus.SUCCEEDED]
    whole = program.playbook.saves if run.status is RunStatus.SUCCEEDED else None
    return sum((step.saves for step in done if step.saves), whole or timedelta())
