"""Where connector code runs, and how the service ends itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from soar.model.errors import ActionCode
from soar.model.standing import Standing
from soar.model.values import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a host is not asked now.

    Attributes:
        retry_after: seconds until it may be.
    """

    message: str
    retry_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCall:
    """One intended call of an action, complete but for its secrets.

    Attributes:
        run: the run that asks.
        step: the path of its step, with `#index` inside a `foreach`.
        action: `connector.action`.
        connection: id of the connection to use.
        arguments: checked against the action's parameters by the connector; secrets are null.
        secrets: for each secret, the JSON pointer into the arguments and the credential's name.
        effect_key: the same for every attempt at the same effect.
        timeout: seconds; waiting for its turn does not count.
        standing: what decides when it gets its turn.
        refusals: hosts that are not to be asked, and what to answer for them.
    """

    workspace: str
    run: str
    step: str
    action: str
    connection: str
    arguments: JsonValue
    secrets: tuple[tuple[str, str], ...]
    effect_key: str
    attempt: int
    timeout: float
    standing: Standing = field(default_factory=Standing)
    refusals: Mapping[str, Refusal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionAnswer:
    """How a call ended.

    Attributes:
        output: the checked output, if `code` is None.
        code: how it failed.
        message: why it failed, without secrets.
        retry_after: seconds the product asked us to wait.
        requests: how many requests were sent to the product for it.
        hosts: those it wanted to ask, in the order in which they were last asked.
        is_unsent: whether it failed because the product was not reached at all, and so nothing was done.
    """

    output: JsonValue = None
    code: ActionCode | None = None
    message: str = ""
    retry_after: float | None = None
    requests: int = 1
    hosts: tuple[str, ...] = ()
    is_unsent: bool = False


class ActionHost(Protocol):
    """Runs connector code. It never raises: whatever goes wrong in there is an answer."""

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Make the call and say how it ended."""
        ...


class Process(Protocol):
    """The service's own process."""

    def die(self, reason: str) -> None:
        """End at once, without tidying up; after a failed fsync nothing in memory may be believed."""
        ...
