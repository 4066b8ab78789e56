"""Circuit breakers as they last opened or closed."""

from dataclasses import replace
from datetime import timedelta

from soar.model.breaker import Breaker, BreakerStatus
from soar.store import Store, Unit
from tests.contract.works import Works
from tests.support.clock import START

OPEN = Breaker(
    connection="crm",
    host="a.example",
    status=BreakerStatus.OPEN,
    since=START,
    reason="could not be reached",
    retry_at=START + timedelta(seconds=30),
)
CLOSED = Breaker(connection="crm", host="a.example", status=BreakerStatus.CLOSED, since=START + timedelta(minutes=1))


async def test_a_breaker_takes_the_place_of_its_hosts_last(store: Store, write: Works, read: Works) -> None:
    other = replace(OPEN, connection="asset")
    healthy = replace(CLOSED, host="b.example")

    def keep(unit: Unit) -> None:
        for breaker in (OPEN, other, healthy):
            unit.breakers.set(breaker)

    await write(keep)
    assert await read(lambda unit: unit.breakers.list()) == (other, OPEN, healthy)
    await write(lambda unit: unit.breakers.set(CLOSED))
    assert await read(lambda unit: unit.breakers.list()) == (other, CLOSED, healthy)
    assert await store.read("elsewhere", lambda unit: unit.breakers.list()) == ()
