import asyncio
import gc
import socket
import stat
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import structlog

from soar.app.lifecycle import (
    EXIT_FAILED,
    EXIT_GOOD,
    _welcome_first_person,
    migrate,
    run_site,
    run_worker,
    serve,
    work,
)
from soar.app.settings import DatabaseSettings, Settings
from soar.app.site import read_site
from soar.app.wiring import Service, open_service
from soar.audit.record import record
from soar.ingest.request import Requester
from soar.model.audit import Actor
from soar.model.errors import InputError
from soar.model.run import RunStatus
from soar.store import Unit
from tests.support.builders import build_audit_event
from tests.support.clock import START
from tests.support.handouts import count_handouts


@pytest.fixture(autouse=True)
def _usual_collector() -> object:
    usual = gc.get_threshold()
    yield
    gc.enable()
    gc.unfreeze()
    gc.set_threshold(*usual)


async def record_event(service: Service) -> None:
    def work(unit: Unit) -> None:
        record(unit, build_audit_event(), at=START, id=service.ids.new("ev"))

    await service.store.write(service.workspace, work)


async def shorten_record(service: Service) -> None:
    """Leave a checkpoint behind that says the record was longer."""
    await record_event(service)
    signed = await service.auditor.checkpoint()
    assert signed is not None
    longer = replace(signed, size=signed.size + 1)
    await service.store.write(service.workspace, lambda unit: unit.audit.add_checkpoint(longer))


async def test_a_background_part_that_fails_ends_serving_with_a_failure(settings: Settings) -> None:
    with structlog.testing.capture_logs() as logged:
        assert await run_site(read_site(settings), shorten_record) == EXIT_FAILED
    failed = [entry for entry in logged if entry.get("action") == "serve.failed"]
    assert [entry["part"] for entry in failed] == ["checkpoints"]
    assert "contradicts its checkpoint" in failed[0]["error"]


async def test_what_prepares_is_called_with_an_open_service_before_anything_is_served(settings: Settings) -> None:
    seen: list[object] = []

    async def look_and_fail(service: Service) -> None:
        seen.append(await service.find_unready())
        seen.append(set(service.library.current()))
        await shorten_record(service)

    assert await run_site(read_site(settings), look_and_fail) == EXIT_FAILED
    assert seen == [(), {"tried"}]


async def test_it_serves_until_it_is_told_to_stop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's own signal handlers stand for the signal: a signal would reach the tests beside this one."""
    stops: list[object] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "add_signal_handler", lambda _, stop: stops.append(stop))
    urls: list[str] = []
    is_prepared = asyncio.Event()
    gc.disable()

    async def prepare(service: Service) -> None:
        urls.append(service.url)
        is_prepared.set()
        await record_event(service)

    serving = asyncio.create_task(run_site(read_site(settings), prepare))
    await is_prepared.wait()
    status = await asyncio.to_thread(_get_status, f"{urls[0]}/readyz")
    assert status == 200
    stops[0]()
    assert await serving == EXIT_GOOD
    assert gc.isenabled()
    assert "\n1\n" in (settings.audit.anchors[0]).read_text("utf-8")


async def test_hooks_are_served_at_an_address_of_their_own(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    stops: list[object] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", lambda _, stop: stops.append(stop))
    with socket.create_server(("127.0.0.1", 0)) as free:
        hooks = f"127.0.0.1:{free.getsockname()[1]}"
    apart = settings.model_copy(update={"server": settings.server.model_copy(update={"hooks_listen": hooks})})
    is_prepared: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def prepare(service: Service) -> None:
        is_prepared.set_result(service.url)

    serving = asyncio.create_task(run_site(read_site(apart), prepare))
    people = await is_prepared
    for url, hook, health in ((people, 404, 200), (f"http://{hooks}", 401, 404)):
        assert await asyncio.to_thread(_get_status, f"{url}/hooks/nobody", b"{}") == hook
        assert await asyncio.to_thread(_get_status, f"{url}/healthz") == health
    stops[0]()
    assert await serving == EXIT_GOOD


def _get_status(url: str, body: bytes | None = None) -> int:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 -- our own server
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- our own server
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_migrating_makes_the_schema_and_ends(settings: Settings, tmp_path: Path) -> None:
    assert migrate(settings) == EXIT_GOOD
    assert (tmp_path / "soar.db").stat().st_size > 0


async def test_the_first_administrators_code_is_in_a_file_that_only_we_can_read(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "first-admin.invitation"
    file.write_text("left by a start that came to nothing\n", "utf-8")
    file.chmod(0o644)
    async with open_service(read_site(settings), "http://127.0.0.1") as service:
        await _welcome_first_person(service)
        name, code = file.read_text("utf-8").split()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        now = service.clock.now()
        invited = await service.store.read(
            service.workspace, lambda unit: service.services.accounts.find_invited(unit, code, now)
        )
        assert invited is not None
        assert (invited.name, invited.password_hash) == (name, None)
        file.unlink()
        await _welcome_first_person(service)
        assert not file.exists()


async def test_nobody_is_made_whose_code_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "first-admin.invitation").mkdir()
    async with open_service(read_site(settings), "http://127.0.0.1") as service:
        with pytest.raises(OSError, match="first-admin"):
            await _welcome_first_person(service)
        assert await service.store.read(service.workspace, lambda unit: unit.users.is_empty())


def test_several_processes_are_refused_on_a_database_that_one_has_for_itself(settings: Settings) -> None:
    for start in (work, partial(serve, has_worker=False)):
        with pytest.raises(InputError, match="SQLite") as caught:
            start(settings)
        assert caught.value.code == "store.alone"
        assert "PostgreSQL" in (caught.value.hint or "")


async def test_a_worker_drives_what_another_process_requests_until_it_is_told_to_stop(
    settings: Settings, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = read_site(settings.model_copy(update={"database": DatabaseSettings(url=postgres_url)}))
    stops: list[Callable[[], None]] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "add_signal_handler", lambda _, stop: stops.append(stop))
    working = asyncio.create_task(run_worker(site))
    async with open_service(site, "http://127.0.0.1") as face:
        await face.refresh_library()
        playbook = face.library.current()["tried"]
        actor = Actor(kind="system", id="test", via="engine")

        def request(unit: Unit) -> str:
            requester = Requester(initiator="user:u_1", actor=actor)
            return face.receiver.requests.request_by_hand(unit, playbook, {}, requester, face.clock.now()).id

        run = await face.store.write(face.workspace, request)
        while (found := await face.store.read(face.workspace, lambda unit: unit.runs.get(run))).finished_at is None:
            await asyncio.wait({working}, timeout=0.05)
            assert not working.done()
        assert found.status is RunStatus.SUCCEEDED
        while await face.store.read(face.workspace, count_handouts):  # given back after the run's last commit
            await asyncio.wait({working}, timeout=0.05)
            assert not working.done()
    stops[0]()
    assert await working == EXIT_GOOD
