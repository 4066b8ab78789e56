"""Keys are made of what alerts say, and an alert may say as much as it likes; no index may choke on it."""

from collections.abc import AsyncIterator

import pytest

from soar.ingest.receive import Receiver
from soar.model.alert import Relation
from soar.model.playbook import CaseSpec, Concurrency, Dedupe
from soar.store import Store, open_store
from tests.support.disk import InlineDisk
from tests.support.process import RecordingProcess
from tests.unit.ingest.specimens import WORKSPACE, Surroundings, build_triage
from tests.unit.ingest.test_receive import LOGIN, id_of, send

ENDLESS = "".join(chr(0x4E00 + number) for number in range(5_000))  # no database compresses it


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Store]:
    store = open_store(postgres_url, disk=InlineDisk(), process=RecordingProcess(), readers=InlineDisk)
    yield store
    await store.close()


async def test_endless_keys_are_kept_apart_and_known_again(
    receiver: Receiver, store: Store, surroundings: Surroundings
) -> None:
    key = "alert.raw.note"
    surroundings.playbooks["triage"] = build_triage(
        dedupe=Dedupe(key=key), concurrency=Concurrency(key=key), case=CaseSpec(title="One", key=key)
    )
    relations: list[Relation] = []
    for number, note in enumerate((ENDLESS, f"{ENDLESS}!", ENDLESS)):
        alert = id_of(await send(receiver, {**LOGIN, "n": number, "note": note}))
        (match,) = await store.read(WORKSPACE, lambda unit, found=alert: unit.alerts.matches(found))
        relations.append(match.relation)
    assert relations == [Relation.STARTED, Relation.STARTED, Relation.ATTACHED]
    runs = (await store.read(WORKSPACE, lambda unit: unit.runs.list(9))).items
    assert len({run.concurrency_key for run in runs}) == len({run.case for run in runs}) == 2
