"""Repeats count on the first alert, and rules keep alerts from starting anything; nothing is lost by either."""

from collections.abc import Mapping
from datetime import timedelta

import orjson
import pytest

from soar.ingest.acceptance import Receipt
from soar.ingest.receive import Receiver
from soar.ingest.source import Source, parse_source
from soar.ingest.suppression import LONGEST_SUPPRESSION, MOST_RULES, add_rule, remove_rule
from soar.model.audit import Actor
from soar.model.burst import Burst
from soar.model.errors import ConflictError, InputError, NotFoundError
from soar.model.event import EventType
from soar.model.values import JsonValue
from soar.store import Store
from tests.support.builders import build_principal, build_suppression
from tests.support.clock import START, SteppedClock
from tests.support.ids import SeededIds
from tests.unit.ingest.specimens import SIEM, TOKEN, WORKSPACE

ANN = Actor(kind="user", id="u_ann", name="ann", via="api")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def sources() -> Mapping[str, Source]:
    assert isinstance(SIEM, dict)
    grouped = {**SIEM, "group": {"by": "fingerprint", "window": "10m", "samples": 3}}
    return {"siem": parse_source(grouped, "siem"), "lines": parse_source({**grouped, "format": "ndjson"}, "lines")}


def write_login(number: int, thing: str = "login/ada", **more: JsonValue) -> bytes:
    return orjson.dumps({"kind": "login", "title": f"try {number}", "user": "ada", "id": thing, **more})


async def send(receiver: Receiver, body: bytes, source: str = "siem") -> Receipt:
    return await receiver.receive(source, {"authorization": f"Bearer {TOKEN}"}, body, "203.0.113.5")


def read_answer(receipt: Receipt) -> tuple[str, str | None]:
    assert isinstance(receipt.answer, dict)
    duplicate = receipt.answer["duplicate_of"]
    return str(receipt.answer["alert"]), None if duplicate is None else str(duplicate)


async def find_burst(store: Store, alert: str) -> Burst:
    return (await store.read(WORKSPACE, lambda unit: unit.bursts.find([alert])))[alert]


async def count(store: Store) -> tuple[int, int]:
    return await store.read(WORKSPACE, lambda unit: (len(unit.alerts.list(99).items), len(unit.runs.list(99).items)))


async def suppress(receiver: Receiver, store: Store, ids: SeededIds, clock: SteppedClock, **changes: object) -> None:
    rule = build_suppression(**{"created_at": clock.now(), "match": 'alert.kind == "login"', **changes})
    await store.write(WORKSPACE, lambda unit: add_rule(unit, rule, actor=ANN, ids=ids, at=clock.now()))
    receiver.rules.forget()


async def test_repeats_count_on_the_first_alert_and_answer_with_it(
    receiver: Receiver, store: Store, clock: SteppedClock
) -> None:
    first, duplicate = read_answer(await send(receiver, write_login(0)))
    assert duplicate is None
    for number in range(1, 6):
        clock.advance(MINUTE)
        assert read_answer(await send(receiver, write_login(number))) == (first, first)
    assert await count(store) == (1, 1)
    burst = await find_burst(store, first)
    assert (burst.count, burst.first_at, burst.last_at) == (6, START, START + 5 * MINUTE)
    samples = await store.read(WORKSPACE, lambda unit: unit.bursts.samples(first))
    assert [sample.raw["title"] for sample in samples] == ["try 1", "try 2", "try 3"]
    for number, sample in enumerate(samples, start=1):
        kept = await store.read(WORKSPACE, lambda unit, sample=sample: unit.deliveries.get(sample.delivery))
        assert kept is not None
        assert kept.body == write_login(number)


