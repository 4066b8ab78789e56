"""PagerDuty's Events API v2: https://developer.pagerduty.com/docs/events-api-v2-overview."""

from typing import Literal

from pydantic import BaseModel, Field, ValidationError

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


class Page(Arguments):
    """Whom to wake, and why."""

    service: str = Field(min_length=1, description="The service whose on-call people are meant.")
    summary: str = Field(min_length=1, description="What happened, in a line; cut after 1,024 characters.")
    severity: Literal["critical", "error", "warning", "info"] = Field(default="critical", description="How bad it is.")
    dedupe: str | None = Field(
        default=None, min_length=1, max_length=_DEDUPE, description="What is paged for once while it is open."
    )


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
        summary = " ".join(arguments.summary.split())
        event = {
            "routing_key": ctx.secret("routing_key").reveal(),
            "event_action": "trigger",
            "dedup_key": arguments.dedupe or ctx.idempotency_key,
            "payload": {
                "summary": summary if len(summary) <= _SUMMARY else summary[: _SUMMARY - 1] + "…",
                "source": _SOURCE,
                "severity": arguments.severity,
                "custom_details": {"service": _find_service(ctx, arguments.service)},
            },
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
