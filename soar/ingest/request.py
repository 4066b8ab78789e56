"""From a playbook that wants to run to a requested run, in the caller's transaction."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from soar.audit.record import record
from soar.cases.service import join_case
from soar.engine.carry import write_carried
from soar.engine.events import AlertJoined, CancelRequested, RunStarted, dump_event
from soar.expr import ExpressionError, Scope, compile_expression, parse_template
from soar.ingest.concurrency import Admission, admit, most_at_once
from soar.ingest.inputs import bind_inputs
from soar.model.alert import Alert, Match, Relation, Severity
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, InputError
from soar.model.event import EventType, Happening
from soar.model.ids import Ids
from soar.model.playbook import CallTrigger, OnDuplicate, Playbook
from soar.model.run import Mode, Run, RunStatus, StepRecord
from soar.model.values import Value, dump_value, print_timestamp
from soar.store import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """On whose behalf runs are requested.

    Attributes:
        initiator: principal as runs name it, such as `user:u_…`, `source:…` or `schedule:…`.
        actor: the same for the audit.
        moment: of the schedule, if it is one.
    """

    initiator: str
    actor: Actor
    moment: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A run that is about to be.

    Attributes:
        key: runs with the same one are kept apart.
        parent: the run whose step calls it, and `parent_step` that step.
        depth: how many runs stand above it.
        origin: the run that it tries again, and `carried` what it brings along from that.
    """

    playbook: Playbook
    inputs: Mapping[str, Value]
    alert: Alert | None
    key: str | None = None
    admission: Admission = field(default_factory=Admission)
    id: str | None = None
    parent: Run | None = None
    parent_step: str | None = None
    depth: int = 0
    origin: Run | None = None
    carried: Mapping[str, StepRecord] = field(default_factory=dict)


_LONGEST_TITLE = 300
_LONGEST_KEY = 300  # PostgreSQL's indexes hold no row beyond 2,704 bytes
_DEEPEST_CALL = 8
CAUTION = (Mode.LIVE, Mode.SUPERVISED, Mode.SHADOW)
"""The modes, the most careful last."""


