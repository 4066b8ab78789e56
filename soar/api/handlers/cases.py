"""Cases."""

from soar.api.call import Call
from soar.api.schemas.base import PageQuery
from soar.api.schemas.cases import CasePage, view_case


async def list_cases(call: Call, query: PageQuery) -> CasePage:
    """List cases, newest first."""
    page = await call.read(lambda unit: unit.cases.list(query.limit, query.cursor))
    return CasePage(items=tuple(map(view_case, page.items)), next=page.next)
