"""PagerDuty's Events API v2: https://developer.pagerduty.com/docs/events-api-v2-overview."""

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
)

_URL = "https://events.pagerduty.com/v2/enqueue"
_URL_EU = "https://events.eu.pagerduty.com/v2/enqueue"  # https://support.pagerduty.com/main/docs/service-regions
_SUMMARY = 1024  # characters, as of `dedup_key` below: https://developer.pagerduty.com/docs/send-alert-event
_DEDUPE = 255
_SOURCE = "soar"
_LINK_TEXT = "In soar"

Url = Annotated[str, Field(pattern=r"^(https?://[!-~]{1,2000})?$")]


class Page(Arguments):
    """Whom to wake, and why."""

    service: str = Field(min_length=1, description="The service whose on-call people are meant.")
    summary: str = Field(min_length=1, description="What happened, in a line; cut after 1,024 characters.")
    severity: Literal["critical", "error", "warning", "info"] = Field(default="critical", description="How bad it is.")
    dedupe: str | None = Field(
        default=None, min_length=1, max_length=_DEDUPE, description="What is paged for once while it is open."
    )
    link: Url = Field(default="", description="Page that the alert links to.")


class Alert(Arguments):
    """An alert that is open."""

    dedupe: str = Field(min_length=1, max_length=_DEDUPE, description="What names it, as `send` has answered.")


class Card(Arguments):
    """A question as a page."""

    channel: str = Field(min_length=1, description="The service whose on-call people are meant.")
    key: str = Field(min_length=1, max_length=60, description="What names the question.")
    text: str = Field(min_length=1, description="What it is, in a line; cut after 1,024 characters.")
    link: Url = Field(description="Page on which it is decided.")


class Follow(Arguments):
    """What is said of a question that was paged for."""

    channel: str = Field(min_length=1, description="The service, as `post_card` has answered.")
    thread: str = Field(min_length=1, max_length=_DEDUPE, description="What names the alert.")
    text: str = Field(min_length=1, description="What has happened, in a line; cut after 1,024 characters.")
    link: Url = Field(default="", description="Page on which it is shown.")


class Posted(Output):
    """Where a page is."""

    channel: str = Field(description="The service.")
    message: str = Field(description="What names the alert.")


class Sent(Output):
    """What PagerDuty says."""

    status: str = Field(description="`success`: the event was taken.")
    dedupe_key: str = Field(description="What names the alert in PagerDuty.")


class _Answer(BaseModel):
    status: str
    dedup_key: str


class Pager(Connector):
    """Sends pages."""

    @action(title="Page whoever is on call", effect=Effect.WRITE, repeat=Repeat.KEYED, targets="service")
    async def send(self, ctx: Context, arguments: Page) -> Sent:
        """Trigger an alert; see https://developer.pagerduty.com/docs/send-alert-event."""
        return await _trigger(ctx, arguments)

    @action(title="Say that somebody is on it", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="dedupe")
    async def acknowledge(self, ctx: Context, arguments: Alert) -> Sent:
        """Acknowledge an alert; one that is not open stays so."""
        return await _enqueue(ctx, "acknowledge", arguments.dedupe)

    @action(title="End a page", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="dedupe")
    async def resolve(self, ctx: Context, arguments: Alert) -> Sent:
        """Resolve an alert; one that is not open stays so."""
        return await _enqueue(ctx, "resolve", arguments.dedupe)

    @action(title="Page for a question", effect=Effect.WRITE, repeat=Repeat.KEYED, targets="channel")
    async def post_card(self, ctx: Context, arguments: Card) -> Posted:
        """Trigger the alert of a question; while it is open, a repeat adds to it."""
        dedupe = f"{arguments.key}.{arguments.channel}"[:_DEDUPE]
        page = Page(service=arguments.channel, summary=arguments.text, dedupe=dedupe, link=arguments.link)
        return Posted(channel=arguments.channel, message=(await _trigger(ctx, page)).dedupe_key)

    @action(title="Page again for a question", effect=Effect.WRITE, repeat=Repeat.KEYED, targets="channel")
    async def post(self, ctx: Context, arguments: Follow) -> Sent:
        """Add to the alert of a question; one that was resolved meanwhile is opened again."""
        page = Page(service=arguments.channel, summary=arguments.text, dedupe=arguments.thread, link=arguments.link)
        return await _trigger(ctx, page)

    @action(title="End the page of a question", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="channel")
    async def close_card(self, ctx: Context, arguments: Follow) -> Sent:
        """Resolve the alert of a question that is over."""
        return await _enqueue(ctx, "resolve", arguments.thread)


async def _trigger(ctx: Context, page: Page) -> Sent:
    summary = " ".join(page.summary.split())
    details: dict[str, JsonValue] = {
        "payload": {
            "summary": summary if len(summary) <= _SUMMARY else summary[: _SUMMARY - 1] + "…",
            "source": _SOURCE,
            "severity": page.severity,
            "custom_details": {"service": _find_service(ctx, page.service)},
        }
    }
    links: dict[str, JsonValue] = {"links": [{"href": page.link, "text": _LINK_TEXT}]} if page.link else {}
    return await _enqueue(ctx, "trigger", page.dedupe or ctx.idempotency_key, details | links)


async def _enqueue(
    ctx: Context, event_action: str, dedupe: str, details: Mapping[str, JsonValue] | None = None
) -> Sent:
    event = {
        "routing_key": ctx.secret("routing_key").reveal(),
        "event_action": event_action,
        "dedup_key": dedupe,
        **(details or {}),
    }
    response = await ctx.http.post(_URL_EU if ctx.settings["eu"] is True else _URL, json=event)
    try:
        answer = _Answer.model_validate_json(ctx.check(response).content)
    except ValidationError as error:
        raise UnknownOutcomeError("PagerDuty answered something that is not in its documentation") from error
    return Sent(status=answer.status, dedupe_key=answer.dedup_key)


def _find_service(ctx: Context, name: str) -> str:
    services = ctx.settings.map("services")
    if services and name not in services:
        raise ActionInputError(f"service: the connection has no {name}", hint=f"it has {', '.join(sorted(services))}")
    return services.get(name, name)
