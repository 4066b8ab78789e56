"""Any product with an HTTP API."""

from typing import Literal

import httpx
from pydantic import Field, JsonValue

from soar.sdk import (
    ActionInputError,
    Arguments,
    Connector,
    Context,
    Effect,
    Output,
    Repeat,
    TransientError,
    UnknownOutcomeError,
    action,
    header,
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
    """What came back."""

    status: int = Field(description="Status code.")
    headers: dict[str, str] = Field(description="Response headers; names in lower case.")
    document: JsonValue = Field(
        default=None, serialization_alias="json", description="The body, if the product says that it is JSON."
    )
    text: str | None = Field(default=None, description="The body, if it is not JSON.")


class Http(Connector):
    """Calls whatever hosts its connection names."""

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
