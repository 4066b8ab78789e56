"""Slack's Web API: https://docs.slack.dev/apis/web-api/."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, JsonValue, StringConstraints

from soar.sdk import (
    ActionCode,
    Arguments,
    AuthError,
    Connector,
    Context,
    Effect,
    Output,
    PermanentError,
    RateLimitedError,
    Repeat,
    TransientError,
    UnknownOutcomeError,
    action,
    read_document,
)

LIMIT = 3000
"""Characters of a message at most; Slack takes 4,000 before it cuts, and escaping makes texts longer."""

_URL = "https://slack.com/api/"
_CUT = "…"
_AUTH = frozenset({"not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired"})
_FORBIDDEN = frozenset({"missing_scope", "not_in_channel", "no_permission", "restricted_action", "access_denied"})
_MISSING = frozenset({"channel_not_found", "user_not_found", "message_not_found", "is_archived"})
_BROKEN = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_PATIENCE = 30.0

Channel = Annotated[str, StringConstraints(pattern=r"^(#[a-z0-9_-]{1,80}|[CDGU][A-Z0-9]{2,30})$")]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{3,30}$")]
Stamp = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}\.[0-9]{1,10}$")]
Text = Annotated[str, Field(min_length=1, description="Plain text; cut after 3,000 characters.")]


class Post(Arguments):
    """A message to a channel."""

    channel: Channel = Field(description="`#name`, or the id of a channel or person.")
    text: Text
    thread: Stamp | None = Field(default=None, description="Id of the message that it answers.")


class Card(Arguments):
    """A message of blocks."""

    channel: Channel = Field(description="`#name`, or the id of a channel.")
    text: str = Field(min_length=1, max_length=4000, description="What notifications show, in Slack's markup.")
    blocks: JsonValue = Field(description="Block Kit's blocks.")


class Edit(Card):
    """What a message of blocks says from now on."""

    message: Stamp = Field(description="Id of the message.")


class Dialog(Arguments):
    """A dialog for whoever has just pressed a button."""

    trigger: str = Field(min_length=1, max_length=200, description="What the press may open a dialog with; for 3 s.")
    view: JsonValue = Field(description="Block Kit's modal.")


class Whisper(Arguments):
    """A message that one person sees."""

    channel: Channel = Field(description="Id of the channel.")
    user: Id = Field(description="Id of the person.")
    text: Text


class Wanted(Arguments):
    """A member."""

    user: Id = Field(description="Id of the person.")


class Nothing(Arguments):
    """Nothing needs to be said."""


class Posted(Output):
    """Where the message is."""

    channel: str = Field(description="Id of the channel.")
    message: str = Field(description="Id of the message.")


class Done(Output):
    """That it was done."""

    ok: bool = Field(description="Always true.")


class Member(Output):
    """Who somebody is."""

    team: str = Field(description="Id of the Slack workspace that they belong to.")
    is_full: bool = Field(description="Whether they are a full member: no guest, no bot, no stranger, not deleted.")


class Socket(Output):
    """Where to listen; once, within a minute or so."""

    url: str = Field(description="Address of the WebSocket, with the ticket that opens it.")


class _Answer(BaseModel):
    ok: bool
    error: str = ""
    channel: str = ""
    ts: str = ""
    url: str = ""
    user: dict[str, Any] = {}


class Slack(Connector):
    """Speaks to people in Slack."""

    @action(title="Write to a channel", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def post(self, ctx: Context, arguments: Post) -> Posted:
        """Post plain text; see https://docs.slack.dev/reference/methods/chat.postMessage."""
        thread = {"thread_ts": arguments.thread} if arguments.thread else {}
        quiet: dict[str, JsonValue] = {"text": _escape(arguments.text), "mrkdwn": False, **_QUIET, **thread}
        answer = await _write(ctx, "chat.postMessage", {"channel": arguments.channel, **quiet})
        return Posted(channel=answer.channel, message=answer.ts)

    @action(title="Post a card", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def post_card(self, ctx: Context, arguments: Card) -> Posted:
        """Post blocks; presses of buttons count on the service's own cards alone."""
        answer = await _write(ctx, "chat.postMessage", {**arguments.model_dump(), **_QUIET})
        return Posted(channel=answer.channel, message=answer.ts)

    @action(title="Edit a card", effect=Effect.WRITE, repeat=Repeat.SAFE, is_for_service=True)
    async def edit_card(self, ctx: Context, arguments: Edit) -> Done:
        """Replace a message's blocks; see https://docs.slack.dev/reference/methods/chat.update."""
        sent = arguments.model_dump()
        sent["ts"] = sent.pop("message")
        await _write(ctx, "chat.update", {**sent, "parse": "none", "link_names": False})
        return Done(ok=True)

    @action(title="Open a dialog", effect=Effect.WRITE, repeat=Repeat.SAFE, is_for_service=True)
    async def open_dialog(self, ctx: Context, arguments: Dialog) -> Done:
        """Open a modal; see https://docs.slack.dev/reference/methods/views.open."""
        await _write(ctx, "views.open", {"trigger_id": arguments.trigger, "view": arguments.view})
        return Done(ok=True)

    @action(title="Open a WebSocket", effect=Effect.READ, repeat=Repeat.SAFE, is_for_service=True)
    async def open_socket(self, ctx: Context, arguments: Nothing) -> Socket:  # noqa: ARG002 -- the method takes none
        """Ask where to listen in Socket Mode; see https://docs.slack.dev/reference/methods/apps.connections.open."""
        headers = {"Authorization": f"Bearer {ctx.secret('app_token').reveal()}"}
        response = await ctx.http.post(f"{_URL}apps.connections.open", headers=headers)
        answer = _check(read_document(ctx.check(response), _Answer, "Slack answered something that is no address"))
        if not answer.url.startswith("wss://"):
            raise PermanentError("Slack answered something that is no address of a WebSocket")
        return Socket(url=answer.url)

    @action(title="Whisper to a person", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def whisper(self, ctx: Context, arguments: Whisper) -> Done:
        """Show a message to one person; see https://docs.slack.dev/reference/methods/chat.postEphemeral."""
        sent = {"channel": arguments.channel, "user": arguments.user, "text": _escape(arguments.text)}
        await _write(ctx, "chat.postEphemeral", {**sent, "parse": "none", "link_names": False})
        return Done(ok=True)

    @action(title="Look up a member", effect=Effect.READ, repeat=Repeat.SAFE)
    async def member(self, ctx: Context, arguments: Wanted) -> Member:
        """Say who somebody is; see https://docs.slack.dev/reference/methods/users.info."""
        response = await ctx.http.get(f"{_URL}users.info", params={"user": arguments.user}, headers=_prove(ctx))
        user = _check(read_document(ctx.check(response), _Answer, "Slack answered something that is no member")).user
        marks = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
        is_full = user.get("id") == arguments.user and not any(user.get(mark) for mark in marks)
        return Member(team=str(user.get("team_id", "")), is_full=is_full)


_QUIET: dict[str, JsonValue] = {"unfurl_links": False, "unfurl_media": False, "parse": "none", "link_names": False}


def _prove(ctx: Context) -> dict[str, str]:
    return {"Authorization": f"Bearer {ctx.secret('bot_token').reveal()}"}


async def _write(ctx: Context, method: str, body: dict[str, Any]) -> _Answer:
    """Call a method that changes something; a 5xx or an answer that makes no sense leaves open whether it did."""
    response = await ctx.http.post(f"{_URL}{method}", json=body, headers=_prove(ctx))
    try:
        ctx.check(response)
    except TransientError as error:
        raise UnknownOutcomeError(error.message) from error
    try:
        answer = read_document(response, _Answer, f"Slack answered to {method} something that is no answer")
    except PermanentError as error:
        raise UnknownOutcomeError(error.message) from error
    return _check(answer, is_write=True)


def _check(answer: _Answer, *, is_write: bool = False) -> _Answer:
    """Return the answer if it is a good one; Slack answers errors with status 200."""
    if answer.ok:
        return answer
    message = f"Slack refused: {answer.error}"
    if answer.error in _AUTH:
        raise AuthError(message, hint="check the token")
    if answer.error in _FORBIDDEN:
        raise AuthError(message, is_known=True, hint="check the bot's scopes, and invite it to the channel")
    if answer.error in _MISSING:
        raise PermanentError(message, action_code=ActionCode.NOT_FOUND)
    if answer.error == "ratelimited":
        raise RateLimitedError(message, retry_after=_PATIENCE)
    if answer.error in _BROKEN:
        raise UnknownOutcomeError(message) if is_write else TransientError(message)
    raise PermanentError(message)


def _escape(text: str) -> str:
    """Escape markup (https://docs.slack.dev/messaging/formatting-message-text#escaping), then nothing mentions."""
    cut = text if len(text) <= LIMIT else text[: LIMIT - len(_CUT)] + _CUT
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
