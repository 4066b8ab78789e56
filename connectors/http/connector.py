"""Any product with an HTTP API."""

from collections.abc import AsyncIterator
from typing import Any, Literal

import httpx
from pydantic import ConfigDict, Field, JsonValue

from soar.sdk import (
    ActionInputError,
    Arguments,
    Batch,
    Connector,
    Context,
    Effect,
    Feed,
    Item,
    Output,
    PermanentError,
    Repeat,
    TransientError,
    UnknownOutcomeError,
    action,
    header,
    trigger,
)


class Read(Arguments):
    """What to get."""

    url: str = Field(description="Absolute URL, on a host of the connection.")
    headers: dict[str, str] = Field(default={}, description="Request headers.")


class Request(Read):
    """What to send."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = Field(default="POST", description="Request method.")
    document: JsonValue = Field(default=None, alias="json", description="Body to send as JSON.")
    body: str | None = Field(default=None, description="Body to send as text; not together with `json`.")


class Answer(Output):
    """What came back.

    A document was read from JSON just before, so it is not looked at again value by value.
    """

    model_config = ConfigDict(ser_json_inf_nan="constants")

    status: int = Field(description="Status code.")
    headers: dict[str, str] = Field(description="Response headers; names in lower case.")
    document: Any = Field(
        default=None, serialization_alias="json", description="The body, if the product says that it is JSON."
    )
    text: str | None = Field(default=None, description="The body, if it is not JSON.")


class Pages(Read):
    """Where a product lists what is new, a page at a time."""

    items: str = Field(
        default="", description="Where the list is in an answer, such as `data.items`; empty: the whole."
    )
    cursor: str = Field(description="Where the cursor of the next page is in an answer, such as `paging.next`.")
    parameter: str = Field(default="cursor", description="The query parameter that the cursor is sent back in.")
    key: str = Field(default="id", description="Where an item's own name is, such as `id`.")


class Http(Connector):
    """Calls whatever hosts its connection names."""

    @trigger(title="Read a list page by page")
    async def pages(self, feed: Feed, arguments: Pages, cursor: JsonValue) -> AsyncIterator[Batch]:
        """Yield a page at a time, and remember the cursor that leads on; the last page is read again the next time."""
        while True:
            page = await _read_page(feed, arguments, cursor)
            found = _find(page, arguments.items)
            if not isinstance(found, list):
                raise PermanentError(f"the answer has no list under `{arguments.items}`")
            after = _find(page, arguments.cursor)
            is_last = after in (None, "", cursor) or not isinstance(after, str | int)
            yield Batch(items=[_build_item(item, arguments.key) for item in found], cursor=cursor if is_last else after)
            if is_last or not found:
                return
            cursor = after

    @action(title="Get a URL", effect=Effect.READ, repeat=Repeat.SAFE)
    async def get(self, ctx: Context, arguments: Read) -> Answer:
        """Return what the product answers to a GET."""
        request = _build(ctx, "GET", arguments)
        return _read(ctx.check(await ctx.http.send(request)))

    @action(title="Send a request", effect=Effect.WRITE, repeat=Repeat.UNSAFE, targets="url")
    async def request(self, ctx: Context, arguments: Request) -> Answer:
        """Send a request that changes something; a 5xx leaves open whether it did."""
        if arguments.document is not None and arguments.body is not None:
            raise ActionInputError("json and body exclude each other")
        request = _build(ctx, arguments.method, arguments, arguments.document, arguments.body)
        response = await ctx.http.send(request)
        try:
            return _read(ctx.check(response))
        except TransientError as error:
            raise UnknownOutcomeError(error.message) from error


def _build(
    ctx: Context, method: str, arguments: Read, document: JsonValue = None, body: str | None = None
) -> httpx.Request:
    headers = {name: header(name, value) for name, value in arguments.headers.items()}
    try:
        return ctx.http.build_request(method, arguments.url, headers=headers, json=document, content=body)
    except (httpx.InvalidURL, UnicodeEncodeError) as error:
        raise ActionInputError("url: it is no URL, or the body holds half a character") from error


def _read(response: httpx.Response) -> Answer:
    headers = dict(response.headers.items())
    if "json" not in headers.get("content-type", ""):
        return Answer(status=response.status_code, headers=headers, text=response.text)
    try:
        return Answer(status=response.status_code, headers=headers, document=response.json())
    except ValueError:
        return Answer(status=response.status_code, headers=headers, text=response.text)


async def _read_page(feed: Feed, arguments: Pages, cursor: JsonValue) -> JsonValue:
    headers = {name: header(name, value) for name, value in arguments.headers.items()}
    if "token" in feed.credentials:
        headers["Authorization"] = f"Bearer {feed.secret('token').reveal()}"
    try:
        url = httpx.URL(arguments.url)
    except httpx.InvalidURL as error:
        raise ActionInputError("url: it is no URL") from error
    if cursor is not None:
        url = url.copy_set_param(arguments.parameter, str(cursor))
    response = feed.check(await feed.http.get(str(url), headers=headers))
    try:
        page: JsonValue = response.json()
    except ValueError as error:
        raise PermanentError(f"{response.request.url.host} did not answer JSON") from error
    return page


def _find(document: JsonValue, where: str) -> JsonValue:
    """Return what lies under names with dots between them; None if there is nothing."""
    for name in where.split(".") if where else ():
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _build_item(found: JsonValue, key: str) -> Item:
    name = _find(found, key)
    return Item(key="" if name is None else str(name), document=found if isinstance(found, dict) else {"value": found})
