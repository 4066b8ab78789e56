"""The policy, the freeze, and what another policy would have changed."""

from datetime import datetime, timedelta

from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.policy import (
    DiffView,
    DiffWanted,
    FreezeList,
    FreezeView,
    FreezeWanted,
    LiftView,
    LiftWanted,
    PolicyView,
    view_diff,
    view_freeze,
)
from soar.approvals.freezer import Freezer
from soar.audit.actor import describe_principal
from soar.model.deed import Deed
from soar.model.errors import DeniedError, FieldFault, InputError
from soar.model.freeze import FreezeKind
from soar.model.identity import UserKind
from soar.policy import Policy, compare_policies, dump_policy, parse_policy
from soar.store import Unit

_BATCH = 1_000  # writes read at a time
_MOST = 20_000  # writes that one comparison judges
_LABOUR = 400_000  # rules that it holds against writes, some seconds' worth
_NOUNS = {
    FreezeKind.ACTION: "connector",
    FreezeKind.CONNECTOR: "connector",
    FreezeKind.CONNECTION: "connection",
}


async def show_policy(call: Call, _: Nothing) -> PolicyView:
    """Show the policy above the playbooks."""
    return PolicyView(policy=dump_policy(call.services.policy))


async def compare_policy(call: Call, wanted: DiffWanted) -> DiffView:
    """Say what another policy would have made of what was done."""
    other = parse_policy(wanted.policy)
    since = call.at - timedelta(days=wanted.days)

    def compare(unit: Unit) -> DiffView:
        deeds, is_complete = _read_deeds(unit, since, min(_MOST, max(1, _LABOUR // _count_rules(other))))
        compared = compare_policies(
            call.services.policy,
            other,
            deeds,
            find_action=call.services.catalog.find_action,
            config=call.services.config,
        )
        return view_diff(compared, since, is_complete=is_complete)

    return await call.read(compare)


async def list_freezes(call: Call, _: Nothing) -> FreezeList:
    """List what is frozen."""
    return await call.read(
        lambda unit: FreezeList(items=tuple(view_freeze(unit, each) for each in unit.freezes.list()))
    )


async def freeze(call: Call, wanted: FreezeWanted) -> FreezeView:
    """Stop every write, or those of an action, a connector or a connection; reads go on."""
    name = _check_name(call, wanted)
    freezer, actor = Freezer(ids=call.services.ids), describe_principal(call.principal)

    def freeze(unit: Unit) -> FreezeView:
        frozen = freezer.freeze(unit, wanted.kind, name, wanted.reason, actor=actor, at=call.at)
        return view_freeze(unit, frozen)

    view = await call.write(freeze)
    call.announce("freeze", view.id)
    return view


async def lift_freeze(call: Call, wanted: LiftWanted) -> LiftView:
    """Ask for writes to go on; once somebody else asks too, they do."""
    if call.caller.user.kind is UserKind.SERVICE:
        raise DeniedError("a program cannot lift a freeze", code="person_needed", hint="two people have to ask")
    freezer, actor = Freezer(ids=call.services.ids), describe_principal(call.principal)

    def lift(unit: Unit) -> LiftView:
        asked = freezer.lift(unit, call.part("id"), wanted.reason, actor=actor, at=call.at)
        return LiftView(freeze=view_freeze(unit, asked.freeze), is_lifted=asked.is_lifted)

    view = await call.write(lift)
    call.announce("freeze", view.freeze.id)
    return view


def _check_name(call: Call, wanted: FreezeWanted) -> str:
    """Return the name of what is to be frozen; one that names nothing would stop nothing, and nobody would know.

    Raises:
        InputError: there is no such thing.
    """
    freezable = call.services.freezable
    name = wanted.name or ""
    if name in freezable.list_names(wanted.kind):
        return name
    if wanted.kind is FreezeKind.EVERYTHING:
        message, hint = "a freeze of everything has no name", "leave `name` out, or say of which kind it is"
    else:
        message = f"there is no {wanted.kind} {name}" if name else f"which {wanted.kind} is to be frozen?"
        near = freezable.find_near(wanted.kind, name)
        hint = f"did you mean {near}?" if near else f"soar {_NOUNS[wanted.kind]} list"
    raise InputError(message, code="nothing_to_freeze", hint=hint, faults=(FieldFault("/name", message),))


def _count_rules(policy: Policy) -> int:
    return 1 + len(policy.gates) + len(policy.protected) + len(policy.caps)


def _read_deeds(unit: Unit, since: datetime, limit: int) -> tuple[list[Deed], bool]:
    """Return the writes since a moment, the oldest first, and whether these are all."""
    found: list[Deed] = []
    cursor: str | None = None
    while len(found) < limit:
        page = unit.deeds.list(since, min(_BATCH, limit - len(found)), cursor)
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    return found[::-1], cursor is None
