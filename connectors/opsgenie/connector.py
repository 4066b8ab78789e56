"""Opsgenie's Alert API: https://docs.opsgenie.com/docs/alert-api."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue, ValidationError

from soar.sdk import (
    ActionInputError,
    Arguments,
    Connector,
    Context,
    Effect,
    Output,
    Repeat,
    UnknownOutcomeError,
    action,
    path,
)

_URL = "https://api.opsgenie.com"
_URL_EU = "https://api.eu.opsgenie.com"
_ALERTS = "/v2/alerts"
_MESSAGE = 130  # characters, as of the next two: https://docs.opsgenie.com/docs/alert-api
_DESCRIPTION = 15_000
_ALIAS = 512
_SOURCE = "soar"

Url = Annotated[str, Field(pattern=r"^(https?://[!-~]{1,2000})?$")]


class Alert(Arguments):
    """Whom to wake, and why."""

    team: str = Field(min_length=1, description="The team whose on-call people are meant.")
    message: str = Field(min_length=1, description="What happened, in a line; cut after 130 characters.")
    priority: Literal["P1", "P2", "P3", "P4", "P5"] = Field(default="P1", description="How bad it is; P1 is worst.")
    alias: str | None = Field(
        default=None, min_length=1, max_length=_ALIAS, description="What is paged for once while it is open."
    )
    link: Url = Field(default="", description="Page that the alert links to.")


class Over(Arguments):
    """An alert that is to be closed."""

    alias: str = Field(min_length=1, max_length=_ALIAS, description="What names it, as `create` has answered.")
    note: str = Field(default="", max_length=_DESCRIPTION, description="Why it is over.")


class Card(Arguments):
    """A question as an alert."""

    channel: str = Field(min_length=1, description="The team whose on-call people are meant.")
    key: str = Field(min_length=1, max_length=60, description="What names the question.")
    text: str = Field(min_length=1, description="What it is, in a line; cut after 130 characters.")
    link: Url = Field(description="Page on which it is decided.")


class Follow(Arguments):
    """What is said of a question that was paged for."""

    channel: str = Field(min_length=1, description="The team, as `post_card` has answered.")
    thread: str = Field(min_length=1, max_length=_ALIAS, description="The alert's alias.")
    text: str = Field(min_length=1, description="What has happened, in a line.")
    link: Url = Field(default="", description="Page on which it is shown.")


class Taken(Output):
    """What Opsgenie says before it has done anything."""

    request: str = Field(description="Id of the request.")
    alias: str = Field(description="What names the alert.")


class Posted(Output):
    """Where an alert is."""

    channel: str = Field(description="The team.")
    message: str = Field(description="The alert's alias.")


class _Answer(BaseModel):
    request_id: str = Field(alias="requestId")


class Opsgenie(Connector):
    """Opens and closes alerts."""

    @action(title="Page whoever is on call", effect=Effect.WRITE, repeat=Repeat.KEYED, targets="team")
    async def create(self, ctx: Context, arguments: Alert) -> Taken:
        """Create an alert; while one with its alias is open, it is counted once more."""
        return await _create(ctx, arguments)

    @action(title="End a page", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="alias")
    async def close(self, ctx: Context, arguments: Over) -> Taken:
        """Close an alert; one that is closed stays so."""
        return await _change(ctx, "close", arguments.alias, arguments.note)

    @action(title="Page for a question", effect=Effect.WRITE, repeat=Repeat.KEYED, targets="channel")
    async def post_card(self, ctx: Context, arguments: Card) -> Posted:
        """Create the alert of a question."""
        alias = f"{arguments.key}.{arguments.channel}"[:_ALIAS]
        alert = Alert(team=arguments.channel, message=arguments.text, alias=alias, link=arguments.link)
        return Posted(channel=arguments.channel, message=(await _create(ctx, alert)).alias)

    @action(title="Page again for a question", effect=Effect.WRITE, repeat=Repeat.KEYED, targets="channel")
    async def post(self, ctx: Context, arguments: Follow) -> Taken:
        """Create the alert of a question again; while it is open, it is counted once more."""
        alert = Alert(team=arguments.channel, message=arguments.text, alias=arguments.thread, link=arguments.link)
        return await _create(ctx, alert)

    @action(title="End the page of a question", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="channel")
    async def close_card(self, ctx: Context, arguments: Follow) -> Taken:
        """Close the alert of a question that is over."""
        return await _change(ctx, "close", arguments.thread, arguments.text)


async def _create(ctx: Context, alert: Alert) -> Taken:
    said = " ".join(alert.message.split())
    alias = alert.alias or ctx.idempotency_key
    body: dict[str, JsonValue] = {
        "message": said if len(said) <= _MESSAGE else said[: _MESSAGE - 1] + "…",
        "alias": alias,
        "description": "\n".join(part for part in (said, alert.link) if part)[:_DESCRIPTION],
        "responders": [{"name": _find_team(ctx, alert.team), "type": "team"}],
        "priority": alert.priority,
        "source": _SOURCE,
    }
    return await _send(ctx, _ALERTS, body, alias)


async def _change(ctx: Context, deed: str, alias: str, note: str) -> Taken:
    place = path(_ALERTS + "/{alias}/{deed}", alias=alias, deed=deed)
    return await _send(ctx, f"{place}?identifierType=alias", {"source": _SOURCE, "note": note[:_DESCRIPTION]}, alias)


async def _send(ctx: Context, place: str, body: Mapping[str, JsonValue], alias: str) -> Taken:
    base = _URL_EU if ctx.settings["eu"] is True else _URL
    headers = {"Authorization": f"GenieKey {ctx.secret('api_key').reveal()}"}
    response = await ctx.http.post(base + place, json=body, headers=headers)
    try:
        answer = _Answer.model_validate_json(ctx.check(response).content)
    except ValidationError as error:
        raise UnknownOutcomeError("Opsgenie answered something that is not in its documentation") from error
    return Taken(request=answer.request_id, alias=alias)


def _find_team(ctx: Context, name: str) -> str:
    teams = ctx.settings.map("teams")
    if teams and name not in teams:
        raise ActionInputError(f"team: the connection has no {name}", hint=f"it has {', '.join(sorted(teams))}")
    return teams.get(name, name)
