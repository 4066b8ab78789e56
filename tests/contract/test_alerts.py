from datetime import UTC, datetime, timedelta, timezone

import pytest

from soar.model.alert import Delivery, Relation, Severity
from soar.model.errors import BugError, ConflictError, InputError
from soar.store import Unit
from tests.contract.works import Works
from tests.support.builders import build_alert, build_delivery, build_match
from tests.support.clock import START

HOUR = timedelta(hours=1)


async def test_an_alert_comes_back_as_it_was(write: Works, read: Works) -> None:
    bare = build_alert(id="al_bare", time=None, url=None, entities={}, labels={}, fingerprint="", raw=None)
    await write(lambda unit: (unit.alerts.add(build_alert()), unit.alerts.add(bare)))
    assert await read(lambda unit: unit.alerts.get(build_alert().id)) == build_alert()
    assert await read(lambda unit: unit.alerts.get("al_bare")) == bare
    assert await read(lambda unit: unit.alerts.get("al_none")) is None


async def test_an_alert_is_not_added_twice(write: Works) -> None:
    await write(lambda unit: unit.alerts.add(build_alert()))
    with pytest.raises(ConflictError, match="al_000000000001"):
        await write(lambda unit: unit.alerts.add(build_alert(title="another")))


async def test_hostile_raw_documents_lose_nothing(write: Works, read: Works) -> None:
    deep: list = []
    for _ in range(200):
        deep = [deep]
    raw = {
        "beyond 64 bits": 2**80,
        "negative": -(2**70),
        "half a pair": "\ud800",
        "zero byte": "\x00",
        "tag": {"$soar": "bytes", "v": "no base64"},
        "quote": "'; DROP TABLE alerts; --",
        "float": 1e300,
        "deep": deep,
    }
    await write(lambda unit: unit.alerts.add(build_alert(raw=raw, title="x\x00y'\"%_")))
    found = await read(lambda unit: unit.alerts.get(build_alert().id))
    assert found.raw == raw
    assert found.title == "x\x00y'\"%_"


async def test_a_document_without_a_bottom_is_refused_with_a_reason(write: Works, read: Works) -> None:
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InputError) as caught:
        await write(lambda unit: unit.alerts.add(build_alert(raw=deep)))
    assert caught.value.code == "store.depth"
    assert await read(lambda unit: unit.alerts.list(10).items) == ()


async def test_a_text_that_cannot_be_stored_is_refused_with_a_reason(write: Works, read: Works) -> None:
    with pytest.raises(InputError) as caught:
        await write(lambda unit: unit.alerts.add(build_alert(title="half a pair: \ud800")))
    assert caught.value.code == "store.text"
    assert await read(lambda unit: unit.alerts.list(10).items) == ()


async def test_moments_come_back_in_utc_whatever_zone_they_were_in(write: Works, read: Works) -> None:
    elsewhere = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=3)))
    await write(lambda unit: unit.alerts.add(build_alert(received_at=elsewhere)))
    found = await read(lambda unit: unit.alerts.get(build_alert().id))
    assert found.received_at == elsewhere
    assert found.received_at.tzinfo is UTC


async def test_a_moment_without_a_zone_is_refused(write: Works) -> None:
    with pytest.raises(BugError, match="time zone"):
        await write(lambda unit: unit.alerts.add(build_alert(received_at=START.replace(tzinfo=None))))


async def test_alerts_are_listed_newest_first_page_by_page(write: Works, read: Works) -> None:
    await write(lambda unit: [unit.alerts.add(build_alert(id=f"al_{number}")) for number in range(5)])
    pages, cursor = [], None
    while True:
        page = await read(lambda unit, cursor=cursor: unit.alerts.list(2, cursor))
        pages.append([alert.id for alert in page.items])
        cursor = page.next
        if cursor is None:
            break
    assert pages == [["al_4", "al_3"], ["al_2", "al_1"], ["al_0"]]


async def test_a_full_last_page_has_no_next(write: Works, read: Works) -> None:
    await write(lambda unit: [unit.alerts.add(build_alert(id=f"al_{number}")) for number in range(2)])
    assert (await read(lambda unit: unit.alerts.list(2))).next is None


async def test_pages_do_not_shift_when_something_new_arrives(write: Works, read: Works) -> None:
    await write(lambda unit: [unit.alerts.add(build_alert(id=f"al_{number}")) for number in range(4)])
    first = await read(lambda unit: unit.alerts.list(2))
    await write(lambda unit: unit.alerts.add(build_alert(id="al_new")))
    second = await read(lambda unit: unit.alerts.list(2, first.next))
    assert [alert.id for alert in second.items] == ["al_1", "al_0"]


