import asyncio
import hashlib
import hmac
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from soar.engine.events import AlertJoined, RunStarted, load_event
from soar.ingest.acceptance import Receipt
from soar.ingest.receive import Receiver
from soar.model.alert import Relation
from soar.model.audit import AuditRecord
from soar.model.errors import DeniedError, InputError, NotFoundError, SoarError
from soar.model.playbook import AlertTrigger, CaseSpec, Concurrency, Dedupe, InputSpec, OnDuplicate, Overlap
from soar.model.run import RunStatus
from soar.model.values import JsonValue
from soar.store import Store
from tests.support.builders import build_principal
from tests.support.clock import SteppedClock
from tests.unit.ingest.specimens import KEY, TOKEN, WORKSPACE, Surroundings, build_triage

LOGIN: JsonValue = {"kind": "login", "title": "Login from afar", "user": "ada"}
REMOTE = "203.0.113.5"
TOLD_ALIKE = "this source does not know you"


async def send(receiver: Receiver, document: JsonValue = None, *, token: str = TOKEN, **headers: str) -> Receipt:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = orjson.dumps(LOGIN if document is None else document)
    return await receiver.receive("siem", {"authorization": f"Bearer {token}", **named}, body, REMOTE)


async def send_signed(receiver: Receiver, body: bytes, at: int, **headers: str) -> Receipt:
    digest = hmac.digest(KEY.encode(), f"{at}.".encode() + body, hashlib.sha256).hex()
    return await receiver.receive("signed", {"x-sig": digest, "x-timestamp": str(at), **headers}, body, REMOTE)


async def refuse(receiver: Receiver, source: str, headers: dict[str, str], body: bytes = b"{}") -> SoarError:
    with pytest.raises(SoarError) as caught:
        await receiver.receive(source, headers, body, REMOTE)
    return caught.value


async def list_audit(store: Store, prefix: str = "") -> list[AuditRecord]:
    page = await store.read(WORKSPACE, lambda unit: unit.audit.list(500, type_prefix=prefix or None))
    return list(reversed(page.items))


async def count_alerts(store: Store) -> int:
    page = await store.read(WORKSPACE, lambda unit: unit.alerts.list(500))
    return len(page.items)


def id_of(receipt: Receipt) -> str:
    assert isinstance(receipt.answer, dict)
    return str(receipt.answer["alert"])


async def test_an_alert_its_run_and_their_record_are_stored_before_anybody_is_woken(
    receiver: Receiver, store: Store, surroundings: Surroundings, clock: SteppedClock
) -> None:
    receipt = await send(receiver, user_agent="siem/1", idempotency_key="k1")
    alert_id = id_of(receipt)
    assert receipt.answer == {
        "alert": alert_id,
        "received_at": "2026-03-01T09:00:00Z",
        "duplicate_of": None,
        "see": f"https://soar.example/alerts/{alert_id}",
    }
    alert = await store.read(WORKSPACE, lambda unit: unit.alerts.get(alert_id))
    assert alert is not None
    assert (alert.kind, alert.title, alert.raw) == ("login", "Login from afar", LOGIN)
    delivery = await store.read(WORKSPACE, lambda unit: unit.deliveries.get(alert.delivery))
    assert delivery is not None
    assert (delivery.body, delivery.remote) == (orjson.dumps(LOGIN), REMOTE)
    assert delivery.headers == {"user-agent": "siem/1", "idempotency-key": "k1"}
    (match,) = await store.read(WORKSPACE, lambda unit: unit.alerts.matches(alert_id))
    assert match.relation is Relation.STARTED
    assert match.run is not None
    run_id = match.run
    run = await store.read(WORKSPACE, lambda unit: unit.runs.get(run_id))
    assert run is not None
    assert (run.status, run.alert, run.initiator, run.inputs) == (
        RunStatus.QUEUED,
        alert_id,
        "source:siem",
        {"user": "ada"},
    )
    assert run.revision == surroundings.playbooks["triage"].revision
    (told,) = await store.read(WORKSPACE, lambda unit: unit.inbox.peek(run_id))
    assert load_event(told.event) == RunStarted(at=clock.now())
    assert surroundings.woken == [run_id]
    assert surroundings.announced == [("alert", alert_id)]
    assert [record.document["type"] for record in await list_audit(store)] == ["alert.received", "run.requested"]


