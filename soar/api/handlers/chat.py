"""Chats that are not ours: what people do there, and whose accounts are whose."""

from aiohttp import web

from soar.api.call import Call, Visit, write_json
from soar.api.denials import record_denial
from soar.api.handlers.hooks import read_headers
from soar.api.reading import check_type, read_bytes
from soar.api.schemas.base import Nothing
from soar.api.schemas.chat import ChatAccountPage, ChatAccountView, LinkTaken, view_account
from soar.approvals.linking import find_link, take_link, unlink
from soar.model.errors import DeniedError

_FORM = frozenset({"application/x-www-form-urlencoded"})


async def hear_slack(visit: Visit) -> web.StreamResponse:
    """Take a press, a dialog or a command from Slack; it is answered at once and worked on afterwards."""
    desk = visit.services.desks.find_slack()
    check_type(visit.request, _FORM)
    body = await read_bytes(visit.request)
    try:
        shown = await desk.receive(read_headers(visit.request), body)
    except DeniedError as error:
        await record_denial(visit.desk, visit.request, None, {"kind": "route", "id": "POST /chat/slack"}, error)
        raise
    return web.Response() if shown is None else write_json(shown)


async def list_accounts(call: Call, _: Nothing) -> ChatAccountPage:
    """List one's own chat accounts."""
    found = await call.read(lambda unit: unit.chat_accounts.of(call.principal.id))
    return ChatAccountPage(items=tuple(map(view_account, found)), next=None)


async def link_account(call: Call, sent: LinkTaken) -> ChatAccountView:
    """Link the chat account that was given a code: from now on it acts for the caller."""
    link = await call.read(lambda unit: find_link(unit, sent.code, call.at))
    desk = call.services.desks.find(link.platform)
    if not await desk.is_member(link.account):
        raise DeniedError(
            f"this is no full member of the {desk.platform.title} workspace",
            code="chat.guest",
            hint="guests, bots and people from elsewhere cannot be linked",
        )
    return view_account(
        await call.write(lambda unit: take_link(unit, sent.code, call.principal, ids=call.services.ids, at=call.at))
    )


async def unlink_account(call: Call, _: Nothing) -> web.Response:
    """Take a chat account away from oneself."""
    platform, team, account = call.part("platform"), call.part("team"), call.part("account")
    await call.write(
        lambda unit: unlink(unit, platform, team, account, call.principal, ids=call.services.ids, at=call.at)
    )
    return web.Response(status=204)
