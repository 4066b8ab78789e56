"""Alerts of our own."""

from typing import Annotated

from pydantic import Field, StringConstraints

from soar.sdk import (
    Arguments,
    Connector,
    Context,
    Effect,
    ObservableKind,
    Output,
    RaisedAlert,
    Repeat,
    Severity,
    action,
)

Observable = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
LabelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
LabelText = Annotated[str, StringConstraints(max_length=1000)]


class Report(Arguments):
    """What is to be raised."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,99}$")] = Field(
        description="What sort of alert, such as `identity.unexplained_admin_grant`."
    )
    severity: Severity = Field(description="`low`, `medium`, `high` or `critical`.")
    title: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="Plain text; cut after 1,000 characters."
    )
    dedupe: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] | None = Field(
        default=None, description="A text that is the same for the same thing: within a day it is stored once a kind."
    )
    entities: dict[ObservableKind, Annotated[list[Observable], Field(max_length=200)]] = Field(
        default={}, description="Observables by kind: `ips`, `domains`, `urls`, `hashes`, `emails`, `users`, `hosts`."
    )
    labels: dict[LabelName, LabelText] = Field(default={}, max_length=50, description="Texts by name.")


class Raising(Output):
    """What became of it."""

    alert: str = Field(description="Id of the stored alert.")
    duplicate_of: str | None = Field(description="The same id, where an earlier alert stands for this one.")


class OwnAlerts(Connector):
    """Raises alerts."""

    @action(title="Raise an alert", effect=Effect.WRITE, repeat=Repeat.KEYED)
    async def raise_(self, ctx: Context, arguments: Report) -> Raising:
        """Store an alert and start what takes it."""
        raised = await ctx.alerts.raise_alert(
            RaisedAlert(
                kind=arguments.kind,
                severity=arguments.severity,
                title=arguments.title,
                dedupe=arguments.dedupe,
                entities={kind.value: tuple(found) for kind, found in arguments.entities.items()},
                labels=arguments.labels,
            ),
            ctx.idempotency_key,
        )
        return Raising(alert=raised.alert, duplicate_of=raised.duplicate_of)
