"""Connectors that fetch: their triggers as they are loaded, and as the host runs them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from soar.model.catalog import Connection
from soar.model.errors import ActionError, InputError
from soar.model.poll import Batch, Item, PollCall
from soar.model.secret import BoundSecret, Secret
from soar.model.values import JsonValue
from soar.registry.discover import Found
from soar.registry.host import InProcessHost, Surroundings
from soar.registry.load import ReadYaml, load_connector
from soar.sdk.simulation import MemoryLedger
from soar.sdk.testing import MemoryAlerts, MemoryLists, MemoryMessages
from tests.support.clock import SteppedClock
from tests.support.network import VirtualEgress

TOKEN = "tok-0123456789"
SOURCE = """\
from collections.abc import AsyncIterator
from soar.sdk import Arguments, Batch, Connector, Feed, Item, TransientError, trigger


class Which(Arguments):
    name: str


class Sample(Connector):
    @trigger(title="Listen")
    async def listen(self, feed: Feed, arguments: Which, cursor: object) -> AsyncIterator[Batch]:
        yield Batch(items=[Item(key="1", document={"name": arguments.name, "depth": feed.settings["depth"]})], cursor=1)
        match arguments.name:
            case "careless":
                raise LookupError(feed.secret("token").reveal())
            case "patient":
                raise TransientError("not now, " + feed.secret("token").reveal(), retry_after=7.0)
            case "greedy":
                yield Batch(items=[Item(key=str(n), document={}) for n in range(1001)], cursor=2)
"""


@pytest.fixture
def host(sample: Path, read_yaml: ReadYaml) -> InProcessHost:
    (sample / "connector.py").write_text(SOURCE)
    connections = {
        "sample": Connection(id="sample", connector="sample", simulate=False, credentials={"token": "t"}),
        "other": Connection(id="other", connector="http", simulate=False),
        "made-up": Connection(id="made-up", connector="sample", simulate=True),
    }

    async def resolve(_workspace: str, _name: str) -> BoundSecret:
        return BoundSecret(secret=Secret(TOKEN))

    async def keep(_workspace: str, name: str, _value: Secret, _former: BoundSecret) -> None:
        raise AssertionError(f"{name} was exchanged")

    return InProcessHost(
        {"sample": load_connector(Found("sample", sample), read_yaml)},
        Surroundings(
            find_connection=lambda _, name: connections.get(name),
            resolve=resolve,
            keep=keep,
            open_ledger=lambda *_: MemoryLedger(),
            open_messages=lambda _: MemoryMessages(),
            open_lists=lambda _: MemoryLists(),
            open_alerts=lambda _: MemoryAlerts(),
            egress=VirtualEgress(),
            clock=SteppedClock(),
        ),
    )


async def poll(host: InProcessHost, name: str = "calm", **changes: str) -> list[Batch]:
    arguments: dict[str, JsonValue] = {"name": name}
    fields: Mapping[str, str] = {"workspace": "default", "trigger": "sample.listen", "connection": "sample", **changes}
    async with host.open_trigger(PollCall(arguments=arguments, **fields)) as batches:
        return [batch async for batch in batches]


async def test_a_trigger_has_its_connections_settings(host: InProcessHost) -> None:
    assert await poll(host) == [Batch(items=[Item(key="1", document={"name": "calm", "depth": 3})], cursor=1)]


@pytest.mark.parametrize(
    ("name", "says", "retry_after"),
    [
        ("careless", "the connector failed: LookupError", None),
        ("patient", "not now", 7.0),
        ("greedy", "at most 1000 items", None),
    ],
)
async def test_what_a_trigger_raises_shows_no_secret(
    host: InProcessHost, name: str, says: str, retry_after: float | None
) -> None:
    with pytest.raises(ActionError, match=says) as caught:
        await poll(host, name)
    assert TOKEN not in caught.value.message
    assert caught.value.retry_after == retry_after


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"trigger": "sample.look"}, "no trigger sample.look"),
        ({"trigger": "gone.listen"}, "no trigger gone.listen"),
        ({"connection": "other"}, "no connection other"),
        ({"connection": "made-up"}, "cannot be simulated"),
    ],
)
async def test_what_is_not_there_is_said(host: InProcessHost, changes: dict[str, str], says: str) -> None:
    with pytest.raises(ActionError, match=says):
        await poll(host, **changes)


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("async def listen", "def listen", "must be `async def` with a `yield`"),
        ("arguments: Which", "arguments: object", "annotated with a class of Arguments"),
    ],
)
def test_a_trigger_that_is_none_does_not_load(
    sample: Path, read_yaml: ReadYaml, was: str, becomes: str, says: str
) -> None:
    (sample / "connector.py").write_text(SOURCE.replace(was, becomes))
    with pytest.raises(InputError, match=says):
        load_connector(Found("sample", sample), read_yaml)
