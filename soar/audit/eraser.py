"""Erases a person or an alert from the record: one person asks, another confirms, and a tombstone says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from soar.audit.keeper import read_all
from soar.audit.record import record
from soar.audit.seal import ABOUT_ACTOR, ABOUT_TARGET, REASON, erase_fields
from soar.audit.tombstones import ERASED, list_events
from soar.model.audit import Actor, AuditEvent, AuditRecord, Outcome
from soar.model.errors import ConflictError, DeniedError, NotFoundError
from soar.model.ids import Ids
from soar.model.values import JsonValue
from soar.store import Store, Unit

_REQUESTED = "erasure.requested"
_PREFIX = "erasure."
_BATCH = 1_000  # events read at a time


class SubjectKind(StrEnum):
    """Whom or what an erasure is about."""

    ALERT = "alert"
    USER = "user"


class ErasureStatus(StrEnum):
    """How far an erasure has come."""

    REQUESTED = "requested"
    """Somebody has asked for it; somebody else has to confirm it."""

    CONFIRMED = "confirmed"
    """It is done."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what an erasure is about, by id."""

    kind: SubjectKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What came of asking for an erasure.

    Attributes:
        events: how many events of the record hold something of the subject, or did.
    """

    subject: Subject
    status: ErasureStatus
    events: int


class Eraser:
    """Takes what may be erased out of the record; leaves, proofs and checkpoints stay as they are.

    Args:
        store: where the record is.
        ids: gives ids of audit events.
    """

    def __init__(self, store: Store, *, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    async def erase(self, workspace: str, subject: Subject, reason: str, *, actor: Actor, now: datetime) -> Erasure:
        """Ask for an erasure, or as somebody else confirm it; then it is done before this returns.

        Asked again for one that is done, it clears the database of traces once more, and records nothing.

        Args:
            workspace: whose record.
            subject: whom or what.
            reason: why; it stays in the record, so it must not hold what is to be erased.
            actor: who asks or confirms.
            now: the moment.

        Raises:
            NotFoundError: the record holds nothing of it that can be erased.
            DeniedError: the one who asked cannot confirm.
            ConflictError: it was confirmed meanwhile.
            UnavailableError: it is in the record, but traces are left in the database, as somebody reads; ask again.
        """
        found = await self._store.read(workspace, lambda unit: find_fields(unit, subject))
        if not found:
            return await self._repeat(workspace, subject)
        request = await self._store.read(workspace, lambda unit: _find_request(unit, subject))
        if request is None:
            await self._store.write(workspace, lambda unit: self._ask(unit, subject, reason, len(found), actor, now))
            return Erasure(subject=subject, status=ErasureStatus.REQUESTED, events=len(found))
        if _name_actor(request) == actor.id:
            raise DeniedError(
                f"whoever asked to erase the {subject.kind} {subject.id} cannot confirm it",
                code="second_person",
                hint="let somebody else confirm it: soar audit shred",
            )
        await self._store.write(workspace, lambda unit: self._confirm(unit, subject, reason, found, actor, now))
        await self._store.scrub()
        return Erasure(subject=subject, status=ErasureStatus.CONFIRMED, events=len(found))

    async def _repeat(self, workspace: str, subject: Subject) -> Erasure:
        """Clear the database of what an erasure may have left, since whoever read may have kept it there."""
        latest = await self._store.read(workspace, lambda unit: _find_latest(unit, subject))
        if latest is None or latest.document.get("type") != ERASED:
            raise NotFoundError(
                f"the record holds nothing of the {subject.kind} {subject.id} that can be erased",
                code="nothing_to_erase",
                hint="name it by its id; what was recorded before there were salts stays whole",
            )
        await self._store.scrub()
        return Erasure(subject=subject, status=ErasureStatus.CONFIRMED, events=len(list_events(latest.document)))

    def _ask(self, unit: Unit, subject: Subject, reason: str, count: int, actor: Actor, now: datetime) -> None:
        if _find_request(unit, subject) is not None:
            raise _conflict(subject, "asked for")
        self._record(unit, _REQUESTED, subject, reason, {"count": count}, actor, now)

    def _confirm(
        self,
        unit: Unit,
        subject: Subject,
        reason: str,
        found: Mapping[int, frozenset[str]],
        actor: Actor,
        now: datetime,
    ) -> None:
        request = _find_request(unit, subject)
        if request is None:
            raise _conflict(subject, "confirmed")
        for sequence, paths in found.items():
            known = unit.audit.get(sequence)
            if known is not None:
                erased = erase_fields(known, paths)
                unit.audit.replace(erased)
                unit.audit_index.forget(known, erased)
        if subject.kind is SubjectKind.ALERT:
            unit.bursts.forget_samples(subject.id)
        context: dict[str, JsonValue] = {
            "count": len(found),
            "events": [*found],
            "requested_by": _name_actor(request),
        }
        self._record(unit, ERASED, subject, reason, context, actor, now)

    def _record(
        self,
        unit: Unit,
        kind: str,
        subject: Subject,
        reason: str,
        context: Mapping[str, JsonValue],
        actor: Actor,
        now: datetime,
    ) -> None:
        event = AuditEvent(
            type=kind,
            outcome=Outcome.SUCCESS,
            actor=actor,
            target={"kind": subject.kind.value, "id": subject.id},
            reason=reason,
            context=context,
        )
        record(unit, event, at=now, id=self._ids.new("ev"))


def find_fields(unit: Unit, subject: Subject) -> dict[int, frozenset[str]]:
    """Return what the workspace's record holds of a subject and can be erased: fields by event. Reads all of it."""
    runs: set[JsonValue] = set()
    found = {}
    for entry in read_all(unit):
        document = entry.document
        if document.get("workspace") != unit.workspace or str(document.get("type")).startswith(_PREFIX):
            continue
        if fields := _find_fields(document, subject, runs) & entry.salts.keys():
            found[entry.sequence] = fields
    return found


