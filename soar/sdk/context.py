"""All that an action or a trigger has of the world while it runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx

from soar.model.clock import Clock
from soar.model.secret import Secret
from soar.model.values import JsonValue
from soar.sdk.alerts import Alerts
from soar.sdk.channel import Messages
from soar.sdk.client import Client, raise_for_answer
from soar.sdk.errors import AuthError
from soar.sdk.lists import Lists
from soar.sdk.stream import Dialer


class Settings(Mapping[str, JsonValue]):
    """A connection's settings, checked against the manifest, with its defaults filled in."""

    def __init__(self, values: Mapping[str, JsonValue]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> JsonValue:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def texts(self, name: str) -> list[str]:
        """Return a setting of type `strings`."""
        values = self._values[name]
        return [str(value) for value in values] if isinstance(values, list) else []

    def map(self, name: str) -> dict[str, str]:
        """Return a setting of type `map`."""
        values = self._values[name]
        return {key: str(value) for key, value in values.items()} if isinstance(values, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a connection gives.

    Attributes:
        http: the client; it reaches the hosts of this connection only, and the simulator where that is meant.
        settings: of the connection.
        credentials: by credential field; read them through `secret`.
        clock: read it through `now`.
    """

    http: Client
    settings: Settings
    credentials: Mapping[str, Secret]
    clock: Clock

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return self.clock.now()

    def secret(self, field: str) -> Secret:
        """Return the connection's credential for a secret field of the manifest.

        Raises:
            AuthError: the connection names none.
        """
        secret = self.credentials.get(field)
        if secret is None:
            raise AuthError(f"the connection has no {field}", hint=f"set a credential for {field} on the connection")
        return secret

    def check(self, response: httpx.Response) -> httpx.Response:
        """Return the answer if its status is 2xx, else raise what the status means; see `raise_for_answer`."""
        return raise_for_answer(response, now=self.clock.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Link):
    """Given to every call of an action.

    Attributes:
        idempotency_key: the same for every attempt at the same effect. Writes over `http` bear it by themselves.
        deadline: when the call is given up.
        messages: the built-in chat.
        lists: those that people keep.
        alerts: the way in for alerts of our own.
        dial: opens connections for what is no HTTP, to the hosts of this connection only.
    """

    idempotency_key: str
    deadline: datetime
    messages: Messages
    lists: Lists
    alerts: Alerts
    dial: Dialer


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(Link):
    """Given to every call of a trigger.

    Attributes:
        dial: opens connections for what is no HTTP, to the hosts of this connection only.
    """

    dial: Dialer
