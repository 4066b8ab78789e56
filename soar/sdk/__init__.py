"""All that the author of a connector needs, and the only name a connector may import.

A connector is a folder with `manifest.yaml` and `connector.py`, which holds one class::

    class Host(Arguments):
        name: str

    class Isolation(Output):
        is_isolated: bool

    class Shield(Connector):
        @action(title="Isolate a host", effect=Effect.DESTRUCTIVE, repeat=Repeat.SAFE, targets="name")
        async def isolate(self, ctx: Context, arguments: Host) -> Isolation:
            url = "https://api.shield.example" + path("/hosts/{name}/isolation", name=arguments.name)
            ctx.check(await ctx.http.put(url, headers={"Authorization": f"Bearer {ctx.secret('token').reveal()}"}))
            return Isolation(is_isolated=True)

`soar.sdk.testing` has the checks that every connector's own test runs.
"""

from soar.model.alert import RaisedAlert, Severity
from soar.model.catalog import Effect, Language, Repeat
from soar.model.errors import ActionCode
from soar.model.observable import ObservableKind
from soar.model.poll import Batch, Item
from soar.model.secret import Secret
from soar.sdk.action import Arguments, Connector, Holding, Output, action, written_in
from soar.sdk.channel import Messages
from soar.sdk.client import header, path, read_document, read_json
from soar.sdk.context import Context, Feed, Settings
from soar.sdk.errors import (
    ActionInputError,
    AuthError,
    EgressRefusedError,
    PermanentError,
    RateLimitedError,
    TransientError,
    UnknownOutcomeError,
)
from soar.sdk.message import LARGEST_BATCH, LARGEST_MESSAGE, read_message
from soar.sdk.parameter import Address, Duration
from soar.sdk.redelivery import Redelivery
from soar.sdk.simulation import SimRequest, SimResponse, Simulator
from soar.sdk.stream import Stream
from soar.sdk.trigger import trigger

__all__ = [
    "LARGEST_BATCH",
    "LARGEST_MESSAGE",
    "ActionCode",
    "ActionInputError",
    "Address",
    "Arguments",
    "AuthError",
    "Batch",
    "Connector",
    "Context",
    "Duration",
    "Effect",
    "EgressRefusedError",
    "Feed",
    "Holding",
    "Item",
    "Language",
    "Messages",
    "ObservableKind",
    "Output",
    "PermanentError",
    "RaisedAlert",
    "RateLimitedError",
    "Redelivery",
    "Repeat",
    "Secret",
    "Settings",
    "Severity",
    "SimRequest",
    "SimResponse",
    "Simulator",
    "Stream",
    "TransientError",
    "UnknownOutcomeError",
    "action",
    "header",
    "path",
    "read_document",
    "read_json",
    "read_message",
    "trigger",
    "written_in",
]