async def test_a_repeat_is_answered_as_before_and_stores_nothing(
    receiver: Receiver, store: Store, surroundings: Surroundings, clock: SteppedClock
) -> None:
    first = await send(receiver)
    clock.advance(timedelta(minutes=1))
    again = await send(receiver)
    assert again == Receipt(first.answer, is_repeat=True)
    assert await count_alerts(store) == 1
    assert len(surroundings.woken) == 1
    assert len(await list_audit(store)) == 2


async def test_a_large_repeat_is_answered_as_before_and_stores_nothing(receiver: Receiver, store: Store) -> None:
    large = {"kind": "edr.malware", "note": "x" * 20_000}
    first = await send(receiver, large)
    assert await send(receiver, large) == Receipt(first.answer, is_repeat=True)
    twice = await asyncio.gather(*(send(receiver, {**large, "number": 2}) for _ in range(2)))
    assert sorted(receipt.is_repeat for receipt in twice) == [False, True]
    assert await count_alerts(store) == 2


async def test_the_same_delivery_twice_at_once_is_stored_once(
    receiver: Receiver, store: Store, surroundings: Surroundings
) -> None:
    receipts = await asyncio.gather(*(send(receiver) for _ in range(5)))
    assert len({id_of(receipt) for receipt in receipts}) == 1
    assert sorted(receipt.is_repeat for receipt in receipts) == [False, True, True, True, True]
    assert await count_alerts(store) == 1
    assert len(surroundings.woken) == 1


async def test_keys_tell_equal_bodies_apart_and_unequal_ones_do_not_share_one(receiver: Receiver, store: Store) -> None:
    first = await send(receiver, idempotency_key="1")
    second = await send(receiver, idempotency_key="2")
    assert first.answer != second.answer
    with pytest.raises(InputError) as caught:
        await send(receiver, {"kind": "other"}, idempotency_key="1")
    assert caught.value.code == "key_reused"
    assert await count_alerts(store) == 2


async def test_a_replayed_signature_makes_nothing_new_whatever_unsigned_headers_say(
    receiver: Receiver, store: Store, clock: SteppedClock
) -> None:
    at = int(clock.now().timestamp())
    first = await send_signed(receiver, b'[{"kind": "a"}]', at)
    for key in ("1", "2"):
        replayed = await send_signed(receiver, b'[{"kind": "a"}]', at, **{"idempotency-key": key})
        assert replayed == Receipt(first.answer, is_repeat=True)
    assert await count_alerts(store) == 1
    clock.advance(timedelta(minutes=6))
    with pytest.raises(DeniedError):
        await send_signed(receiver, b'[{"kind": "a"}]', at)


async def test_several_alerts_come_and_go_together(receiver: Receiver, store: Store, clock: SteppedClock) -> None:
    at = int(clock.now().timestamp())
    receipt = await send_signed(receiver, b'[{"kind": "a"}, {"kind": "b"}]', at)
    assert isinstance(receipt.answer, dict)
    assert isinstance(receipt.answer["alerts"], list)
    assert len(receipt.answer["alerts"]) == 2
    for body in (b"[]", b'[{"kind": "a"}, 1]', b'{"kind": "a"}', b"[" + b"{}," * 1000 + b"{}]"):
        with pytest.raises(InputError) as caught:
            await send_signed(receiver, body, at)
        assert caught.value.code == "invalid_json"
    assert await count_alerts(store) == 2