def _find_fields(document: Mapping[str, JsonValue], subject: Subject, runs: set[JsonValue]) -> frozenset[str]:
    match subject.kind:
        case SubjectKind.USER:
            return _find_fields_of_user(document, subject.id)
        case SubjectKind.ALERT:
            return _find_fields_of_alert(document, subject.id, runs)
        case _:
            assert_never(subject.kind)


def _find_fields_of_user(document: Mapping[str, JsonValue], user: str) -> frozenset[str]:
    fields: frozenset[str] = frozenset()
    if _part(document, "actor").get("id") == user:
        fields |= {*ABOUT_ACTOR, REASON}
    target = _part(document, "target")
    if (target.get("kind"), target.get("id")) == (SubjectKind.USER, user):
        fields |= {*ABOUT_TARGET, REASON}
    return fields


def _find_fields_of_alert(document: Mapping[str, JsonValue], alert: str, runs: set[JsonValue]) -> frozenset[str]:
    """Return what an event holds of an alert, and remember the runs that it started."""
    target, context = _part(document, "target"), _part(document, "context")
    is_about = (target.get("kind"), target.get("id")) == (SubjectKind.ALERT, alert) or context.get("alert") == alert
    run = target.get("id") if target.get("kind") == "run" else context.get("run")
    if is_about and run is not None:
        runs.add(run)
    return frozenset({*ABOUT_TARGET, REASON}) if is_about or run in runs else frozenset()


def _find_request(unit: Unit, subject: Subject) -> AuditRecord | None:
    """Return the request for an erasure that nobody has confirmed yet; the record itself knows."""
    latest = _find_latest(unit, subject)
    return latest if latest is not None and latest.document.get("type") == _REQUESTED else None


def _find_latest(unit: Unit, subject: Subject) -> AuditRecord | None:
    """Return the newest event about erasing a subject: a request, or a tombstone."""
    cursor: str | None = None
    while True:
        page = unit.audit.list(_BATCH, cursor, _PREFIX, target=subject.id)
        for entry in page.items:
            if _part(entry.document, "target").get("kind") == subject.kind:
                return entry
        if (cursor := page.next) is None:
            return None


def _name_actor(request: AuditRecord) -> JsonValue:
    return _part(request.document, "actor").get("id")


def _part(document: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    part = document.get(name)
    return part if isinstance(part, Mapping) else {}


def _conflict(subject: Subject, done: str) -> ConflictError:
    return ConflictError(
        f"the erasure of the {subject.kind} {subject.id} was {done} meanwhile",
        code="erasure_changed",
        hint="see: soar audit list --type erasure.",
    )
