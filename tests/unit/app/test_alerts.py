"""Alerts that runs raise, from the playbook that raises one to the run that it starts."""

from collections.abc import Mapping
from pathlib import Path

from soar.app.alerts import OwnAlerts
from soar.app.documents import read_yaml
from soar.ingest.receive import Receiver
from soar.model.alert import Alert, Relation
from soar.model.catalog import Catalog, Connection
from soar.model.errors import BugError
from soar.model.playbook import Playbook, Revision
from soar.model.process import ActionAnswer, ActionCall
from soar.model.run import RunStatus
from soar.model.secret import BoundSecret, Secret
from soar.playbook import digest_text, parse_playbook
from soar.registry.catalog import build_catalog
from soar.registry.discover import discover
from soar.registry.host import InProcessHost, Surroundings
from soar.registry.load import LoadedConnector, load_connectors
from soar.sdk.simulation import MemoryLedger
from soar.sdk.testing import MemoryLists, MemoryMessages
from tests.support.builders import build_alert
from tests.support.inline_reader import InlineReader
from tests.support.network import VirtualEgress
from tests.support.process import ScriptedHost
from tests.support.world import WORKSPACE, World, play

SHIPPED = Path(__file__).parents[3] / "connectors"
HUNT = """
name: Hunt
on: {manual: {}}
steps:
  - foreach: "['eve', 'eve', 'mallory']"
    uses: alert.raise
    with:
      kind: identity.grant
      severity: high
      title: ${{ item }} has a new right
      dedupe: ${{ item }}
      entities: {users: ["${{ item }}"]}
      labels: {team: "iam \\"x\\""}
"""
REVIEW = """
name: Review
on: {alert: {source: soar, match: 'alert.kind == "identity.grant"'}}
inputs:
  user: {type: string, from: "alert.entities.users[0]"}
steps:
  - set: {user: "${{ inputs.user }}"}
outputs:
  user: ${{ inputs.user }}
"""
ECHO = """
name: Echo
on: {alert: {match: 'alert.kind == "noise"'}}
steps:
  - uses: alert.raise
    with: {kind: noise, severity: low, title: "again: ${{ alert.title }}"}
"""


def load_shipped() -> dict[str, LoadedConnector]:
    return load_connectors([one for one in discover([SHIPPED], []) if one.id == "alert"], read_yaml)


class RaisingHost(ScriptedHost):
    """The real connector, in front of a receiver that is told after the world is made."""

    def __init__(self) -> None:
        super().__init__()
        self.inner: InProcessHost | None = None

    async def call(self, call: ActionCall) -> ActionAnswer:
        self.calls.append(call)
        if self.inner is None:
            raise BugError("nobody has opened the way in")
        return await self.inner.call(call)


async def resolve(_workspace: str, _name: str) -> tuple[Secret, ...]:
    raise BugError("no credential is asked for")


async def open_credential(_workspace: str, _name: str) -> BoundSecret:
    raise BugError("no credential is asked for")


async def keep(_workspace: str, _name: str, _value: Secret, _former: BoundSecret) -> None:
    raise BugError("no credential is exchanged")


async def settle_in(world: World, **texts: str) -> Receiver:
    """Let playbooks serve, and open the way in for what they raise."""
    assert isinstance(world.host, RaisingHost)
    serving: dict[str, Playbook] = {}
    for name, text in texts.items():
        playbook, findings = parse_playbook(text, playbook_id=name, file=f"{name}.yaml")
        assert playbook is not None, findings
        serving[name] = playbook
        revision = Revision(
            playbook=name, digest=digest_text(text), text=text, created_at=world.clock.now(), author="u_olga"
        )
        await world.write(lambda unit, kept=revision: unit.revisions.put(kept))
    receiver = Receiver(
        store=world.store,
        workspace=WORKSPACE,
        sources={},
        playbooks=lambda: serving,
        resolve=resolve,
        egress=VirtualEgress(),
        config={},
        url="http://soar.test",
        reader=InlineReader(),
        clock=world.clock,
        ids=world.ids,
        announcer=world.announcer,
    )
    world.host.inner = InProcessHost(
        load_shipped(),
        Surroundings(
            find_connection=lambda _, name: Connection(id=name, connector=name, simulate=False),
            resolve=open_credential,
            keep=keep,
            open_ledger=lambda *_: MemoryLedger(),
            open_messages=lambda _: MemoryMessages(),
            open_lists=lambda _: MemoryLists(),
            open_alerts=lambda call: OwnAlerts(store=world.store, call=call, receiver=receiver),
            egress=VirtualEgress(),
            clock=world.clock,
        ),
    )
    return receiver


def build_shipped_catalog() -> Catalog:
    return build_catalog(load_shipped().values())