async def test_strangers_cannot_tell_an_unknown_source_from_a_wrong_signature(
    receiver: Receiver, store: Store, surroundings: Surroundings
) -> None:
    surroundings.secrets.pop("signed_hook")
    errors = [
        await refuse(receiver, "siem", {"authorization": "Bearer wrong"}),
        await refuse(receiver, "siem", {}),
        await refuse(receiver, "signed", {"x-sig": "00"}, b"[]"),
        await refuse(receiver, "nothing-here", {}),
        await refuse(receiver, "bad\udcffname", {}),
    ]
    assert {(type(error), error.message, error.code, error.hint) for error in errors} == {
        (DeniedError, TOLD_ALIKE, "unauthenticated", errors[0].hint)
    }
    records = [record.document for record in await list_audit(store)]
    assert {record["type"] for record in records} == {"alert.refused"}
    assert {record["outcome"] for record in records} == {"denied"}
    assert [record["reason"] for record in records] == [
        "the token is wrong or missing",
        "the token is wrong or missing",
        "the source has no key of 16 bytes or more",
        "there is no such source",
        "there is no such source",
    ]
    assert await count_alerts(store) == 0


async def test_a_flood_of_refusals_fills_no_disk_and_is_counted(
    receiver: Receiver, store: Store, clock: SteppedClock
) -> None:
    for number in range(50):
        await refuse(receiver, f"guess-{number}", {})
    await refuse(receiver, "siem", {})
    assert len(await list_audit(store)) == 21
    clock.advance(timedelta(minutes=1))
    await refuse(receiver, "guess", {})
    last = (await list_audit(store))[-1].document
    assert last["context"] == {"not_recorded_before": 30}


async def test_what_a_source_sends_wrong_is_said_to_it_and_recorded_without_the_body(
    receiver: Receiver, store: Store
) -> None:
    error = await refuse(receiver, "siem", {"authorization": f"Bearer {TOKEN}"}, b'{"password": "x" 1}')
    assert (error.code, error.message) == ("invalid_json", "line 1, column 18: expected ','")
    (record,) = await list_audit(store)
    assert record.document["actor"]["kind"] == "source"  # type: ignore[index, call-overload]
    assert "password" not in str(record.document)


async def test_who_may_check_proves_it_like_who_sends(receiver: Receiver) -> None:
    source = await receiver.authenticate("siem", {"authorization": f"Bearer {TOKEN}"}, b"{}", REMOTE)
    assert source is receiver.sources["siem"]
    with pytest.raises(DeniedError):
        await receiver.authenticate("siem", {}, b"{}", REMOTE)


async def test_a_body_over_a_mebibyte_is_refused(receiver: Receiver) -> None:
    error = await refuse(receiver, "siem", {"authorization": f"Bearer {TOKEN}"}, b" " * (1024 * 1024 + 1))
    assert error.code == "too_large"


async def test_the_next_key_is_good_before_the_last_one_is_gone(
    receiver: Receiver, surroundings: Surroundings, clock: SteppedClock
) -> None:
    surroundings.secrets["siem_hook_next"] = "the-token-that-comes-next"
    await send(receiver, token="the-token-that-comes-next")
    await send(receiver, {"kind": "b"}, token=TOKEN)
    del surroundings.secrets["siem_hook"]
    clock.advance(timedelta(seconds=1))
    with pytest.raises(DeniedError):
        await send(receiver, {"kind": "c"}, token=TOKEN)


async def test_a_key_is_opened_once_a_second_and_an_unknown_one_each_time(
    receiver: Receiver, surroundings: Surroundings, clock: SteppedClock
) -> None:
    kept = surroundings.secrets.pop("siem_hook")
    with pytest.raises(DeniedError):
        await send(receiver, token=TOKEN)
    surroundings.secrets["siem_hook"] = kept
    await send(receiver, {"kind": "a"}, token=TOKEN)
    surroundings.secrets["siem_hook"] = "another-token-for-the-siem"
    await send(receiver, {"kind": "b"}, token=TOKEN)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(DeniedError):
        await send(receiver, {"kind": "c"}, token=TOKEN)
    await send(receiver, {"kind": "d"}, token="another-token-for-the-siem")


def test_many_requests_at_once_are_a_pressure_and_it_ends_with_them(receiver: Receiver) -> None:
    with ExitStack() as here:
        for _ in range(7):
            here.enter_context(receiver.expect())
        assert not receiver.is_pressed
        here.enter_context(receiver.expect())
        assert receiver.is_pressed
    assert not receiver.is_pressed


