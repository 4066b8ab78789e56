"""How a homeserver is asked: https://spec.matrix.org/v1.15/client-server-api/#api-standards."""

from http import HTTPStatus
from typing import TypeVar

import httpx
from pydantic import BaseModel

from soar.sdk import (
    ActionCode,
    Context,
    Feed,
    PermanentError,
    RateLimitedError,
    UnknownOutcomeError,
    path,
    read_document,
)

Document = TypeVar("Document", bound=BaseModel)
Answer = httpx.Response


class Room(BaseModel):
    """A room, where one was looked up or opened."""

    room_id: str


def name_server(user: str) -> str:
    """Return the name of the homeserver that a Matrix id belongs to."""
    return user.partition(":")[2]


async def find_room(link: Context | Feed, channel: str) -> str:
    """Return a room's id; see https://spec.matrix.org/v1.15/client-server-api/#room-aliases."""
    if channel.startswith("!"):
        return channel
    alias = channel if ":" in channel else f"{channel}:{name_server(read_setting(link, 'user'))}"
    return (await get(link, Room, "/directory/room/{alias}", alias=alias)).room_id


async def get(link: Context | Feed, model: type[Document], template: str, **values: str) -> Document:
    """Return what is at a place."""
    answer = await link.http.get(locate(link, template, **values), headers=prove(link))
    return read_document(check(link, answer), model, f"the homeserver answered something else at {template}")


async def find(link: Context | Feed, model: type[Document], template: str, **values: str) -> Document | None:
    """Return what is there; None if there is nothing."""
    try:
        return await get(link, model, template, **values)
    except PermanentError as error:
        if error.action_code is ActionCode.NOT_FOUND:
            return None
        raise


def read_outcome(answer: Answer, model: type[Document]) -> Document:
    """Return what a write came to; an answer that makes no sense leaves open whether it did anything."""
    try:
        return read_document(answer, model, "the homeserver does not say what it did")
    except PermanentError as error:
        raise UnknownOutcomeError(error.message) from error


def check(link: Context | Feed, answer: Answer) -> Answer:
    """Return a good answer; some homeservers say how long to wait in the body alone (`retry_after_ms`)."""
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and "Retry-After" not in answer.headers:
        try:
            said = answer.json()
        except ValueError:
            said = None
        wait = said.get("retry_after_ms") if isinstance(said, dict) else None
        if isinstance(wait, int):
            raise RateLimitedError("the homeserver asks for patience", retry_after=wait / 1000)
    return link.check(answer)


def locate(link: Context | Feed, template: str, **values: str) -> str:
    """Return the URL of a place in the client-server API."""
    return f"{read_setting(link, 'homeserver').rstrip('/')}/_matrix/client/v3{path(template, **values)}"


def prove(link: Context | Feed) -> dict[str, str]:
    """Return the header with the bot's token."""
    return {"Authorization": f"Bearer {link.secret('access_token').reveal()}"}


def read_setting(link: Context | Feed, name: str) -> str:
    """Return a setting that is a text."""
    return str(link.settings[name])
