"""Sources that are polled: held against what is installed and connected, and set going."""

from collections.abc import Mapping

import structlog
from pydantic import ValidationError

from soar.ingest.receive import Receiver
from soar.model.catalog import Connection
from soar.model.clock import Clock
from soar.model.errors import FieldFault, InputError
from soar.model.poll import Poll, TriggerHost
from soar.registry.load import LoadedConnector
from soar.runtime.pollers import PollKeeper
from soar.sdk.faults import describe_faults
from soar.store import Store


def make_pollers(
    receiver: Receiver, host: TriggerHost, store: Store, clock: Clock, workspace: str, node: str
) -> PollKeeper:
    """Return what polls those of a receiver's sources that are polled.

    Args:
        receiver: takes in what they have.
        host: runs the connectors' triggers.
        store: where cursors and leases are.
        clock: for leases.
        workspace: that the sources belong to.
        node: names this process among all of them.
    """
    return PollKeeper(
        store=store,
        workspace=workspace,
        clock=clock,
        node=node,
        polls={id_: source.poll for id_, source in receiver.sources.items() if source.poll is not None},
        host=host,
        accept=receiver.receive_polled,
        report=_report,
    )


def _report(workspace: str, source: str, error: Exception) -> None:
    structlog.get_logger().warning(
        "a source could not be polled", action="source.poll", workspace=workspace, source=source, error=str(error)
    )


def check_poll(
    source: str, poll: Poll, connectors: Mapping[str, LoadedConnector], connections: Mapping[str, Connection]
) -> None:
    """Refuse a poll that can never work.

    Raises:
        InputError: there is no such trigger or connection, the connection is kept for playbooks, or the arguments do
            not fit.
    """
    connector, _, name = poll.trigger.partition(".")
    loaded = connectors.get(connector)
    if loaded is None or name not in loaded.triggers:
        known = sorted(f"{one}.{each}" for one, found in connectors.items() for each in found.triggers)
        raise _refuse(source, "uses", f"there is no trigger {poll.trigger}", f"there are: {', '.join(known)}")
    connection = connections.get(poll.connection)
    if connection is None or connection.connector != connector:
        hint = "set it up in the file of connections"
        raise _refuse(source, "connection", f"{connector} has no connection {poll.connection}", hint)
    if connection.allow is not None:
        hint = "take `allow` away from the connection, or give the source a connection of its own"
        raise _refuse(source, "connection", f"the connection {poll.connection} is kept for some playbooks", hint)
    try:
        loaded.triggers[name].takes.model_validate(poll.arguments)
    except ValidationError as error:
        hint = f"the page of the connector {connector} has the arguments"
        raise _refuse(source, "with", describe_faults(error), hint) from None


def _refuse(source: str, field: str, message: str, hint: str) -> InputError:
    fault = FieldFault(f"/poll/{field}", message)
    return InputError(f"source {source}: poll.{field}: {message}", code="source.invalid", hint=hint, faults=[fault])