async def test_a_like_alert_joins_the_run_that_has_its_like(
    receiver: Receiver, store: Store, surroundings: Surroundings, clock: SteppedClock
) -> None:
    await send(receiver)
    (run_id,) = surroundings.woken
    second = id_of(await send(receiver, {**LOGIN, "n": 2}))
    (match,) = await store.read(WORKSPACE, lambda unit: unit.alerts.matches(second))
    assert (match.relation, match.run) == (Relation.ATTACHED, run_id)
    events = [load_event(told.event) for told in await store.read(WORKSPACE, lambda unit: unit.inbox.peek(run_id))]
    assert events == [RunStarted(at=clock.now()), AlertJoined(at=clock.now(), alert=second)]
    assert surroundings.woken == [run_id, run_id]
    clock.advance(timedelta(hours=1, seconds=1))
    await send(receiver, {**LOGIN, "n": 3})
    assert len(set(surroundings.woken)) == 2


async def test_a_run_that_is_over_is_told_nothing_more(
    receiver: Receiver, store: Store, surroundings: Surroundings
) -> None:
    await send(receiver)
    (run_id,) = surroundings.woken

    def end(unit: object) -> None:
        run = unit.runs.get(run_id)
        unit.runs.update(replace(run, status=RunStatus.SUCCEEDED, sequence=1), before=run)

    await store.write(WORKSPACE, end)
    second = id_of(await send(receiver, {**LOGIN, "n": 2}))
    (match,) = await store.read(WORKSPACE, lambda unit: unit.alerts.matches(second))
    assert (match.relation, match.run) == (Relation.ATTACHED, run_id)
    assert len(await store.read(WORKSPACE, lambda unit: unit.inbox.peek(run_id))) == 1


@pytest.mark.parametrize(
    ("on_duplicate", "relation"), [(OnDuplicate.DROP, Relation.DROPPED), (OnDuplicate.RUN, Relation.STARTED)]
)
async def test_what_a_like_alert_means_is_the_playbooks_choice(
    receiver: Receiver, store: Store, surroundings: Surroundings, on_duplicate: OnDuplicate, relation: Relation
) -> None:
    surroundings.playbooks["triage"] = build_triage(dedupe=Dedupe(key="inputs.user", on_duplicate=on_duplicate))
    await send(receiver)
    second = id_of(await send(receiver, {**LOGIN, "n": 2}))
    (match,) = await store.read(WORKSPACE, lambda unit: unit.alerts.matches(second))
    assert match.relation is relation


async def test_an_alert_that_a_playbook_cannot_use_is_kept_with_the_reason(
    receiver: Receiver, store: Store, surroundings: Surroundings
) -> None:
    alert = id_of(await send(receiver, {"kind": "login"}))
    (match,) = await store.read(WORKSPACE, lambda unit: unit.alerts.matches(alert))
    assert (match.relation, match.run, match.reason) == (
        Relation.REJECTED,
        None,
        "inputs.user: the alert has no raw.user",
    )
    assert surroundings.woken == []


async def test_an_alert_whose_run_would_meet_another_is_kept_and_says_which(
    receiver: Receiver, store: Store, surroundings: Surroundings
) -> None:
    concurrency = Concurrency(mode=Overlap.DROP, key="inputs.user")
    surroundings.playbooks["triage"] = build_triage(concurrency=concurrency, dedupe=None)
    await send(receiver)
    alert = id_of(await send(receiver, {**LOGIN, "again": True}))
    (match,) = await store.read(WORKSPACE, lambda unit: unit.alerts.matches(alert))
    (run,) = (await store.read(WORKSPACE, lambda unit: unit.runs.list(9))).items
    assert (match.relation, match.run) == (Relation.DROPPED, run.id)
    assert match.reason == f"{run.id} has the same key and is not over"


