from datetime import timedelta

import pytest

from soar.model.alert import Severity
from soar.model.errors import ConflictError
from tests.contract.works import Works
from tests.support.builders import build_alert, build_burst, build_sample, build_suppression
from tests.support.clock import START

MINUTE = timedelta(minutes=1)
FIRST = build_burst(count=1, last_at=START)


async def test_the_newest_burst_that_is_open_is_found(write: Works, read: Works) -> None:
    newer = build_burst(alert="al_2", first_at=START + MINUTE, severity=Severity.HIGH)
    await write(lambda unit: (unit.bursts.open(FIRST), unit.bursts.open(newer)))
    find = ("siem", "login/ada", "")
    assert await read(lambda unit: unit.bursts.find_open(*find, START - MINUTE)) == newer
    assert await read(lambda unit: unit.bursts.find_open(*find, START + MINUTE)) is None
    for other in (("edr", "login/ada", ""), ("siem", "login/eve", ""), ("siem", "login/ada", "sup_1")):
        assert await read(lambda unit, other=other: unit.bursts.find_open(*other, START - MINUTE)) is None


async def test_an_alert_begins_one_burst(write: Works) -> None:
    await write(lambda unit: unit.bursts.open(FIRST))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.bursts.open(FIRST))


async def test_a_repeat_is_counted_with_its_moment_on_its_alert_alone(write: Works, read: Works) -> None:
    other = build_burst(alert="al_2")
    await write(lambda unit: (unit.bursts.open(FIRST), unit.bursts.open(other)))
    await write(lambda unit: unit.bursts.count(FIRST.alert, START + MINUTE))
    found = await read(lambda unit: unit.bursts.find([FIRST.alert, "al_2", "al_none"]))
    assert found == {FIRST.alert: build_burst(), "al_2": other}
    assert await read(lambda unit: unit.bursts.find([])) == {}


async def test_samples_come_back_in_the_order_they_came(write: Works, read: Works) -> None:
    samples = tuple(build_sample(delivery=f"dl_{number}", raw={"n": [number, None, "\x00"]}) for number in range(3))
    await write(lambda unit: [unit.bursts.add_sample(sample) for sample in samples])
    await write(lambda unit: unit.bursts.add_sample(build_sample(alert="al_2")))
    assert await read(lambda unit: unit.bursts.samples(build_sample().alert)) == samples


async def test_rules_are_listed_until_they_expire_and_counted_by_what_they_took(write: Works, read: Works) -> None:
    rules = (build_suppression(), build_suppression(id="sup_2", expires_at=START + MINUTE))
    await write(lambda unit: [unit.suppressions.add(rule) for rule in rules])
    taken = [build_alert(id=f"al_{number}", suppressed_by=rule) for number, rule in enumerate(("sup_2", "sup_2", None))]
    await write(lambda unit: [unit.alerts.add(alert) for alert in taken])
    assert await read(lambda unit: unit.suppressions.list(START)) == rules
    assert await read(lambda unit: unit.suppressions.list(START + MINUTE)) == rules[:1]
    assert await read(lambda unit: unit.suppressions.get("sup_2")) == rules[1]
    assert await read(lambda unit: unit.suppressions.counts()) == {"sup_2": 2}
    assert await read(lambda unit: unit.alerts.get("al_0")) == taken[0]
    await write(lambda unit: unit.suppressions.remove("sup_2"))
    assert await read(lambda unit: unit.suppressions.get("sup_2")) is None
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.suppressions.add(rules[0]))
