"""The first administrator: named by whoever installs, invited with a code, never given a password."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from soar.app.log import configure_log
from soar.app.settings import FirstAdminSettings, Settings
from soar.app.site import read_site
from soar.app.wiring import open_service
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.clock import Clock
from soar.model.errors import ConflictError
from soar.model.factor import CodePurpose
from soar.model.identity import Role, User, UserKind
from soar.model.ids import Ids, Randomness
from soar.model.values import JsonValue, print_timestamp
from soar.people.codes import draw_code, issue_code
from soar.store import Store, Unit

FIRST_CODE_LIFE = timedelta(hours=24)
"""How long the first administrator's code counts."""

_NAME_LENGTH = 6
_NOWHERE = "soar.invalid"  # RFC 2606: an address there is nobody's
_SEVERAL = 2
_SERVER = Actor(kind="system", id="setup", name="soar", via="engine")


@dataclass(frozen=True, slots=True)
class FirstInvitation:
    """Who is to be the first administrator.

    Attributes:
        code: sets their password, once; it does nothing else.
    """

    name: str
    code: str
    expires_at: datetime


Keep = Callable[[FirstInvitation], None]


def create_admin(settings: Settings) -> FirstInvitation:
    """Invite the first administrator, beside a service that runs or without one.

    Args:
        settings: of the installation; whoever can read its key files may.

    Raises:
        ConflictError: there is somebody already who logs in, or whose code still counts.
        InputError: the key files cannot be read.
    """
    configure_log(settings.log.level)

    async def create() -> FirstInvitation | None:
        async with open_service(read_site(settings), settings.server.url) as service:
            return await invite_first(
                service.store,
                service.workspace,
                settings.first_admin,
                clock=service.clock,
                ids=service.ids,
                randomness=service.randomness,
            )

    made = asyncio.run(create())
    if made is None:
        raise ConflictError(
            "this installation has its people already",
            code="not_the_first",
            hint="an administrator adds others with `soar user add`; `soar break-glass open` helps where none can",
        )
    return made


async def invite_first(
    store: Store,
    workspace: str,
    wanted: FirstAdminSettings,
    *,
    clock: Clock,
    ids: Ids,
    randomness: Randomness,
    keep: Keep | None = None,
) -> FirstInvitation | None:
    """Make an administrator where there is nobody yet, and invite them; None where somebody is there.

    Whoever was invited so, is still alone and has let the code run out is invited anew, under the name they have.

    Args:
        store: where people are kept.
        workspace: theirs.
        wanted: what they are to be called; a drawn name where it is not said.
        clock: for the moment.
        ids: new ones.
        randomness: for the code.
        keep: called with the invitation before anything counts; if it raises, nobody is made or invited, so that no
            installation has people as whom nobody can log in.
    """
    at, code = clock.now(), draw_code(randomness)
    user = _describe_admin(wanted, ids, at)

    def invite(unit: Unit) -> FirstInvitation | None:
        invited = user if unit.users.is_empty() else _find_late(unit, at)
        if invited is None:
            return None
        invitation = FirstInvitation(invited.name, code, at + FIRST_CODE_LIFE)
        if keep is not None:
            keep(invitation)
        if invited is user:
            unit.users.add(user)
            _record(unit, "user.created", user, {"roles": [*sorted(user.roles)]}, ids, at)
        unit.codes.remove_of(invited.id, CodePurpose.INVITATION)
        issue_code(unit, invited.id, CodePurpose.INVITATION, code, at, FIRST_CODE_LIFE)
        _record(unit, "user.invited", invited, {"until": print_timestamp(invitation.expires_at)}, ids, at)
        return invitation

    return await store.write(workspace, invite)


def _describe_admin(wanted: FirstAdminSettings, ids: Ids, at: datetime) -> User:
    name = wanted.name or f"admin-{ids.code(_NAME_LENGTH).lower()}"
    return User(
        id=ids.new("u"),
        name=name,
        email=wanted.email or f"{name}@{_NOWHERE}",
        roles=frozenset({Role.ADMIN.value}),
        password_hash=None,
        created_at=at,
    )


def _find_late(unit: Unit, at: datetime) -> User | None:
    """Return the only account there is, if it is a person's who never set a password and whose code is over."""
    people = unit.users.list(_SEVERAL).items
    if len(people) != 1 or not _is_waiting(people[0], at):
        return None
    codes = unit.codes.of(people[0].id, CodePurpose.INVITATION)
    still_counts = any(code.expires_at is None or at < code.expires_at for code in codes)
    return None if still_counts else people[0]


def _is_waiting(user: User, at: datetime) -> bool:
    is_invited = user.kind is UserKind.PERSON and user.password_hash is None and user.may_act(at)
    return is_invited and Role.ADMIN.value in user.roles


def _record(unit: Unit, kind: str, user: User, after: dict[str, JsonValue], ids: Ids, at: datetime) -> None:
    event = AuditEvent(
        type=kind,
        outcome=Outcome.SUCCESS,
        actor=_SERVER,
        target={"kind": "user", "id": user.id, "name": user.name},
        after=after,
    )
    record(unit, event, at=at, id=ids.new("ev"))
