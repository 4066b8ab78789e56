"""People."""

from soar.api.call import Call
from soar.api.schemas.base import PageQuery
from soar.api.schemas.people import UserPage, view_user


async def list_users(call: Call, query: PageQuery) -> UserPage:
    """List people, newest first."""
    page = await call.read(lambda unit: unit.users.list(query.limit, query.cursor))
    return UserPage(items=tuple(map(view_user, page.items)), next=page.next)
