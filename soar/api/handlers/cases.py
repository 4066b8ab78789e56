"""Cases."""

from soar.access.permissions import Permission
from soar.api.call import Call
from soar.api.schemas.base import PageQuery
from soar.api.schemas.cases import CasePage, view_case
from soar.api.things import Shown, Things
from soar.store import Unit


async def list_cases(call: Call, query: PageQuery) -> CasePage:
    """List cases, newest first."""

    def show(unit: Unit) -> CasePage:
        shown = Shown(call, Permission.CASE_READ, Things(call, unit).of_case)
        page = shown.page(lambda cursor: unit.cases.list(query.limit, cursor), query.cursor)
        return CasePage(items=tuple(map(view_case, page.items)), next=page.next)

    return await call.read(show)