async def test_a_storm_of_ten_thousand_is_one_alert_and_loses_no_delivery(receiver: Receiver, store: Store) -> None:
    bodies = [b"\n".join(write_login(1000 * part + n) for n in range(1000)) for part in range(10)]
    receipts = [await send(receiver, body, "lines") for body in bodies]
    answers = [answer for receipt in receipts for answer in receipt.answer["alerts"]]
    first = answers[0]["alert"]
    assert {answer["alert"] for answer in answers} == {first}
    assert [answer["duplicate_of"] for answer in answers] == [None] + 9_999 * [first]
    alerts = await store.read(WORKSPACE, lambda unit: unit.alerts.list(99).items)
    assert len(alerts) == 1
    assert (await find_burst(store, first)).count == 10_000
    assert len(await store.read(WORKSPACE, lambda unit: unit.bursts.samples(first))) == 3
    for body, receipt in zip(bodies, receipts, strict=True):
        assert await send(receiver, body, "lines") == Receipt(receipt.answer, is_repeat=True)


async def test_after_the_window_the_next_one_is_an_alert_of_its_own(
    receiver: Receiver, store: Store, clock: SteppedClock
) -> None:
    first, _ = read_answer(await send(receiver, write_login(0)))
    clock.advance(10 * MINUTE - timedelta(seconds=1))
    assert read_answer(await send(receiver, write_login(1))) == (first, first)
    clock.advance(timedelta(seconds=1))
    second, duplicate = read_answer(await send(receiver, write_login(2)))
    assert (second != first, duplicate) == (True, None)
    assert read_answer(await send(receiver, write_login(3))) == (second, second)
    assert ((await find_burst(store, first)).count, (await find_burst(store, second)).count) == (2, 2)


async def test_what_is_more_severe_or_of_another_fingerprint_or_of_none_is_no_repeat(receiver: Receiver) -> None:
    low, _ = read_answer(await send(receiver, write_login(0, severity="low")))
    high, duplicate = read_answer(await send(receiver, write_login(1, severity="high")))
    assert (high != low, duplicate) == (True, None)
    assert read_answer(await send(receiver, write_login(2, severity="low"))) == (high, high)
    others = [write_login(3, "login/eve"), write_login(4, ""), write_login(5, "")]
    assert [read_answer(await send(receiver, body))[1] for body in others] == [None, None, None]


async def test_a_repeated_delivery_is_not_counted_again(receiver: Receiver, store: Store) -> None:
    first, _ = read_answer(await send(receiver, write_login(0)))
    second = await send(receiver, write_login(1))
    assert await send(receiver, write_login(1)) == Receipt(second.answer, is_repeat=True)
    assert (await find_burst(store, first)).count == 2


async def test_what_a_person_sends_or_replays_is_an_alert_of_its_own(receiver: Receiver, store: Store) -> None:
    first, _ = read_answer(await send(receiver, write_login(0)))
    person = build_principal()
    by_hand, _ = read_answer(await receiver.receive_from(person, "siem", write_login(1), None))
    alert = await store.read(WORKSPACE, lambda unit: unit.alerts.get(first))
    assert alert is not None
    delivery = await store.read(WORKSPACE, lambda unit: unit.deliveries.get(alert.delivery))
    assert delivery is not None
    replayed, _ = read_answer(await receiver.replay(person, delivery))
    again, _ = read_answer(await receiver.replay(person, delivery))
    assert len({first, by_hand, replayed, again}) == 4
    copy = await store.read(WORKSPACE, lambda unit: unit.alerts.get(replayed))
    assert copy is not None
    kept = await store.read(WORKSPACE, lambda unit: unit.deliveries.get(copy.delivery))
    assert kept is not None
    assert (copy.raw, kept.body, kept.headers) == (alert.raw, delivery.body, delivery.headers)
    assert kept.key.startswith(f"replay:{delivery.id}:")


async def test_a_suppressed_alert_is_stored_and_marked_and_starts_nothing(
    receiver: Receiver, store: Store, ids: SeededIds, clock: SteppedClock
) -> None:
    await store.write(WORKSPACE, lambda unit: unit.happenings.set_triggers([(EventType.ALERT_RECEIVED, "listening")]))
    await suppress(receiver, store, ids, clock, expires_at=START + MINUTE)
    (checked,) = await receiver.check("siem", {}, write_login(0))
    assert checked.alert.suppressed_by == "sup_000000000001"
    marked, _ = read_answer(await send(receiver, write_login(0)))
    alert = await store.read(WORKSPACE, lambda unit: unit.alerts.get(marked))
    assert alert is not None
    assert alert.suppressed_by == "sup_000000000001"
    assert await count(store) == (1, 0)
    assert await store.happenings() == []
    (event,) = (await store.read(WORKSPACE, lambda unit: unit.audit.list(9, type_prefix="alert."))).items
    assert event.document["context"]["suppressed_by"] == "sup_000000000001"
    clock.advance(MINUTE)
    free, duplicate = read_answer(await send(receiver, write_login(1)))
    assert (free != marked, duplicate) == (True, None)
    assert await count(store) == (2, 1)
    assert [happening.subject for _, happening in await store.happenings()] == [free]


