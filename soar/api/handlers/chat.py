"""Chats that are not ours: what people do there, and whose accounts are whose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from soar.api.call import Call, Visit, write_json
from soar.api.denials import record_denial
from soar.api.handlers.hooks import read_headers
from soar.api.reading import check_type, read_bytes
from soar.api.schemas.base import Nothing
from soar.api.schemas.chat import ChatAccountPage, ChatAccountView, LinkTaken, view_account
from soar.approvals.linking import find_link, take_link, unlink
from soar.model.errors import DeniedError, InputError
from soar.model.values import JsonValue

_FORM = frozenset({"application/x-www-form-urlencoded"})
_JSON = frozenset({"application/json"})


async def hear_slack(visit: Visit) -> web.StreamResponse:
    """Take a press, a dialog or a command from Slack; it is answered at once and worked on afterwards."""
    desk = visit.services.desks.find_slack()
    check_type(visit.request, _FORM)
    body = await read_bytes(visit.request)
    async with _recording_denials(visit):
        shown = await desk.receive(read_headers(visit.request), body)
    return web.Response() if shown is None else write_json(shown)


async def hear_mattermost(visit: Visit) -> web.StreamResponse:
    """Take a press, a dialog or a command from Mattermost, and answer with what came of it."""
    desk = visit.services.desks.find_mattermost()
    check_type(visit.request, _FORM | _JSON)
    body = await read_bytes(visit.request)
    async with _recording_denials(visit):
        return write_json(await desk.receive(body, is_form=visit.request.content_type in _FORM))


async def hear_discord(visit: Visit) -> web.StreamResponse:
    """Take a press, a dialog or a command from Discord; a press is answered with a dialog, the others later."""
    desk = visit.services.desks.find_discord()
    check_type(visit.request, _JSON)
    body = await read_bytes(visit.request)
    async with _recording_denials(visit):
        return write_json(await desk.receive(read_headers(visit.request), body))


async def hear_teams(visit: Visit) -> web.StreamResponse:
    """Take a press, a second card or a command from Teams; a command is answered later, in the personal chat."""
    desk = visit.services.desks.find_teams()
    check_type(visit.request, _JSON)
    body = await read_bytes(visit.request)
    async with _recording_denials(visit):
        shown = await desk.receive(read_headers(visit.request), body)
    return web.Response() if shown is None else write_json(shown)


@asynccontextmanager
async def _recording_denials(visit: Visit) -> AsyncIterator[None]:
    """Put into the audit what is refused within, for what it is or because nobody can read it."""
    try:
        yield
    except (DeniedError, InputError) as error:
        target: dict[str, JsonValue] = {"kind": "route", "id": f"{visit.request.method} {visit.request.path}"}
        await record_denial(visit.desk, visit.request, None, target, error)
        raise


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
