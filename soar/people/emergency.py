"""Emergency access: an hour as administrator for whoever has the server itself, with an alarm and a review."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from soar.access.roles import RoleTable
from soar.access.tokens import SECRET_BYTES, format_token, hash_token
from soar.audit.actor import describe_principal
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, DeniedError, InputError, NotFoundError
from soar.model.event import EventType
from soar.model.identity import Principal, Role, Token, User, UserKind
from soar.model.ids import Ids, Randomness
from soar.model.opening import Opening
from soar.model.run import Timer
from soar.model.values import JsonValue, print_timestamp
from soar.people.accounts import shut_out
from soar.store import Unit

LIFE = timedelta(hours=1)
TIMER_KIND = "emergency_over"
"""`kind` of the timers that this module sets; whoever fires timers hands them to `EmergencyAccess.wake`."""

_ENGINE = Actor(kind="system", id="engine", name="soar", via="engine")
_CODE_LENGTH = 6


class EmergencyAccess:
    """Opens, closes and has reviewed.

    Args:
        ids: gives ids.
        randomness: gives the secret of the token.
        roles: the installation's table.
    """

    def __init__(self, *, ids: Ids, randomness: Randomness, roles: RoleTable) -> None:
        self._ids = ids
        self._randomness = randomness
        self._roles = roles

    def open(self, unit: Unit, reason: str, opened_by: str, at: datetime) -> tuple[Opening, str]:
        """Make an administrator for an hour, and tell everybody who waits to hear of it.

        Args:
            unit: a writing transaction.
            reason: why.
            opened_by: what the machine calls whoever does it.
            at: the moment.

        Returns:
            The opening, and the text of the token to act with, shown this once.

        Raises:
            InputError: there is no reason.
        """
        if not reason.strip():
            raise InputError("emergency access needs a reason", hint='say why with --reason "…"')
        user = User(
            id=self._ids.new("u"),
            name=f"break-glass-{self._ids.code(_CODE_LENGTH).lower()}",
            email="",
            roles=frozenset({Role.ADMIN.value}),
            password_hash=None,
            created_at=at,
            kind=UserKind.EMERGENCY,
            expires_at=at + LIFE,
        )
        opening = Opening(
            id=self._ids.new("bg"),
            user=user.id,
            reason=reason.strip(),
            opened_by=opened_by,
            opened_at=at,
            expires_at=at + LIFE,
        )
        unit.users.add(user)
        unit.openings.add(opening)
        text = self._make_token(unit, user, at)
        _set_timer(unit, opening, _name_timer(opening), opening.expires_at)
        _tell_pages(unit, opening, at)
        machine = Actor(kind="system", id="machine", name=opened_by, via="cli")
        self._record(unit, "access.break_glass_opened", opening, machine, at, reason=opening.reason)
        unit.happenings.add(
            EventType.BREAK_GLASS_OPENED,
            opening.id,
            {
                "opening": opening.id,
                "account": user.name,
                "reason": opening.reason,
                "opened_by": opened_by,
                "expires_at": opening.expires_at,
            },
            at,
        )
        return opening, text

    def close(self, unit: Unit, reference: str, by: Principal, at: datetime) -> Opening:
        """End an opening before its hour is over; what it could act with is gone at once.

        Raises:
            NotFoundError: there is none with this id.
            ConflictError: it is closed.
        """
        opening = _find(unit, reference)
        if opening.closed_at is not None:
            raise ConflictError(f"{opening.id} is closed already", code="already_closed")
        unit.timers.cancel(_name_timer(opening))
        return self._close(unit, opening, describe_principal(by), by.name, at)

    def review(self, unit: Unit, reference: str, said: str, by: Principal, at: datetime) -> Opening:
        """Put down what somebody found who looked at what was done.

        Raises:
            NotFoundError: there is none with this id.
            ConflictError: it is open, or was reviewed.
            DeniedError: it is the caller's own.
        """
        opening = _find(unit, reference)
        if opening.user == by.id:
            raise DeniedError("somebody else has to look at what you did", code="own_account")
        if opening.closed_at is None:
            raise ConflictError(f"{opening.id} is open still", hint=f"soar break-glass close {opening.id}")
        if opening.reviewed_at is not None:
            raise ConflictError(f"{opening.id} was reviewed by {opening.reviewed_by}", code="already_reviewed")
        reviewed = replace(opening, reviewed_at=at, reviewed_by=by.name, review=said)
        unit.openings.update(reviewed)
        self._record(unit, "access.break_glass_reviewed", reviewed, describe_principal(by), at, reason=said)
        return reviewed

    def wake(self, unit: Unit, event: Mapping[str, JsonValue], now: datetime) -> tuple[str, str] | None:
        """Take a timer: the hour is over, or pages are to be told of it. Returns what changed."""
        opening = unit.openings.get(str(event["opening"]))
        if opening is None:
            return None
        if opening.closed_at is not None or now < opening.expires_at:
            return ("emergency", opening.id)
        self._close(unit, opening, _ENGINE, "", now)
        _tell_pages(unit, opening, now)
        return ("session", opening.user)

    def _close(self, unit: Unit, opening: Opening, actor: Actor, closed_by: str, at: datetime) -> Opening:
        closed = replace(opening, closed_at=at, closed_by=closed_by)
        unit.openings.update(closed)
        user = unit.users.get(opening.user)
        if user is not None and user.disabled_at is None:
            unit.users.update(replace(user, disabled_at=at))
        shut_out(unit, opening.user, at)
        self._record(unit, "access.break_glass_closed", closed, actor, at)
        return closed

    def _make_token(self, unit: Unit, user: User, at: datetime) -> str:
        token_id = self._ids.new("t")
        text = format_token(token_id, self._randomness.bytes(SECRET_BYTES))
        token = Token(
            id=token_id,
            key=hash_token(text),
            user=user.id,
            name="emergency",
            scopes=frozenset(permission.value for permission in self._roles[Role.ADMIN]),
            created_at=at,
            expires_at=at + LIFE,
        )
        unit.tokens.add(token)
        return text

    def _record(
        self, unit: Unit, kind: str, opening: Opening, actor: Actor, at: datetime, *, reason: str | None = None
    ) -> None:
        event = AuditEvent(
            type=kind,
            outcome=Outcome.SUCCESS,
            actor=actor,
            target={"kind": "opening", "id": opening.id},
            reason=reason,
            after={
                "user": opening.user,
                "opened_by": opening.opened_by,
                "expires_at": print_timestamp(opening.expires_at),
                "is_open": opening.closed_at is None,
                "is_reviewed": opening.reviewed_at is not None,
            },
        )
        record(unit, event, at=at, id=self._ids.new("ev"))


def _find(unit: Unit, reference: str) -> Opening:
    opening = unit.openings.get(reference)
    if opening is None:
        raise NotFoundError(f"there is no opening {reference}", hint="`soar break-glass list` shows them")
    return opening


def _tell_pages(unit: Unit, opening: Opening, at: datetime) -> None:
    """Have the process that fires timers tell open pages; the command that opens one has no pages itself."""
    _set_timer(unit, opening, f"{_name_timer(opening)}:told", at)


def _set_timer(unit: Unit, opening: Opening, name: str, at: datetime) -> None:
    event: JsonValue = {"kind": TIMER_KIND, "opening": opening.id}
    unit.timers.set(Timer(id=name, run="", due_at=at, event=event))


def _name_timer(opening: Opening) -> str:
    return f"opening:{opening.id}"