async def list_alerts(world: World) -> list[Alert]:
    return [*reversed((await world.read(lambda unit: unit.alerts.list(50))).items)]


def test_a_raised_alert_starts_the_playbook_that_takes_it() -> None:
    async def scenario(world: World) -> None:
        await settle_in(world, review=REVIEW)
        hunt = await world.start(HUNT, playbook="hunt", initiator="user:u_ann")
        await world.settle()
        assert (await world.run(hunt)).status is RunStatus.SUCCEEDED
        first, second = await list_alerts(world)
        assert (first.source, first.kind, first.title) == ("soar", "identity.grant", "eve has a new right")
        assert (first.fingerprint, first.entities, first.labels) == ("eve", {"users": ("eve",)}, {"team": 'iam "x"'})
        assert isinstance(first.raw, Mapping)
        assert first.raw["raised_by"] == {"run": hunt, "playbook": "hunt", "step": "steps/0#0", "depth": 1}
        assert second.title == "mallory has a new right"
        (match,) = await world.read(lambda unit: unit.alerts.matches(first.id))
        assert match.relation is Relation.STARTED
        started = await world.run(match.run or "")
        assert (started.status, started.alert, started.outputs) == (RunStatus.SUCCEEDED, first.id, {"user": "eve"})
        assert started.initiator == "user:u_ann"
        received = await world.audit("alert.received")
        assert [event["actor"]["id"] for event in received] == ["hunt", "hunt"]

    play(scenario, host=RaisingHost(), catalog=build_shipped_catalog())


def test_the_like_of_an_alert_is_not_stored_again_within_a_day() -> None:
    async def hunt(world: World) -> list[tuple[str, str | None]]:
        run = await world.start(HUNT, playbook="hunt")
        await world.settle()
        state = await world.state(run)
        answers = [state.records[f"steps/0#{index}"].output for index in range(3)]
        return [(answer["alert"], answer["duplicate_of"]) for answer in answers]

    async def scenario(world: World) -> None:
        await settle_in(world)
        first = await hunt(world)
        eve, mallory = (alert.id for alert in await list_alerts(world))
        assert first == [(eve, None), (eve, eve), (mallory, None)]
        await world.clock.sleep(86_400)
        assert await hunt(world) == [(eve, eve), (eve, eve), (mallory, mallory)]
        await world.clock.sleep(1)
        later = await hunt(world)
        assert [duplicate_of is None for _, duplicate_of in later] == [True, False, True]
        assert len(await list_alerts(world)) == 4

    play(scenario, host=RaisingHost(), catalog=build_shipped_catalog())


def test_a_call_that_is_made_again_raises_nothing_more() -> None:
    async def scenario(world: World) -> None:
        await settle_in(world, review=REVIEW)
        await world.start(HUNT, playbook="hunt")
        await world.settle()
        known = await list_alerts(world)
        calls = [*world.host.calls]
        await world.clock.sleep(10 * 86_400)
        again = [await world.host.inner.call(call) for call in calls if call.arguments["dedupe"] == "mallory"]
        assert [answer.output for answer in again] == [{"alert": known[1].id, "duplicate_of": None}]
        assert await list_alerts(world) == known

    play(scenario, host=RaisingHost(), catalog=build_shipped_catalog())


def test_alerts_that_raise_alerts_come_to_an_end() -> None:
    async def scenario(world: World) -> None:
        await settle_in(world, echo=ECHO)
        await world.start(ECHO, playbook="echo", alert=build_alert(kind="noise", title="a cry"))
        await world.settle()
        _, *raised = await list_alerts(world)
        assert [alert.raw["raised_by"]["depth"] for alert in raised] == [1, 2, 3, 4, 5]
        runs = (await world.read(lambda unit: unit.runs.list(50))).items
        assert [run.status for run in runs] == [RunStatus.FAILED, *[RunStatus.SUCCEEDED] * 5]
        (failed,) = (await world.state(runs[0].id)).records.values()
        assert failed.fault is not None
        assert failed.fault.code == "conflict"
        assert "5 times in a row" in failed.fault.message

    play(scenario, host=RaisingHost(), catalog=build_shipped_catalog())


def test_another_source_cannot_pretend_to_be_deep() -> None:
    async def scenario(world: World) -> None:
        await settle_in(world)
        forged = build_alert(kind="noise", title="a cry", raw={"raised_by": {"depth": 5}})
        run = await world.start(ECHO, playbook="echo", alert=forged)
        await world.settle()
        assert (await world.run(run)).status is RunStatus.SUCCEEDED
        _, raised = await list_alerts(world)
        assert raised.raw["raised_by"]["depth"] == 1

    play(scenario, host=RaisingHost(), catalog=build_shipped_catalog())
