"""A test played: the run is started, people act, time passes, and what came of it is collected."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from soar.approvals import deadlines
from soar.approvals.decide import Ballot, Refusal, is_meant
from soar.approvals.parts import confirmation_of
from soar.approvals.service import find_approval
from soar.engine.replay import fold
from soar.expr import to_plain
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.event import Watch
from soar.model.identity import User
from soar.model.playbook import Playbook
from soar.model.process import ActionCall
from soar.model.response import Response
from soar.model.run import RunStatus, StepRecord, Timer
from soar.model.values import JsonValue, Value, as_value
from soar.rehearsal.clock import run_virtual
from soar.rehearsal.known import list_steps
from soar.rehearsal.mocks import MockHost, document_path
from soar.rehearsal.people import as_voter, gather_people, identify
from soar.rehearsal.stage import Site, Stage, log_in, open_stage
from soar.rehearsal.start import Started, start_run
from soar.rehearsal.suite import Act, Event, Suite, Test
from soar.responses import service as responses
from soar.store import Unit

_PAUSE = timedelta(minutes=1)
_EVERYTHING = 10_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a test fails.

    Attributes:
        line: of the test file.
        message: what was expected and what was found; lines after the first say what to do.
    """

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a test.

    Attributes:
        status: of the run; `rejected` also where none was started.
        reason: how it ended, in words.
        records: by path.
        outputs: the playbook's, plain.
        calls: every call made, those that took changes back included.
        questions: what people were asked, in order; those that were refused unasked are not among them.
        audit: the types of all audit events, in order.
        problems: what went wrong whatever the test expects.
    """

    status: RunStatus
    reason: str | None
    records: Mapping[str, StepRecord]
    outputs: Mapping[str, JsonValue]
    calls: tuple[ActionCall, ...]
    questions: tuple[Approval, ...]
    responses: tuple[Response, ...]
    audit: tuple[str, ...]
    problems: tuple[Problem, ...]


def play(test: Test, suite: Suite, playbook: Playbook, text: str, site: Site) -> Played:
    """Play a test in virtual time.

    Args:
        test: what happens.
        suite: the file that it stands in.
        playbook: what is rehearsed, checked.
        text: the playbook's document.
        site: connectors, policy and settings.
    """
    lent = dataclasses.replace(site, config={**site.config, **_as_values(test.config)})
    return run_virtual(_play(test, suite.clock, playbook, text, lent))


def _as_values(config: Mapping[str, JsonValue]) -> dict[str, Value]:
    return {name: as_value(value) for name, value in config.items()}


async def _play(test: Test, start: datetime, playbook: Playbook, text: str, site: Site) -> Played:
    host = MockHost(test.mocks, {step.path: step for step in list_steps(playbook)})
    stage, store = await open_stage(site, host, host.call_playbook, start)
    try:
        people = gather_people(test, playbook, site.policy, start)
        started = await stage.write(
            lambda unit: start_run(unit, stage.requests, test, playbook, text, people, site, start)
        )
        return await _Play(test, stage, host, playbook).play(started)
    finally:
        await store.close()


class _Play:
    """One test while it is played."""

    def __init__(self, test: Test, stage: Stage, host: MockHost, playbook: Playbook) -> None:
        self._test = test
        self._stage = stage
        self._host = host
        self._steps = {step.path: step.id for step in list_steps(playbook) if step.id}
        self._done: dict[str, list[datetime]] = {}
        self._happened = 0
        self._problems: list[Problem] = []

    async def play(self, started: Started) -> Played:
        """Play to the end: nobody acts any more, and nothing is left that time alone would bring."""
        if started.run is None:
            return self._tell_unstarted(started)
        await self._stage.settle()
        while await self._go_on(started.run):
            pass
        return await self._collect(started.run)

    def _tell_unstarted(self, started: Started) -> Played:
        problems = () if started.is_rejected else (Problem(self._test.line, started.reason),)
        return Played(
            status=RunStatus.REJECTED,
            reason=started.reason,
            records={},
            outputs={},
            calls=(),
            questions=(),
            responses=(),
            audit=(),
            problems=problems,
        )

    async def _go_on(self, run: str) -> bool:
        """Let the next thing happen; return whether there was any."""
        questions = await self._stage.read(lambda unit: _list_questions(unit, run))
        timers = await self._stage.list_timers()
        watches = await self._stage.read(lambda unit: unit.watches.of_run(run))
        upcoming = self._find_act(questions)
        event = self._find_event(watches)
        moment = min((found[0] for found in (upcoming, event) if found is not None), default=None)
        if moment is not None:
            if timers and timers[0].due_at <= moment:
                await self._stage.pass_time(timers[0].due_at)  # it may ask another question, whose answer comes first
                return True
            await self._stage.pass_time(moment)
            if event is not None and event[0] == moment:
                await self._happen(event[1])
            elif upcoming is not None:
                await self._act(upcoming[1], upcoming[2])
            return True
        is_pending = any(question.status is ApprovalStatus.PENDING for question in questions)
        fired = next((timer for timer in timers if self._may_fire(timer, is_pending=is_pending)), None)
        if fired is None:
            return False
        await self._stage.pass_time(fired.due_at)
        return True

    def _may_fire(self, timer: Timer, *, is_pending: bool) -> bool:
        """Whether time may pass up to a timer although nobody acts.

        Neither a question that nobody answers is waited for, unless the test says so, nor that somebody lifts what is
        overdue; another attempt is, beside it, too.
        """
        kind = timer.event.get("kind") if isinstance(timer.event, dict) else None
        if kind in {deadlines.TIMER_KIND, responses.PAGE_KIND}:
            return False
        if kind == responses.TIMER_KIND:
            return bool(self._test.expect.undone) and not is_pending
        return not is_pending or timer.id.startswith(f"{timer.run}:retry:")

    def _find_act(self, questions: Sequence[Approval]) -> tuple[datetime, Approval, Act] | None:
        """Return what somebody does next, and when."""
        found: list[tuple[datetime, Approval, Act]] = []
        for question in questions:
            scripts = self._test.asks if question.is_question else self._test.approvals
            script = scripts.get(self._name(question.step))
            done = self._done.get(question.id, [])
            if script is not None and len(done) < len(script.acts):
                act = script.acts[len(done)]
                found.append((_choose_moment(act, question, done), question, act))
        return min(found, key=lambda upcoming: upcoming[0], default=None)

    def _find_event(self, watches: Sequence[Watch]) -> tuple[datetime, Event] | None:
        """Return what happens next in the service, and when, if a step waits for its like."""
        if self._happened == len(self._test.events):
            return None
        event = self._test.events[self._happened]
        waiting = min((watch.since for watch in watches if watch.type is event.type), default=None)
        return None if waiting is None else (max(waiting + event.after, self._stage.clock.now()), event)

    async def _happen(self, event: Event) -> None:
        self._happened += 1
        data, at = _as_values(event.data), self._stage.clock.now()
        await self._stage.write(lambda unit: unit.happenings.add(event.type, event.subject, data, at))
        await self._stage.settle()

    async def _act(self, question: Approval, act: Act) -> None:
        """Let somebody vote or answer, or nobody do anything."""
        self._done.setdefault(question.id, []).append(self._stage.clock.now())
        if act.is_silence:
            return
        name, outcome = await self._stage.write(lambda unit: self._take(unit, question.id, act))
        met = "accepted" if outcome is None else outcome.code
        if met != act.wanted:
            said = f": {outcome.reason}" if outcome else ""
            what = "vote" if act.answers is None else "answer"
            message = f"the {what} of {name}: expected {act.wanted}, found {met}{said}"
            self._problems.append(Problem(act.line, message))
        await self._stage.settle()

    def _take(self, unit: Unit, reference: str, act: Act) -> tuple[str, Refusal | None]:
        """Take a vote or an answer; return whose it was, and why it does not count."""
        question = find_approval(unit, reference)
        person = _find_person(unit, question, act)
        principal = log_in(person)
        at = self._stage.clock.now()
        if act.answers is None:
            typed = confirmation_of(question, act.only) if act.confirm is None else act.confirm
            ballot = Ballot(
                act.choice or VoteChoice.DENY, question.digest, comment=act.comment, confirm=typed, only=act.only
            )
            outcome = self._stage.approvals.vote(unit, question.id, principal, ballot, at, assurance=question.assurance)
        else:
            outcome = self._stage.approvals.answer(unit, question.id, principal, act.answers, at)
        if not isinstance(outcome, Refusal):
            return person.name, None
        if outcome.code == "already_decided" and question.status is ApprovalStatus.EXPIRED:
            return person.name, dataclasses.replace(outcome, code="expired")
        return person.name, outcome

    def _name(self, path: str) -> str:
        """Return the id of the step at a path; the path in the document if it has none."""
        plain = document_path(path)
        return self._steps.get(plain, plain)

    async def _collect(self, run_id: str) -> Played:
        def collect(unit: Unit) -> Played:
            run = unit.runs.get(run_id)
            if run is None:
                raise LookupError(run_id)
            asked = _list_questions(unit, run_id)
            held = unit.responses.list(_EVERYTHING, run=run_id).items
            return Played(
                status=run.status,
                reason=run.reason or run.waiting_for,
                records=fold(unit.journal.load(run_id)).records,
                outputs={name: to_plain(value) for name, value in run.outputs.items()},
                calls=tuple(self._host.calls),
                questions=tuple(asked),
                responses=tuple(reversed(held)),
                audit=tuple(str(found.document["type"]) for found in unit.audit.range(0, _EVERYTHING)),
                problems=(*self._problems, *self._find_problems(unit, run_id, asked, run.status)),
            )

        return await self._stage.read(collect)

    def _find_problems(self, unit: Unit, run: str, asked: Sequence[Approval], status: RunStatus) -> list[Problem]:
        """Return what is wrong with a test that has ended, whatever it expects."""
        line = self._test.line
        found = [Problem(line, unmocked.describe()) for unmocked in self._host.unmocked]
        found += [Problem(line, f"the rehearsal itself failed: {fault}") for fault in self._stage.faults]
        heard = {(question.is_question, self._name(question.step)) for question in asked}
        unasked = {(one.is_question, self._name(one.step)): one.reason for one in _list_refused(unit, run)}
        for is_question, scripts in ((False, self._test.approvals), (True, self._test.asks)):
            for name, script in scripts.items():
                key = (is_question, name)
                if key not in heard:
                    why = f": {unasked[key]}" if key in unasked else f"; the run is {status.value}"
                    found.append(Problem(script.line, f"nobody was asked at `{name}`{why}"))
        for event in self._test.events[self._happened :]:
            found.append(Problem(event.line, f"nothing waits for `{event.type.value}`; the run is {status.value}"))
        wanted = self._test.expect.status
        if status is RunStatus.WAITING and (wanted is None or wanted.value != RunStatus.WAITING):
            for question in asked:
                if question.status is ApprovalStatus.PENDING:
                    found.append(Problem(line, self._describe_waiting(question)))
        return found

    def _describe_waiting(self, question: Approval) -> str:
        key = "asks" if question.is_question else "approvals"
        advice = f"say under `{key}` who does what, or expect the status `waiting`"
        return f"`{self._name(question.step)}` waits for somebody, and nobody acts\n{advice}"


def _choose_moment(act: Act, question: Approval, done: Sequence[datetime]) -> datetime:
    if act.is_silence:
        return question.expires_at
    last = done[-1] if done else question.asked_at
    return last + _PAUSE if act.after is None else max(question.asked_at + act.after, last)


def _find_person(unit: Unit, question: Approval, act: Act) -> User:
    """Return who acts: the person named, or else the first one who may answer."""
    people = unit.users.list(_EVERYTHING).items
    if act.user:
        return next(person for person in people if person.id == identify(act.user))
    return next(person for person in people if any(is_meant(principal, as_voter(person)) for principal in question.by))


def _list_questions(unit: Unit, run: str) -> list[Approval]:
    """Return what people were asked, the oldest question first."""
    found = unit.approvals.list(_EVERYTHING, run=run).items
    return [question for question in reversed(found) if question.status is not ApprovalStatus.REFUSED]


def _list_refused(unit: Unit, run: str) -> Sequence[Approval]:
    return unit.approvals.list(_EVERYTHING, status=ApprovalStatus.REFUSED, run=run).items