async def test_a_rule_holds_from_the_next_alert_on_and_until_it_is_removed(
    receiver: Receiver, store: Store, ids: SeededIds, clock: SteppedClock
) -> None:
    await send(receiver, write_login(0))
    await suppress(receiver, store, ids, clock, match='alert.raw.missing == 1 || alert.raw.user == "eve"')
    await send(receiver, write_login(1, "other"))
    assert (await count(store))[1] == 1  # the second one joined the run of the first, by the playbook's own key
    assert await store.read(WORKSPACE, lambda unit: unit.suppressions.counts()) == {}
    await suppress(receiver, store, ids, clock, id="sup_2", match="alert.raw.user in config.vip")
    await send(receiver, write_login(2, "third"))
    assert await store.read(WORKSPACE, lambda unit: unit.suppressions.counts()) == {"sup_2": 1}
    await store.write(WORKSPACE, lambda unit: remove_rule(unit, "sup_2", actor=ANN, ids=ids, at=clock.now()))
    receiver.rules.forget()
    await send(receiver, write_login(3, "fourth"))
    assert await store.read(WORKSPACE, lambda unit: unit.suppressions.counts()) == {"sup_2": 1}
    types = [event.document["type"] for event in (await store.read(WORKSPACE, lambda u: u.audit.list(99))).items]
    assert (types.count("suppression.added"), types.count("suppression.removed")) == (2, 1)


@pytest.mark.parametrize("match", ["alert.kind ==", "steps.x.output == 1", "raw.user == 1"])
async def test_a_rule_that_could_never_be_asked_is_refused(
    receiver: Receiver, store: Store, ids: SeededIds, clock: SteppedClock, match: str
) -> None:
    with pytest.raises(InputError) as caught:
        await suppress(receiver, store, ids, clock, match=match)
    assert caught.value.faults[0].pointer == "/match"
    assert await store.read(WORKSPACE, lambda unit: unit.suppressions.list(START)) == ()


async def test_a_rule_ends_and_there_are_not_too_many(
    receiver: Receiver, store: Store, ids: SeededIds, clock: SteppedClock
) -> None:
    for expires_at in (START, START + LONGEST_SUPPRESSION + MINUTE):
        with pytest.raises(InputError, match="ninety days"):
            await suppress(receiver, store, ids, clock, expires_at=expires_at)
    for number in range(MOST_RULES):
        await suppress(receiver, store, ids, clock, id=f"sup_{number}")
    with pytest.raises(ConflictError):
        await suppress(receiver, store, ids, clock, id="sup_more")
    with pytest.raises(NotFoundError):
        await store.write(WORKSPACE, lambda unit: remove_rule(unit, "sup_none", actor=ANN, ids=ids, at=START))


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ({"by": "title", "window": "1m"}, "/group/by"),
        ({"by": "fingerprint", "window": "8d"}, "seven days"),
        ({"by": "fingerprint", "window": "10"}, "/group/window"),
        ({"by": "fingerprint"}, "/group/window"),
    ],
)
def test_a_group_that_does_not_fit_is_refused(group: JsonValue, said: str) -> None:
    assert isinstance(SIEM, dict)
    with pytest.raises(InputError, match=said):
        parse_source({**SIEM, "group": group}, "siem")


def test_a_source_without_a_fingerprint_groups_nothing() -> None:
    assert isinstance(SIEM, dict)
    bare = {"auth": SIEM["auth"], "alert": {"kind": "raw.kind"}, "group": {"by": "fingerprint", "window": "1m"}}
    with pytest.raises(InputError, match=r"needs `alert\.fingerprint`"):
        parse_source(bare, "siem")
