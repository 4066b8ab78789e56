from datetime import timedelta

import pytest

from soar.api.schemas.health import WorkerHealth
from soar.app.health import find_unready, show_health
from soar.app.settings import DatabaseSettings, Settings, WorkerSettings
from soar.app.site import read_site
from soar.app.wiring import open_service
from tests.support.clock import START, SteppedClock


async def test_a_worker_that_was_not_answered_for_a_lease_says_so_until_it_is_again(
    settings: Settings, postgres_url: str, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = WorkerSettings(concurrency=7, lease=15)
    site = read_site(settings.model_copy(update={"database": DatabaseSettings(url=postgres_url), "worker": worker}))
    async with open_service(site, "http://127.0.0.1") as service:
        monkeypatch.setattr(service, "clock", clock)
        assert service.handouts is not None
        assert show_health(service) == WorkerHealth(
            status="ok", worker=service.worker, driven=0, limit=7, looked_at=None
        )
        await service.handouts.take(service.wake)
        assert show_health(service).looked_at == START
        assert await find_unready(service) == ()
        clock.advance(timedelta(seconds=15))
        assert await find_unready(service) == (f"hand-outs: the last answer was at {START}, more than a lease ago",)
        await service.handouts.take(service.wake)
        assert await find_unready(service) == ()
