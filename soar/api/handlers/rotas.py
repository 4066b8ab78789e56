"""Who is on call."""

from datetime import datetime

from soar.api.call import Call
from soar.api.schemas.rotas import OnCallPage, OnCallPersonView, OnCallQuery, RotaView
from soar.approvals.rota import Rota
from soar.model.errors import InputError, NotFoundError
from soar.model.identity import UserKind
from soar.store import Unit


async def list_rotas(call: Call, query: OnCallQuery) -> OnCallPage:
    """Say who is on call, now or at another moment."""
    rotas, at = call.services.approvals.rotas, query.at or call.at
    if at.tzinfo is None:
        raise InputError("a moment needs its zone", hint="2027-01-31T00:00:00Z")
    if query.name is not None and query.name not in rotas:
        known = ", ".join(sorted(rotas)) or "none"
        raise NotFoundError(f"there is no rota {query.name}", hint=f"config/oncall.yaml has {known}")
    wanted = [rota for name, rota in sorted(rotas.items()) if query.name in {None, name}]
    return await call.read(lambda unit: OnCallPage(items=tuple(_view(unit, rota, at) for rota in wanted)))


def _view(unit: Unit, rota: Rota, at: datetime) -> RotaView:
    until = rota.find_end(at)
    return RotaView(
        name=rota.name,
        timezone=rota.zone.key,
        at=at,
        until=until,
        people=_list_people(unit, rota, at),
        following=_list_people(unit, rota, until),
    )


def _list_people(unit: Unit, rota: Rota, at: datetime) -> tuple[OnCallPersonView, ...]:
    return tuple(OnCallPersonView(email=email, name=_name(unit, email, at)) for email in rota.find_people(at))


def _name(unit: Unit, email: str, at: datetime) -> str | None:
    user = unit.users.find_email(email.casefold())
    return user.name if user is not None and user.may_act(at) and user.kind is UserKind.PERSON else None