def _shorten(key: str) -> str:
    """Return a key that an index can hold; long ones stay apart by their digest."""
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:_LONGEST_KEY]}…{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _refuse_obstacle(wanted: _Wanted) -> None:
    obstacle = wanted.admission.obstacle
    if obstacle is not None:
        raise ConflictError(
            f"{obstacle.id} has the same key and is not over",
            hint="wait for its end, or write another `concurrency.mode`",
        )


def find_dedupe_key(
    playbook: Playbook, inputs: Mapping[str, Value], alert: Alert, *, config: Mapping[str, Value], now: datetime
) -> str | None:
    """Return what makes two alerts the same to a playbook; None if it tells all apart.

    Raises:
        ExpressionError: the key has no value for this alert.
    """
    if playbook.dedupe is None:
        return None
    names: dict[str, Value] = {"inputs": dict(inputs), "config": dict(config), "alert": alert.to_value()}
    key = compile_expression(playbook.dedupe.key).evaluate(Scope(names=names, now=now))
    return _shorten(str(dump_value(key)))


class RunRequests:
    """Requests runs.

    Args:
        config: the server's open settings, as expressions see them.
        ids: new identifiers.
    """

    def __init__(self, *, config: Mapping[str, Value], ids: Ids) -> None:
        self._config = config
        self._ids = ids

    def request_for_alert(
        self, unit: Unit, playbook: Playbook, alert: Alert, requester: Requester, now: datetime
    ) -> Match:
        """Start a run for an alert, attach it to the run that has its like, or say why there is none."""
        try:
            inputs = bind_inputs(playbook, alert=alert.to_value(), given=None, config=self._config, now=now)
            key = find_dedupe_key(playbook, inputs, alert, config=self._config, now=now)
            wanted = self._want(unit, playbook, inputs, alert, now)
        except (InputError, ExpressionError) as error:
            publish_rejection(unit, playbook, error.message, now, alert=alert.id)
            return self._match(unit, playbook, alert, Relation.REJECTED, None, error.message, now)
        known = self._find_known(unit, playbook, key, now)
        if known is not None and playbook.dedupe is not None:
            return self._join(unit, playbook, alert, known, now)
        obstacle = wanted.admission.obstacle
        if obstacle is not None:
            reason = f"{obstacle.id} has the same key and is not over"
            return self._match(unit, playbook, alert, Relation.DROPPED, obstacle.id, reason, now)
        run = self._start(unit, wanted, requester, now)
        if key is not None:
            unit.alerts.remember_key(playbook.id, key, run.id, now)
        return self._match(unit, playbook, alert, Relation.STARTED, run.id, None, now)

    def request_by_hand(
        self, unit: Unit, playbook: Playbook, given: Mapping[str, Value], requester: Requester, now: datetime
    ) -> Run:
        """Start a run with inputs that a person gave.

        Raises:
            InputError: an input is missing, unknown, or not of its type.
            ExpressionError: the key that keeps runs apart cannot be evaluated.
            ConflictError: a run with the same key is not over, and the playbook drops what comes meanwhile.
        """
        inputs = bind_inputs(playbook, alert=None, given=given, config=self._config, now=now)
        wanted = self._want(unit, playbook, inputs, None, now)
        _refuse_obstacle(wanted)
        return self._start(unit, wanted, requester, now)

    def request_by_schedule(self, unit: Unit, playbook: Playbook, requester: Requester, now: datetime) -> Run:
        """Start a run because its moment has come; its inputs have their defaults.

        Raises:
            InputError: an input has no default, or one that is not of its type.
            ExpressionError: the key that keeps runs apart cannot be evaluated.
            ConflictError: a run with the same key is not over, and the playbook drops what comes meanwhile.
        """
        return self.request_by_hand(unit, playbook, {}, requester, now)

    def request_by_event(
        self, unit: Unit, playbook: Playbook, happening: Happening, requester: Requester, now: datetime
    ) -> Run:
        """Start a run for something that happened in the service; its inputs may be taken from the event.

        Raises:
            InputError: an input is missing, or not of its type.
            ExpressionError: the key that keeps runs apart cannot be evaluated.
            ConflictError: a run with the same key is not over, and the playbook drops what comes meanwhile.
        """
        event = happening.to_value()
        inputs = bind_inputs(playbook, alert=None, event=event, given=None, config=self._config, now=now)
        wanted = self._want(unit, playbook, inputs, None, now)
        _refuse_obstacle(wanted)
        return self._start(unit, replace(wanted, depth=happening.depth), requester, now)

    def request_by_call(
        self,
        unit: Unit,
        playbook: Playbook,
        given: Mapping[str, Value],
        *,
        id: str,  # noqa: A002 -- the run's own
        parent: Run,
        step: str,
        now: datetime,
    ) -> Run:
        """Start a run for a step of another, on behalf of whoever started that one.

        Args:
            unit: the transaction.
            playbook: what is called.
            given: its inputs, plain.
            id: of the new run.
            parent: the run whose step calls.
            step: path of that step.
            now: the moment.

        Raises:
            InputError: the playbook is not meant to be called, an input is wrong, or the calls are too deep.
            ExpressionError: the key that keeps runs apart cannot be evaluated.
            ConflictError: a run with the same key is not over, and the playbook drops what comes meanwhile.
        """
        if not any(isinstance(trigger, CallTrigger) for trigger in playbook.triggers):
            raise InputError(f"{playbook.id} may not be called", hint="write `call: {}` under its `on:`")
        if parent.depth >= _DEEPEST_CALL:
            raise InputError(f"playbooks call each other more than {_DEEPEST_CALL} levels deep")
        inputs = bind_inputs(playbook, alert=None, given=given, config=self._config, now=now)
        wanted = self._want(unit, playbook, inputs, None, now)
        _refuse_obstacle(wanted)
        actor = Actor(kind="playbook", id=parent.playbook, name=parent.playbook, via="engine")
        called = replace(wanted, id=id, parent=parent, parent_step=step, depth=parent.depth + 1)
        return self._start(unit, called, Requester(initiator=parent.initiator, actor=actor), now)

    def request_again(
        self,
        unit: Unit,
        playbook: Playbook,
        origin: Run,
        carried: Mapping[str, StepRecord],
        requester: Requester,
        now: datetime,
    ) -> Run:
        """Start a run in the place of one that is over: the same revision, inputs, alert and case.

        Args:
            unit: the transaction.
            playbook: the revision that the run is pinned to.
            origin: the run.
            carried: what is not done anew.
            requester: on whose behalf.
            now: the moment.

        Raises:
            ExpressionError: the key that keeps runs apart cannot be evaluated.
            ConflictError: a run with the same key is not over, and the playbook drops what comes meanwhile.
        """
        alert = unit.alerts.get(origin.alert) if origin.alert else None
        wanted = self._want(unit, playbook, origin.inputs, alert, now)
        _refuse_obstacle(wanted)
        again = replace(wanted, origin=origin, carried=carried, depth=origin.depth)
        return self._start(unit, again, requester, now)

    def _want(
        self, unit: Unit, playbook: Playbook, inputs: Mapping[str, Value], alert: Alert | None, now: datetime
    ) -> _Wanted:
        if playbook.concurrency is None:
            return _Wanted(playbook=playbook, inputs=inputs, alert=alert)
        source = playbook.concurrency.key
        scope = self._scope_with_variables(playbook, inputs, alert, now) if source else None
        value = dump_value(compile_expression(source).evaluate(scope)) if source and scope else ""
        key = _shorten(f"{playbook.id}:{value}")
        admission = admit(playbook.concurrency, unit.runs.list_sharing(key))
        return _Wanted(playbook=playbook, inputs=inputs, alert=alert, key=key, admission=admission)

    def _scope(self, inputs: Mapping[str, Value], alert: Alert | None, now: datetime) -> Scope:
        names: dict[str, Value] = {"inputs": dict(inputs), "config": dict(self._config)}
        if alert is not None:
            names["alert"] = alert.to_value()
        return Scope(names=names, now=now)

    def _scope_with_variables(
        self, playbook: Playbook, inputs: Mapping[str, Value], alert: Alert | None, now: datetime
    ) -> Scope:
        """Return the scope of what may read the playbook's `vars`, too."""
        scope = self._scope(inputs, alert, now)
        variables = {name: parse_template(source).render(scope) for name, source in playbook.variables.items()}
        return Scope(names={**scope.names, "vars": variables}, now=now)

    def _find_known(self, unit: Unit, playbook: Playbook, key: str | None, now: datetime) -> str | None:
        dedupe = playbook.dedupe
        if dedupe is None or key is None or dedupe.on_duplicate is OnDuplicate.RUN:
            return None
        return unit.alerts.find_key(playbook.id, key, now - dedupe.window)

    def _join(self, unit: Unit, playbook: Playbook, alert: Alert, known: str, now: datetime) -> Match:
        """Attach the alert to the run that has its like, or note that it was dropped; it is stored in any case."""
        if playbook.dedupe is not None and playbook.dedupe.on_duplicate is OnDuplicate.DROP:
            return self._match(unit, playbook, alert, Relation.DROPPED, known, "a run has its like already", now)
        run = unit.runs.get(known)
        if run is not None and not run.status.is_final:
            unit.inbox.add(known, dump_event(AlertJoined(at=now, alert=alert.id)), now)
        return self._match(unit, playbook, alert, Relation.ATTACHED, known, "a run has its like already", now)

    def _match(
        self,
        unit: Unit,
        playbook: Playbook,
        alert: Alert,
        relation: Relation,
        run: str | None,
        reason: str | None,
        now: datetime,
    ) -> Match:
        match = Match(alert=alert.id, playbook=playbook.id, relation=relation, run=run, reason=reason, at=now)
        unit.alerts.add_match(match)
        return match

    def _start(self, unit: Unit, wanted: _Wanted, requester: Requester, now: datetime) -> Run:
        playbook, alert, parent, origin = wanted.playbook, wanted.alert, wanted.parent, wanted.origin
        before = [known for known in (parent, origin) if known is not None]
        first = write_carried(wanted.carried, origin.id, now) if origin is not None and wanted.carried else None
        run = Run(
            id=wanted.id or self._ids.new("run"),
            playbook=playbook.id,
            revision=playbook.revision,
            mode=max([playbook.mode, *(known.mode for known in before)], key=CAUTION.index),
            status=RunStatus.QUEUED,
            alert=alert.id if alert else None,
            case=self._choose_case(unit, wanted, now),
            initiator=requester.initiator,
            inputs=wanted.inputs,
            created_at=now,
            sequence=first.sequence if first else 0,
            waiting_for=wanted.admission.waiting_for,
            parent=parent.id if parent else None,
            parent_step=wanted.parent_step,
            depth=wanted.depth,
            concurrency_key=wanted.key,
            concurrency_max=most_at_once(playbook.concurrency) if playbook.concurrency else 0,
            retry_of=origin.id if origin else None,
        )
        unit.runs.add(run)
        unit.journal.append(run.id, [first] if first else [])
        for other in wanted.admission.replaced:
            cancelled = CancelRequested(at=now, by=run.id, reason="a newer run with the same key replaces it")
            unit.inbox.add(other.id, dump_event(cancelled), now)
        if not run.is_held:
            unit.inbox.add(run.id, dump_event(RunStarted(at=now)), now)
        self._record(unit, run, requester, now)
        return run

    def _record(self, unit: Unit, run: Run, requester: Requester, now: datetime) -> None:
        event = AuditEvent(
            type="run.requested",
            outcome=Outcome.SUCCESS,
            actor=requester.actor,
            target={"kind": "run", "id": run.id},
            context={
                "playbook": run.playbook,
                "revision": run.revision,
                "alert": run.alert,
                "case": run.case,
                "parent": run.parent,
                "retry_of": run.retry_of,
                "waiting_for": run.waiting_for,
                **({} if requester.moment is None else {"moment": print_timestamp(requester.moment)}),
            },
        )
        record(unit, event, at=now, id=self._ids.new("ev"))

    def _choose_case(self, unit: Unit, wanted: _Wanted, now: datetime) -> str | None:
        if wanted.origin is not None:
            return wanted.origin.case
        found = self._find_case(unit, wanted.playbook, wanted.inputs, wanted.alert, now)
        return found or (wanted.parent.case if wanted.parent else None)

    def _find_case(
        self, unit: Unit, playbook: Playbook, inputs: Mapping[str, Value], alert: Alert | None, now: datetime
    ) -> str | None:
        """Return the open case with the playbook's key, opened now if there is none.

        None if the key or the title has no value for this alert: the run matters more than what it is filed under.
        """
        spec = playbook.case
        if spec is None:
            return None
        try:
            scope = self._scope_with_variables(playbook, inputs, alert, now)
            key = _shorten(f"{playbook.id}:{dump_value(compile_expression(spec.key).evaluate(scope))}")
            title = str(parse_template(spec.title).render(scope))[:_LONGEST_TITLE]
            severity = str(parse_template(spec.severity).render(scope))
        except ExpressionError:
            return None
        fallback = alert.severity if alert else Severity.MEDIUM
        case = join_case(
            unit,
            key,
            title=title,
            severity=Severity(severity) if severity in set(Severity) else fallback,
            actor=Actor(kind="playbook", id=playbook.id, name=playbook.name, via="engine"),
            ids=self._ids,
            at=now,
            team=playbook.team,
        )
        return case.id


def publish_rejection(
    unit: Unit, playbook: Playbook, reason: str, at: datetime, *, alert: str | None = None, depth: int = 0
) -> None:
    """Put down that a playbook was to start and could not, for whoever waits for that.

    Args:
        unit: the transaction.
        playbook: which.
        reason: why, in words.
        at: the moment.
        alert: id of the alert that would have started it.
        depth: how many runs stand above one that this starts.
    """
    data: dict[str, Value] = {
        "playbook": playbook.id,
        "run": None,
        "status": RunStatus.REJECTED.value,
        "reason": reason,
        "mode": playbook.mode.value,
        "outputs": {},
        "alert": alert,
        "case": None,
    }
    unit.happenings.add(EventType.RUN_REJECTED, playbook.id, data, at, playbook=playbook.id, depth=depth)