async def test_a_key_that_has_no_value_rejects_the_run(
    receiver: Receiver, store: Store, surroundings: Surroundings
) -> None:
    surroundings.playbooks["triage"] = build_triage(concurrency=Concurrency(key="alert.raw.gone"))
    alert = id_of(await send(receiver))
    (match,) = await store.read(WORKSPACE, lambda unit: unit.alerts.matches(alert))
    assert match.relation is Relation.REJECTED


async def test_one_playbooks_trouble_is_not_anothers(
    receiver: Receiver, store: Store, surroundings: Surroundings
) -> None:
    picky = build_triage(id="picky", inputs={"id": InputSpec(id="id", type="uuid", source="alert.raw.n")})
    surroundings.playbooks = {"picky": picky, **surroundings.playbooks}
    alert = id_of(await send(receiver, {**LOGIN, "n": 7}))
    matches = await store.read(WORKSPACE, lambda unit: unit.alerts.matches(alert))
    assert [(match.playbook, match.relation) for match in matches] == [
        ("picky", Relation.REJECTED),
        ("triage", Relation.STARTED),
    ]


async def test_runs_with_one_key_share_a_case(receiver: Receiver, store: Store, surroundings: Surroundings) -> None:
    case = CaseSpec(title="Logins of ${{ vars.who }}", key="vars.who", severity="${{ [1] }}")
    surroundings.playbooks["triage"] = build_triage(case=case, variables={"who": "${{ inputs.user }}"}, dedupe=None)
    await send(receiver)
    await send(receiver, {**LOGIN, "n": 2})
    await send(receiver, {**LOGIN, "user": "eve"})
    page = await store.read(WORKSPACE, lambda unit: unit.cases.list(9))
    assert sorted(case.title for case in page.items) == ["Logins of ada", "Logins of eve"]
    runs = await store.read(WORKSPACE, lambda unit: unit.runs.list(9))
    assert len({run.case for run in runs.items}) == 2
    assert len(await list_audit(store, "case.opened")) == 2


async def test_who_brings_an_alert_in_is_its_runs_initiator(receiver: Receiver, store: Store) -> None:
    principal, body = build_principal(ip="203.0.113.9"), orjson.dumps(LOGIN)
    first = await receiver.receive_from(principal, "siem", body, "k")
    assert await receiver.receive_from(principal, "siem", body, "k") == Receipt(first.answer, is_repeat=True)
    other = await receiver.receive_from(principal, "siem", body, None)
    assert other.answer != first.answer
    runs = await store.read(WORKSPACE, lambda unit: unit.runs.list(9))
    assert {run.initiator for run in runs.items} == {f"user:{principal.id}"}
    with pytest.raises(NotFoundError):
        await receiver.receive_from(principal, "nothing-here", body, None)


async def test_checking_says_what_would_happen_and_stores_nothing(receiver: Receiver, store: Store) -> None:
    (yes,) = await receiver.check("siem", {}, orjson.dumps(LOGIN))
    (no,) = await receiver.check("siem", {}, b'{"kind": "other"}')
    assert [verdict.is_match for verdict in (*yes.verdicts, *no.verdicts)] == [True, False]
    assert [condition.value for condition in no.verdicts[0].conditions] == ["false"]
    assert await count_alerts(store) == 0
    assert await list_audit(store) == []


async def test_a_poison_alert_is_stored_beside_the_others(
    receiver: Receiver, store: Store, surroundings: Surroundings
) -> None:
    surroundings.playbooks["all"] = build_triage(
        id="all",
        triggers=(AlertTrigger(sources=(), match="size(alert.raw.user) > 0"),),
        dedupe=Dedupe(key="inputs.user"),
    )
    for user in (7, None, [], {"a": {}}, "x" * 100_000, "\u0000", "${{ 1 }}"):
        alert = id_of(await send(receiver, {"kind": {"a": user}, "title": [user], "user": user, "ips": {"x": user}}))
        kept = await store.read(WORKSPACE, lambda unit, alert=alert: unit.alerts.get(alert))
        assert kept is not None
        assert "mapping.error" in kept.labels
    assert await count_alerts(store) == 7
