import pytest

from soar.engine.events import RunStarted, load_event
from soar.ingest.request import Requester, RunRequests
from soar.model.errors import InputError
from soar.model.playbook import Playbook
from soar.model.run import Mode, Run
from soar.model.values import Value
from soar.store import Store
from tests.support.builders import build_actor
from tests.support.clock import START
from tests.support.ids import SeededIds
from tests.unit.ingest.specimens import WORKSPACE, build_triage

ANN = Requester(initiator="user:u_ann", actor=build_actor(id="u_ann"))


@pytest.fixture
def requests(ids: SeededIds) -> RunRequests:
    return RunRequests(config={}, ids=ids)


async def request(store: Store, requests: RunRequests, playbook: Playbook, given: dict[str, Value]) -> Run:
    return await store.write(WORKSPACE, lambda unit: requests.request_by_hand(unit, playbook, given, ANN, START))


async def test_a_run_by_hand_is_its_starters(store: Store, requests: RunRequests) -> None:
    run = await request(store, requests, build_triage(mode=Mode.SHADOW), {"user": "ada"})
    assert (run.initiator, run.alert, run.inputs, run.mode) == ("user:u_ann", None, {"user": "ada"}, Mode.SHADOW)
    assert await store.read(WORKSPACE, lambda unit: unit.runs.get(run.id)) == run
    (told,) = await store.read(WORKSPACE, lambda unit: unit.inbox.peek(run.id))
    assert load_event(told.event) == RunStarted(at=START)
    (record,) = (await store.read(WORKSPACE, lambda unit: unit.audit.list(9))).items
    assert record.document["type"] == "run.requested"
    assert record.document["target"] == {"kind": "run", "id": run.id}


@pytest.mark.parametrize(
    ("playbook", "given", "code"),
    [
        (build_triage(), {}, "inputs.invalid"),
        (build_triage(), {"user": 7}, "inputs.invalid"),
        (build_triage(), {"user": "ada", "more": 1}, "inputs.invalid"),
    ],
)
async def test_what_cannot_run_is_refused_and_leaves_nothing(
    store: Store, requests: RunRequests, playbook: Playbook, given: dict[str, Value], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        await request(store, requests, playbook, given)
    assert caught.value.code == code
    assert (await store.read(WORKSPACE, lambda unit: unit.runs.list(9))).items == ()
    assert (await store.read(WORKSPACE, lambda unit: unit.audit.list(9))).items == ()


async def test_two_starts_by_hand_are_two_runs(store: Store, requests: RunRequests) -> None:
    first = await request(store, requests, build_triage(), {"user": "ada"})
    second = await request(store, requests, build_triage(), {"user": "ada"})
    assert first.id != second.id