async def test_alerts_are_listed_by_source_and_severity(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        unit.alerts.add(build_alert(id="al_1", source="mail", severity=Severity.LOW))
        unit.alerts.add(build_alert(id="al_2", source="edr", severity=Severity.LOW))
        unit.alerts.add(build_alert(id="al_3", source="edr", severity=Severity.HIGH))

    await write(add)
    by_source = await read(lambda unit: unit.alerts.list(10, source="edr"))
    by_both = await read(lambda unit: unit.alerts.list(10, source="edr", severity=Severity.LOW))
    assert [alert.id for alert in by_source.items] == ["al_3", "al_2"]
    assert [alert.id for alert in by_both.items] == ["al_2"]


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1; DROP TABLE alerts", "9" * 30, "٣"])
async def test_a_made_up_cursor_is_refused(read: Works, cursor: str) -> None:
    with pytest.raises(InputError) as caught:
        await read(lambda unit: unit.alerts.list(2, cursor))
    assert caught.value.code == "cursor"


async def test_an_empty_page_is_refused(read: Works) -> None:
    with pytest.raises(InputError) as caught:
        await read(lambda unit: unit.alerts.list(0))
    assert caught.value.code == "limit"


async def test_matches_come_back_in_the_order_they_were_made(write: Works, read: Works) -> None:
    started = build_match()
    dropped = build_match(playbook="other", relation=Relation.DROPPED, run=None, reason="too many")

    def add(unit: Unit) -> None:
        unit.alerts.add_match(started)
        unit.alerts.add_match(dropped)
        unit.alerts.add_match(build_match(alert="al_other"))

    await write(add)
    assert await read(lambda unit: unit.alerts.matches(started.alert)) == (started, dropped)
    assert await read(lambda unit: unit.alerts.matches("al_none")) == ()


async def test_the_newest_run_with_a_key_is_found_within_the_window(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        unit.alerts.remember_key("triage", "ada", "run_1", START)
        unit.alerts.remember_key("triage", "ada", "run_2", START + HOUR)
        unit.alerts.remember_key("triage", "bob", "run_3", START + HOUR)
        unit.alerts.remember_key("other", "ada", "run_4", START + HOUR)

    await write(add)
    assert await read(lambda unit: unit.alerts.find_key("triage", "ada", START)) == "run_2"
    assert await read(lambda unit: unit.alerts.find_key("triage", "ada", START + HOUR)) == "run_2"
    assert await read(lambda unit: unit.alerts.find_key("triage", "ada", START + 2 * HOUR)) is None
    assert await read(lambda unit: unit.alerts.find_key("triage", "eve", START)) is None


async def test_a_delivery_comes_back_byte_for_byte(write: Works, read: Works) -> None:
    delivery = build_delivery(body=bytes(range(256)), answer={"alerts": ["al_1"]})
    await write(lambda unit: unit.deliveries.add(delivery))
    assert await read(lambda unit: unit.deliveries.get(delivery.id)) == delivery
    assert await read(lambda unit: unit.deliveries.find(delivery.source, delivery.key)) == delivery
    assert await read(lambda unit: unit.deliveries.get("dl_none")) is None
    assert await read(lambda unit: unit.deliveries.find("other", delivery.key)) is None


async def test_a_repeated_delivery_is_refused_and_the_first_one_can_still_be_found(write: Works) -> None:
    def deliver_twice(unit: Unit) -> Delivery | None:
        unit.deliveries.add(build_delivery())
        with pytest.raises(ConflictError):
            unit.deliveries.add(build_delivery(id="dl_again"))
        return unit.deliveries.find(build_delivery().source, build_delivery().key)

    assert await write(deliver_twice) == build_delivery()


async def test_the_same_key_from_another_source_is_another_delivery(write: Works, read: Works) -> None:
    def deliver(unit: Unit) -> None:
        unit.deliveries.add(build_delivery())
        unit.deliveries.add(build_delivery(id="dl_other", source="other"))

    await write(deliver)
    assert (await read(lambda unit: unit.deliveries.find("other", build_delivery().key))).id == "dl_other"


async def test_alerts_of_a_window_come_oldest_first_page_by_page(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        for hour in range(6):
            unit.alerts.add(build_alert(id=f"al_{hour}", received_at=START + hour * HOUR))

    await write(add)
    since, until = START + HOUR, START + 5 * HOUR
    assert await read(lambda unit: unit.alerts.count_within(since, until)) == 4
    first = await read(lambda unit: unit.alerts.list_within(since, until, 3))
    assert [alert.id for _, alert in first] == ["al_1", "al_2", "al_3"]
    rest = await read(lambda unit: unit.alerts.list_within(since, until, 3, first[-1][0]))
    assert [alert.id for _, alert in rest] == ["al_4"]
    assert await read(lambda unit: unit.alerts.list_within(since, until, 3, rest[-1][0])) == ()
