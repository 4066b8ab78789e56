"""Messages through Microsoft Graph v1.0: https://learn.microsoft.com/graph/api/resources/message."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC
from typing import Annotated, Literal

import httpx
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, ValidationError

from soar.sdk import (
    ActionCode,
    ActionInputError,
    Arguments,
    Connector,
    Context,
    Effect,
    Output,
    PermanentError,
    Repeat,
    action,
    path,
    read_json,
)

_API = "https://graph.microsoft.com/v1.0"
_RECOVERABLE = "recoverableitemsdeletions"  # well-known folder names, see the resource mailFolder
_INBOX = "inbox"
_PAGE = 100
_SEVERAL_MINUTES = 300.0

MessageName = Annotated[str, StringConstraints(pattern=r"^[^/\s]+/[^\s]+$")]
MessageNames = Annotated[list[MessageName], Field(max_length=1000, description="Messages, as `mailbox/id`.")]


class Search(Arguments):
    """Which message to find the copies of."""

    internet_message_id: str = Field(min_length=1, description="The header `Message-ID`, with its angle brackets.")
    sender: str = Field(min_length=1, description="The sender's mail address.")
    since: AwareDatetime = Field(description="Only what was received since then.")


class Copies(Output):
    """The copies that were found."""

    count: int = Field(description="How many there are.")
    mailboxes: int = Field(description="How many mailboxes they are in.")
    messages: list[str] = Field(description="The copies, as `mailbox/id`.")


class Purge(Arguments):
    """What to take out of the mailboxes."""

    messages: MessageNames
    mode: Literal["soft_delete", "hard_delete"] = Field(description="Whether they can be put back afterwards.")


class Purged(Output):
    """What is gone."""

    purged: int = Field(description="How many of the messages are in their mailboxes no more.")


class Restore(Arguments):
    """What to put back."""

    messages: MessageNames


class Restored(Output):
    """What is back."""

    restored: int = Field(description="How many of the messages are in the Inbox.")


class _Item(BaseModel):
    id: str | None = None
    mail: str | None = None


class _Page(BaseModel):
    value: list[_Item]
    next: str | None = Field(default=None, alias="@odata.nextLink")


class _Fault(BaseModel):
    code: str


class _Refusal(BaseModel):
    error: _Fault


@dataclass(frozen=True, slots=True)
class _Graph:
    """Microsoft Graph with the connection's token."""

    ctx: Context

    async def get(self, url: str) -> httpx.Response:
        return await self.ctx.http.get(url, headers=self._headers())

    async def post(self, place: str, document: dict[str, str]) -> httpx.Response:
        return await self.ctx.http.post(_API + place, headers=self._headers(), json=document)

    async def list_items(self, url: str) -> AsyncIterator[_Item]:
        """Return the items of all pages; a link that leads out of the API is not followed."""
        while url:
            try:
                page = _Page.model_validate(read_json(self.ctx.check(await self.get(url))))
            except ValidationError as error:
                raise PermanentError("Microsoft Graph answered something that is no list") from error
            for item in page.value:
                yield item
            url = page.next or ""
            if url and not url.startswith(_API + "/"):
                raise PermanentError("Microsoft Graph named a next page that is not its own")

    def _headers(self) -> dict[str, str]:
        token = self.ctx.secret("token").reveal()
        return {"Authorization": f"Bearer {token}", "Prefer": 'IdType="ImmutableId"'}


class Exchange(Connector):
    """Finds, purges and restores messages."""

    @action(title="Find the copies of a message", effect=Effect.READ, repeat=Repeat.SAFE, timeout=_SEVERAL_MINUTES)
    async def search_messages(self, ctx: Context, arguments: Search) -> Copies:
        """Look through the mailboxes one by one."""
        graph = _Graph(ctx)
        named = ctx.settings.texts("mailboxes")
        query = httpx.QueryParams({"$filter": _write_filter(arguments), "$select": "id", "$top": str(_PAGE)})
        messages: list[str] = []
        for mailbox in named or await _list_mailboxes(graph):
            url = f"{_API}{path('/users/{mailbox}/messages', mailbox=mailbox)}?{query}"
            try:
                messages += [f"{mailbox}/{item.id}" async for item in graph.list_items(url) if item.id]
            except PermanentError as error:
                if named or error.action_code is not ActionCode.NOT_FOUND:
                    raise  # a user without a mailbox is no fault, unless somebody named it
        mailboxes = {message.partition("/")[0] for message in messages}
        return Copies(count=len(messages), mailboxes=len(mailboxes), messages=messages)

    @action(
        title="Purge messages",
        effect=Effect.DESTRUCTIVE,
        repeat=Repeat.SAFE,
        undo="restore_messages",
        undo_arguments={"messages": "with.messages"},
        targets="messages",
        timeout=_SEVERAL_MINUTES,
    )
    async def purge_messages(self, ctx: Context, arguments: Purge) -> Purged:
        """Move the messages to Recoverable Items, or delete them for good; what is gone already stays gone."""
        graph = _Graph(ctx)
        for message in arguments.messages:
            if arguments.mode == "soft_delete":
                response = await graph.post(_locate(message, "move"), {"destinationId": _RECOVERABLE})
            else:
                response = await graph.post(_locate(message, "permanentDelete"), {})
            if not _is_gone(response):
                ctx.check(response)
        return Purged(purged=len(arguments.messages))

    @action(
        title="Put purged messages back",
        effect=Effect.WRITE,
        repeat=Repeat.SAFE,
        targets="messages",
        timeout=_SEVERAL_MINUTES,
    )
    async def restore_messages(self, ctx: Context, arguments: Restore) -> Restored:
        """Move the messages to the Inbox; those that are gone are reported once the others are back."""
        graph = _Graph(ctx)
        missing = 0
        for message in arguments.messages:
            response = await graph.post(_locate(message, "move"), {"destinationId": _INBOX})
            if _is_gone(response):
                missing += 1
            else:
                ctx.check(response)
        if missing:
            count = len(arguments.messages)
            raise PermanentError(
                f"{missing} of {count} messages are gone for good; {count - missing} are back in the Inbox",
                action_code=ActionCode.NOT_FOUND,
            )
        return Restored(restored=len(arguments.messages))


async def _list_mailboxes(graph: _Graph) -> list[str]:
    url = f"{_API}/users?{httpx.QueryParams({'$select': 'mail', '$top': str(_PAGE)})}"
    return [item.mail async for item in graph.list_items(url) if item.mail]


def _write_filter(arguments: Search) -> str:
    """Write the query in OData, where a quote within a text is doubled."""
    since = arguments.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"receivedDateTime ge {since}"
        f" and internetMessageId eq {_quote(arguments.internet_message_id)}"
        f" and from/emailAddress/address eq {_quote(arguments.sender)}"
    )


def _quote(text: str) -> str:
    if not text.isprintable():
        raise ActionInputError("internet_message_id, sender: holds a character that cannot be printed")
    return "'" + text.replace("'", "''") + "'"


def _locate(message: str, verb: str) -> str:
    mailbox, _, name = message.partition("/")
    return path("/users/{mailbox}/messages/{name}/", mailbox=mailbox, name=name) + verb


def _is_gone(response: httpx.Response) -> bool:
    """Whether the mailbox is there and the message is not."""
    if response.status_code != httpx.codes.NOT_FOUND:
        return False
    try:
        return _Refusal.model_validate_json(response.content).error.code == "ErrorItemNotFound"
    except ValidationError:
        return False
