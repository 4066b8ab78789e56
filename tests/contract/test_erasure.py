"""What is erased from the record is gone from the database, and everything that was signed still holds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.eraser import Eraser, Erasure, ErasureStatus, Subject, SubjectKind
from soar.audit.export import export_lines, verify_export
from soar.audit.keeper import checkpoint_head, index_events, prove_event, verify_unit
from soar.audit.note import SigningKey
from soar.audit.proof import verify_proof
from soar.audit.record import record
from soar.audit.seal import ERASABLE, blank_erased, erase_fields, find_erased
from soar.audit.verify import Report
from soar.model.audit import Actor, AuditRecord
from soar.model.errors import BugError, ConflictError, DeniedError, NotFoundError, UnavailableError
from soar.store import Store, Unit, open_store
from tests.contract.conftest import WORKSPACE
from tests.support.builders import build_audit_event, build_sample
from tests.support.clock import START
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.postgres import PostgresServer
from tests.support.process import RecordingProcess
from tests.support.randomness import SeededRandomness

ORIGIN = "soar.example/audit"
KEY = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
ALERT = Subject(SubjectKind.ALERT, "al_1")
USER = Subject(SubjectKind.USER, "u_carol")
ANN, BOB = (Actor(kind="user", id=f"u_{name}", name=f"{name} the admin") for name in ("ann", "bob"))
CAROL = Actor(kind="user", id="u_carol", name="carol-the-analyst", ip="203.0.113.99")
ENGINE = Actor(kind="playbook", id="isolate", name="Isolate", via="engine")
HOST, WORDS = "srv-payroll-77", "renaming-the-files"
EVENTS = (
    build_audit_event(type="alert.received", actor=ENGINE, target={"kind": "alert", "id": "al_1", "source": "edr"}),
    build_audit_event(
        type="run.requested", actor=ENGINE, target={"kind": "run", "id": "run_1"}, context={"alert": "al_1"}, after=None
    ),
    build_audit_event(
        type="action.started",
        actor=ENGINE,
        target={"kind": "action", "id": "edr.isolate", "targets": [HOST]},
        context={"run": "run_1"},
    ),
    build_audit_event(type="approval.voted", actor=CAROL, reason=WORDS, context={"run": "run_1"}),
    build_audit_event(
        type="action.started",
        actor=ENGINE,
        target={"kind": "action", "id": "edr.isolate", "targets": ["another-host"]},
        context={"run": "run_2"},
    ),
)


@pytest.fixture
async def store(url: str, disk: InlineDisk, process: RecordingProcess, ids: SeededIds) -> AsyncIterator[Store]:
    store = open_store(url, disk=disk, process=process, readers=InlineDisk, randomness=SeededRandomness())
    await store.migrate()

    def write(unit: Unit) -> None:
        for event in EVENTS:
            record(unit, event, at=START, id=ids.new("ev"))
        checkpoint_head(unit, key=KEY, origin=ORIGIN, at=START)

    await store.write(WORKSPACE, write)
    yield store
    await store.close()


@pytest.fixture
def eraser(store: Store, ids: SeededIds) -> Eraser:
    return Eraser(store, ids=ids)


async def erase(eraser: Eraser, subject: Subject, *actors: Actor) -> Erasure:
    for actor in actors:
        done = await eraser.erase(WORKSPACE, subject, "was asked for", actor=actor, now=START)
    return done


async def read_all(store: Store) -> tuple[AuditRecord, ...]:
    return await store.read(WORKSPACE, lambda unit: unit.audit.range(0, 100))


async def verify(store: Store) -> Report:
    return await store.read(WORKSPACE, lambda unit: verify_unit(unit, [KEY.verifier]))


async def test_two_people_erase_an_alert_and_the_record_is_sound(store: Store, eraser: Eraser) -> None:
    asked = await erase(eraser, ALERT, ANN)
    assert asked == Erasure(subject=ALERT, status=ErasureStatus.REQUESTED, events=3)
    assert HOST in str(await read_all(store))
    done = await erase(eraser, ALERT, BOB)
    assert done == Erasure(subject=ALERT, status=ErasureStatus.CONFIRMED, events=3)
    records = await read_all(store)
    assert HOST not in str(records)
    assert WORDS not in str(records)
    assert "another-host" in str(records)
    assert "carol-the-analyst" in str(records)  # who voted is not the alert's
    assert [entry.sequence for entry in records if find_erased(entry.document)] == [0, 2, 3]
    report = await verify(store)
    assert report.is_sound, report.summary
    assert (report.size, report.checkpoints) == (7, 1)
    assert "1 tombstone: parts of 3 events were erased, and what they were is committed to" in report.remarks


@pytest.mark.parametrize(("subject", "left"), [(ALERT, 0), (USER, 1)])
async def test_repeats_of_an_alert_go_with_it_and_with_nobody_else(
    store: Store, eraser: Eraser, subject: Subject, left: int
) -> None:
    await store.write(WORKSPACE, lambda unit: unit.bursts.add_sample(build_sample(alert=ALERT.id)))
    await store.write(WORKSPACE, lambda unit: unit.bursts.add_sample(build_sample(alert="al_2")))
    await erase(eraser, subject, ANN, BOB)
    kept = await store.read(WORKSPACE, lambda unit: [len(unit.bursts.samples(alert)) for alert in (ALERT.id, "al_2")])
    assert kept == [left, 1]


async def test_the_tombstone_says_who_why_and_which(store: Store, eraser: Eraser) -> None:
    await erase(eraser, ALERT, ANN, BOB)
    *_, asked, tombstone = (entry.document for entry in await read_all(store))
    assert (asked["type"], asked["context"]) == ("erasure.requested", {"count": 3})
    assert (tombstone["type"], tombstone["reason"]) == ("erasure.confirmed", "was asked for")
    assert tombstone["target"] == {"kind": "alert", "id": "al_1"}
    assert tombstone["context"] == {"count": 3, "events": [0, 2, 3], "requested_by": "u_ann"}


async def test_a_person_is_erased_by_name_address_and_words_and_keeps_the_id(store: Store, eraser: Eraser) -> None:
    await erase(eraser, USER, ANN, BOB)
    records = await read_all(store)
    assert not any(word in str(records) for word in (CAROL.name, "203.0.113.99", WORDS))
    document = blank_erased(records[3].document)
    assert (document["actor"]["id"], document["actor"]["name"], document["reason"]) == ("u_carol", None, None)
    assert document["erased"] == ["actor.name", "actor.ip", "reason"]
    report = await verify(store)
    assert report.is_sound
    assert "1 tombstone: parts of 1 event were erased, and what they were is committed to" in report.remarks
    found = await store.read(WORKSPACE, lambda unit: unit.audit.list(10, actor=CAROL.name))
    assert found.items == ()


async def test_whoever_asks_cannot_confirm(store: Store, eraser: Eraser) -> None:
    with pytest.raises(DeniedError) as caught:
        await erase(eraser, ALERT, ANN, ANN)
    assert (caught.value.code, caught.value.message, caught.value.hint) == (
        "second_person",
        "whoever asked to erase the alert al_1 cannot confirm it",
        "let somebody else confirm it: soar audit shred",
    )
    assert HOST in str(await read_all(store))


async def test_what_the_record_does_not_hold_cannot_be_asked_for(store: Store, eraser: Eraser) -> None:
    for subject in (Subject(SubjectKind.ALERT, "al_2"), Subject(SubjectKind.USER, "al_1")):
        with pytest.raises(NotFoundError) as caught:
            await erase(eraser, subject, ANN)
        assert (caught.value.code, caught.value.message, caught.value.hint) == (
            "nothing_to_erase",
            f"the record holds nothing of the {subject.kind} {subject.id} that can be erased",
            "name it by its id; what was recorded before there were salts stays whole",
        )
    assert len(await read_all(store)) == len(EVENTS)


async def test_asking_again_for_what_is_erased_says_so_and_records_nothing(store: Store, eraser: Eraser) -> None:
    done = await erase(eraser, ALERT, ANN, BOB)
    for actor in (ANN, BOB):
        assert await erase(eraser, ALERT, actor) == done
    assert len(await read_all(store)) == len(EVENTS) + 2


async def test_somebody_elses_erasure_is_none_of_ours(store: Store, eraser: Eraser) -> None:
    await erase(eraser, ALERT, ANN, BOB)
    with pytest.raises(NotFoundError):
        await eraser.erase("south", ALERT, "was asked for", actor=ANN, now=START)


async def test_another_workspace_erases_nothing_of_ours(store: Store, eraser: Eraser) -> None:
    with pytest.raises(NotFoundError):
        await eraser.erase("south", ALERT, "was asked for", actor=ANN, now=START)


async def test_what_came_later_can_be_erased_as_well(store: Store, eraser: Eraser, ids: SeededIds) -> None:
    await erase(eraser, ALERT, ANN, BOB)
    await store.write(WORKSPACE, lambda unit: record(unit, EVENTS[2], at=START, id=ids.new("ev")))
    await erase(eraser, ALERT, ANN, BOB)
    assert HOST not in str(await read_all(store))
    report = await verify(store)
    assert report.is_sound
    assert "2 tombstones: parts of 4 events were erased, and what they were is committed to" in report.remarks


async def test_an_erasure_without_a_tombstone_is_found(store: Store) -> None:
    def tamper(unit: Unit) -> None:
        (entry,) = unit.audit.range(2, 3)
        unit.audit.replace(erase_fields(entry, ERASABLE))

    await store.write(WORKSPACE, tamper)
    report = await verify(store)
    assert [fault.sequence for fault in report.faults] == [2]
    assert "no tombstone says so" in report.summary


async def test_an_event_cannot_take_another_ones_place(store: Store) -> None:
    def swap(unit: Unit) -> None:
        _, other = unit.audit.range(2, 4)
        unit.audit.replace(AuditRecord(sequence=2, at=START, document=other.document, leaf=other.leaf))

    with pytest.raises(BugError):
        await store.write(WORKSPACE, swap)
    with pytest.raises(NotFoundError):
        await store.write("south", lambda unit: unit.audit.replace(unit.audit.range(2, 3)[0]))


async def test_two_who_ask_or_confirm_at_once_leave_one_request_and_one_tombstone(store: Store, eraser: Eraser) -> None:
    for done, actors in (("asked for", (ANN, CAROL)), ("confirmed", (BOB, ENGINE))):
        ended = await asyncio.gather(*(erase(eraser, ALERT, actor) for actor in actors), return_exceptions=True)
        refused, made = sorted(ended, key=lambda end: isinstance(end, Erasure))
        assert isinstance(made, Erasure)
        assert isinstance(refused, ConflictError)
        assert (refused.code, refused.message, refused.hint) == (
            "erasure_changed",
            f"the erasure of the alert al_1 was {done} meanwhile",
            "see: soar audit list --type erasure.",
        )
    types = [entry.document["type"] for entry in await read_all(store)]
    assert types[len(EVENTS) :] == ["erasure.requested", "erasure.confirmed"]


def export(unit: Unit) -> list[str]:
    head = unit.audit.head()
    return [*export_lines(unit.audit.range(0, 100), unit.audit.checkpoints(), [KEY.verifier], head=head)]


@pytest.mark.parametrize("is_erased", [False, True])
async def test_exports_and_proofs_hold_before_and_after(store: Store, eraser: Eraser, *, is_erased: bool) -> None:
    if is_erased:
        await erase(eraser, ALERT, ANN, BOB)

    lines = await store.read(WORKSPACE, export)
    assert verify_export(lines, [KEY.verifier]).is_sound
    assert (HOST in "".join(lines)) != is_erased
    for sequence in range(len(EVENTS)):
        proof = await store.read(WORKSPACE, lambda unit, number=sequence: prove_event(unit, number))
        document = verify_proof(proof, [KEY.verifier]).document
        assert document["seq"] == sequence
        assert (HOST in str(document)) == (sequence == 2 and not is_erased)


async def test_a_salt_that_was_changed_in_an_export_is_found(store: Store) -> None:
    lines = await store.read(WORKSPACE, export)
    salt = (await read_all(store))[2].salts["target.targets"]
    changed = [line.replace(salt, "0" * 32) for line in lines]
    assert "event 2 was changed" in verify_export(changed, [KEY.verifier]).summary


@pytest.fixture
def find_traces(request: pytest.FixtureRequest, url: str, store: Store, tmp_path: Path) -> Callable[[], list[str]]:
    """Return what names the files of the database that still hold the host."""
    if url.startswith("sqlite"):
        return lambda: _find_traces(tmp_path)
    server: PostgresServer = request.getfixturevalue("postgres")

    def find() -> list[str]:
        store._database.writer.exec_driver_sql("CHECKPOINT")
        return _find_traces(server.folder / "data" / "base")

    return find


def _find_traces(folder: Path) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.is_file() and HOST.encode() in file.read_bytes()]


@pytest.mark.parametrize("url", ["file", "postgres"], indirect=True)
async def test_no_byte_of_it_is_left_in_the_databases_files(
    store: Store, eraser: Eraser, find_traces: Callable[[], list[str]]
) -> None:
    await index_events(store, WORKSPACE)
    assert find_traces() != []
    await erase(eraser, ALERT, ANN, BOB)
    assert find_traces() == []


@pytest.mark.parametrize("url", ["file", "postgres"], indirect=True)
async def test_what_somebody_who_reads_has_kept_goes_when_it_is_asked_for_again(
    store: Store, eraser: Eraser, find_traces: Callable[[], list[str]]
) -> None:
    patience = {"sqlite": "PRAGMA busy_timeout = 0", "postgresql": "SET lock_timeout = '50ms'"}
    store._database.writer.exec_driver_sql(patience[store._database.writer.dialect.name])
    await erase(eraser, ALERT, ANN)
    reader = store._database.connect()
    reader.exec_driver_sql("BEGIN")
    assert reader.exec_driver_sql("SELECT count(*) FROM audit").scalar() == len(EVENTS) + 1
    with pytest.raises(UnavailableError):
        await erase(eraser, ALERT, BOB)
    assert find_traces() != []
    reader.exec_driver_sql("ROLLBACK")
    store._database.disconnect(reader)
    done = await erase(eraser, ALERT, BOB)
    assert done == Erasure(subject=ALERT, status=ErasureStatus.CONFIRMED, events=3)
    assert find_traces() == []
    assert [entry.document["type"] for entry in await read_all(store)].count("erasure.confirmed") == 1
