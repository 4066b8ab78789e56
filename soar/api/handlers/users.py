"""Accounts of people and programs."""

from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web

from soar.api.actor import describe_stranger
from soar.api.call import Call, Visit
from soar.api.schemas.accounts import (
    AccountWanted,
    DisableWanted,
    EnableWanted,
    InvitationTaken,
    Invited,
    PasswordChosen,
    PasswordWanted,
    ResetWanted,
    RolesWanted,
)
from soar.api.schemas.base import Nothing, PageQuery
from soar.api.schemas.people import UserPage, UserView, view_user
from soar.audit.actor import describe_principal
from soar.model.errors import ConflictError, DeniedError, FieldFault, InputError, NotFoundError
from soar.model.factor import CodePurpose
from soar.model.identity import User
from soar.people.accounts import NewAccount
from soar.people.passwords import check_password
from soar.store import Unit


async def list_users(call: Call, query: PageQuery) -> UserPage:
    """List people and programs, newest first."""

    def show(unit: Unit) -> UserPage:
        page = unit.users.list(query.limit, query.cursor)
        return UserPage(items=tuple(_show(unit, user) for user in page.items), next=page.next)

    return await call.read(show)


async def show_user(call: Call, _: Nothing) -> UserView:
    """Show a person or program, by name or id."""
    reference = call.part("id")

    def show(unit: Unit) -> UserView:
        user = unit.users.get(reference) or unit.users.find_name(reference)
        if user is None:
            raise NotFoundError(f"there is no account {reference}", hint="`soar user list` shows them")
        return _show(unit, user)

    return await call.read(show)


async def add_user(call: Call, sent: AccountWanted) -> Invited:
    """Make an account; the code with which a person sets their own password is shown this once."""
    wanted = NewAccount(
        name=sent.name, email=sent.email, roles=sent.roles, kind=sent.kind, owner=sent.owner, until=sent.until
    )
    return await _invite(call, lambda unit: call.services.accounts.add(unit, wanted, call.principal, call.at))


async def invite_user(call: Call, _: Nothing) -> Invited:
    """Invite a person who has no password yet once more; the code from before is void."""
    return await _invite(
        call, lambda unit: call.services.accounts.invite(unit, call.part("id"), call.principal, call.at)
    )


async def reset_user(call: Call, sent: ResetWanted) -> Invited:
    """Take a person's password away, end their logins and tokens, and invite them to set a new one."""
    return await _invite(
        call,
        lambda unit: call.services.accounts.reset(
            unit, call.part("id"), call.principal, call.at, has_lost_factors=sent.factors
        ),
    )


async def change_roles(call: Call, sent: RolesWanted) -> UserView:
    """Give an account roles, in the place of those it has; one's own cannot be changed."""
    return await _change(
        call,
        lambda unit: call.services.accounts.change_roles(unit, call.part("id"), sent.roles, call.principal, call.at),
    )


async def disable_user(call: Call, sent: DisableWanted) -> UserView:
    """Switch an account off; its logins and tokens are gone from the next request on."""
    return await _change(
        call,
        lambda unit: call.services.accounts.disable(unit, call.part("id"), call.principal, call.at, sent.reason),
    )


async def enable_user(call: Call, sent: EnableWanted) -> UserView:
    """Switch an account on, until a moment or without an end."""
    return await _change(
        call,
        lambda unit: call.services.accounts.enable(unit, call.part("id"), sent.until, call.principal, call.at),
    )


async def take_invitation(visit: Visit, sent: PasswordChosen) -> InvitationTaken:
    """Set one's own password with the code of an invitation, which counts once."""
    limits, accounts = visit.desk.limits.logins, visit.services.accounts
    limits.begin("", visit.request.remote)
    code, password = sent.code.get_secret_value(), sent.password.get_secret_value()
    user = await visit.read(lambda unit: accounts.find_invited(unit, code, visit.at))
    if user is None:
        raise _refuse_code()
    limits.take_back("", visit.request.remote)
    hashed = await _hash_password(visit, user, password)
    actor = describe_stranger(visit.request, user.name, "web")
    taken = await visit.write(lambda unit: accounts.accept(unit, code, hashed, actor, visit.at))
    if taken is None:
        raise _refuse_code()
    return InvitationTaken(name=taken.name)


async def change_password(call: Call, sent: PasswordWanted) -> web.Response:
    """Change one's own password, by the present one; one's other logins end."""
    user = call.caller.user
    if user.password_hash is None:
        raise ConflictError("you log in without a password of ours", code="no_password")
    limits = call.desk.limits.logins
    limits.begin(user.name, call.request.remote)
    if not await call.services.passwords.verify(sent.present.get_secret_value(), user.password_hash):
        raise DeniedError("the present password is wrong", code="wrong_proof", hint="try again")
    limits.succeed(user.name, call.request.remote)
    hashed = await _hash_password(call, user, sent.password.get_secret_value())
    current = call.caller.session.key if call.caller.session else ""
    actor = describe_principal(call.principal)
    await call.write(
        lambda unit: call.services.accounts.set_password(unit, user, hashed, actor, call.at, current=current)
    )
    call.announce("session", user.id)
    return web.Response(status=204)


async def _hash_password(visit: Visit, user: User, password: str) -> str:
    """Return the hash of somebody's new password.

    Raises:
        InputError: it can be guessed (`weak_password`).
    """
    host = urlsplit(visit.services.url).hostname or ""
    reasons = check_password(password, user, host.split("."))
    if reasons:
        faults = [FieldFault("/password", reason) for reason in reasons]
        raise InputError("; ".join(reasons), code="weak_password", hint="take a longer one", faults=faults)
    return await visit.services.passwords.hash(password)


def _refuse_code() -> DeniedError:
    return DeniedError("this code does not count", code="wrong_code", hint="ask an administrator for a new invitation")


async def _invite(call: Call, change: Callable[[Unit], tuple[User, str | None]]) -> Invited:
    def invite(unit: Unit) -> Invited:
        user, code = change(unit)
        issued = unit.codes.of(user.id, CodePurpose.INVITATION)
        return Invited(user=_show(unit, user), code=code, expires_at=issued[0].expires_at if issued else None)

    invited = await call.write(invite)
    call.announce("session", invited.user.id)
    return invited


async def _change(call: Call, change: Callable[[Unit], User]) -> UserView:
    view = await call.write(lambda unit: _show(unit, change(unit)))
    call.announce("session", view.id)
    return view


def _show(unit: Unit, user: User) -> UserView:
    factors = [factor for factor in unit.factors.of(user.id) if factor.confirmed_at is not None]
    return view_user(user, factors=len(factors), is_invited=bool(unit.codes.of(user.id, CodePurpose.INVITATION)))
