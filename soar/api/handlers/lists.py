"""Lists that playbooks look values up in."""

from aiohttp import web

from soar.access.permissions import Permission
from soar.access.subjects import describe_list
from soar.api.call import Call
from soar.api.schemas.base import Nothing, PageQuery
from soar.api.schemas.lists import EntryAdded, EntrySent, ListDetail, ListPage, view_entry, view_list
from soar.api.things import Shown
from soar.audit.actor import describe_principal
from soar.lists import service
from soar.model.errors import InputError, NotFoundError
from soar.model.lists import ValueList
from soar.store import Unit


async def list_lists(call: Call, _: Nothing) -> ListPage:
    """List lists by name, with how many entries each has."""

    def show(unit: Unit) -> ListPage:
        counts = unit.lists.counts(call.at)
        kept = Shown[ValueList](
            call, Permission.LIST_READ, lambda found: describe_list(call.workspace, found.name)
        ).keep(unit.lists.all())
        return ListPage(items=tuple(view_list(found, counts.get(found.name, 0)) for found in kept), next=None)

    return await call.read(show)


async def show_list(call: Call, query: PageQuery) -> ListDetail:
    """Show a list's entries, newest first; those that have expired are not there any more."""
    name = call.part("name")

    def show(unit: Unit) -> ListDetail:
        found = unit.lists.get(name)
        if found is None:
            raise NotFoundError(f"there is no list {name}", hint="`soar list ls` shows them")
        page = unit.lists.page(name, query.limit, query.cursor, call.at)
        return ListDetail(
            name=found.name,
            created_at=found.created_at,
            created_by=found.created_by,
            items=tuple(map(view_entry, page.items)),
            next=page.next,
        )

    return await call.read(show)


async def add_entry(call: Call, sent: EntrySent) -> EntryAdded:
    """Put a value on a list; the first one makes the list, and what lasts longer stays."""
    if sent.expires_at is not None and sent.expires_at <= call.at:
        raise InputError("the entry would have expired already", hint="name a moment to come in `expires_at`")
    name, ids = call.part("name"), call.services.ids
    new = service.NewEntry(id=ids.new("le"), list=name, value=sent.value, note=sent.note, expires_at=sent.expires_at)

    def add(unit: Unit) -> service.Addition:
        service.make_list(unit, name, keeper=_describe_keeper(call), ids=ids, at=call.at)
        return service.add_entry(unit, new, keeper=_describe_keeper(call), ids=ids, at=call.at)

    addition = await call.write(add)
    return EntryAdded(is_new=addition.is_new, entry=view_entry(addition.entry))


async def remove_entry(call: Call, _: Nothing) -> web.Response:
    """Take a value off a list; a wider entry that covers it stays."""
    name, value, ids = call.part("name"), call.part("value"), call.services.ids

    def remove(unit: Unit) -> None:
        if not service.remove_entry(unit, name, value, keeper=_describe_keeper(call), ids=ids, at=call.at):
            raise NotFoundError(f"{value} is not on the list {name}", hint=f"`soar list show {name}` shows what is")

    await call.write(remove)
    return web.Response(status=204)


def _describe_keeper(call: Call) -> service.Keeper:
    return service.Keeper(by=f"user:{call.caller.user.email}", actor=describe_principal(call.principal), context={})
