import asyncio
import json
import os
import select
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from soar.app.settings import Settings
from soar.app.site import read_site
from soar.app.triggers import Triggers
from soar.app.wiring import Service, open_service
from soar.engine.events import RunStarted, dump_event
from soar.model.errors import InputError, NotFoundError, UnavailableError
from soar.model.event import EventType
from soar.model.run import Run, RunStatus
from soar.model.values import JsonValue
from soar.store import Unit
from tests.support.builders import build_action_call, build_list, build_run
from tests.support.clock import START, SteppedClock
from tests.support.open_runs import list_open_runs

URL = "http://127.0.0.1"
BETTER = "name: Tried\non: {manual: {}}\nsteps:\n  - set: {answer: 4242}\noutputs: {answer: '${{ 4242 }}'}\n"


async def put_run(service: Service) -> None:
    playbook = service.library.current()["tried"]
    run = build_run(
        playbook="tried", revision=playbook.revision, status=RunStatus.QUEUED, alert=None, inputs={}, started_at=None
    )

    def request(unit: Unit) -> None:
        unit.runs.add(run)
        unit.inbox.add(run.id, dump_event(RunStarted(at=START)), START)

    await service.store.write(service.workspace, request)


async def get_run(service: Service) -> Run | None:
    return await service.store.read(service.workspace, lambda unit: unit.runs.get("run_000000000001"))


async def test_it_opens_with_its_schema_and_can_be_opened_again(settings: Settings) -> None:
    for _ in range(2):
        async with open_service(read_site(settings), URL) as service:
            assert await service.find_unready() == ()
            assert (service.services.workspace, service.services.url) == ("default", URL)


async def test_before_the_schema_is_there_it_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "soar.db").touch()
    service = Service(read_site(settings), URL)
    try:
        assert await service.find_unready() == ("database: its schema is not current; run `soar migrate`",)
    finally:
        await service.close()


async def test_a_database_that_cannot_be_opened_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "soar.db").mkdir()
    service = Service(read_site(settings), URL)
    try:
        (said,) = await service.find_unready()
        assert said.startswith("database: ")
    finally:
        await service.close()


async def test_without_its_keys_nothing_is_opened(settings: Settings, tmp_path: Path) -> None:
    settings.audit.key_file.unlink()
    with pytest.raises(InputError, match=r"audit\.key"):
        async with open_service(read_site(settings), URL):
            pass
    assert not (tmp_path / "soar.db").exists()


@pytest.mark.parametrize(
    ("action", "arguments", "output"),
    [
        ("list.add", {"list": "vip", "value": "a"}, "added"),
        ("list.contains", {"list": "vip", "value": "a"}, "found"),
        ("alert.raise", {"kind": "k", "severity": "low", "title": "t"}, "alert"),
        ("chat.create_channel", {"name": "inc-1", "invite": ["role:analyst"]}, "channel"),
    ],
)
async def test_the_actions_of_the_service_itself_reach_it(
    settings: Settings, action: str, arguments: dict[str, JsonValue], output: str
) -> None:
    settings.paths.connections.write_text("connections: {list: {}, alert: {}, chat: {}}\n", "utf-8")
    async with open_service(read_site(settings), URL) as service:
        await service.refresh_library()
        await put_run(service)
        await service.store.write(service.workspace, lambda unit: unit.lists.add(build_list()))
        call = build_action_call(action=action, connection=action.partition(".")[0], arguments=arguments)
        answer = await service.host.call(call)
        assert answer.code is None, answer.message
        assert isinstance(answer.output, dict)
        assert output in answer.output


async def test_runs_that_were_open_are_driven_on_at_the_next_start(settings: Settings) -> None:
    async with open_service(read_site(settings), URL) as service:
        await service.refresh_library()
        await put_run(service)
    async with open_service(read_site(settings), URL) as service:
        assert await service.recover() == 1
        while service.queue._works:
            await asyncio.wait(service.queue._works)
        run = await get_run(service)
        assert run is not None
        assert run.status is RunStatus.SUCCEEDED
        assert await list_open_runs(service.store) == []


async def test_texts_are_kept_so_that_runs_can_be_pinned_to_them(settings: Settings) -> None:
    async with open_service(read_site(settings), URL) as service:
        (loaded,) = await service.refresh_library()
        digest = service.library.current()["tried"].revision
        kept = await service.store.read(service.workspace, lambda unit: unit.revisions.get(digest))
        assert kept is not None
        assert kept.text == loaded.text
        (settings.paths.playbooks / "tried.yaml").write_text(BETTER, "utf-8")
        await service.refresh_library()
        assert service.library.current()["tried"].revision != digest
        assert await service.store.read(service.workspace, lambda unit: unit.revisions.get(digest)) == kept


async def test_a_playbook_whose_text_cannot_be_kept_does_not_serve_yet(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_service(read_site(settings), URL) as service:
        write = service.store.write

        async def refuse(workspace: str, work: object) -> None:
            raise UnavailableError("the disk is full")

        monkeypatch.setattr(service.store, "write", refuse)
        with pytest.raises(UnavailableError):
            await service.refresh_library()
        assert service.library.current() == {}
        monkeypatch.setattr(service.store, "write", write)
        await service.refresh_library()
        assert set(service.library.current()) == {"tried"}


async def test_the_folder_is_looked_at_every_second_and_a_failure_is_told_and_outlived(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, clock: SteppedClock
) -> None:
    async with open_service(read_site(settings), URL) as service:
        service.clock = clock
        write = service.store.write

        async def refuse(workspace: str, work: object) -> None:
            monkeypatch.setattr(service.store, "write", write)
            raise UnavailableError("the disk is full")

        monkeypatch.setattr(service.store, "write", refuse)
        with structlog.testing.capture_logs() as logged:
            watcher = asyncio.create_task(service.watch_library())
            while not service.library.current():
                clock.advance(timedelta(seconds=1))
                await service.store.is_current()
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
    assert [entry["action"] for entry in logged] == ["library.refresh", "library.serves"]
    assert logged[0]["error"] == "the disk is full"


async def test_a_bad_playbook_is_told_line_by_line_and_the_good_one_serves_on(settings: Settings) -> None:
    async with open_service(read_site(settings), URL) as service:
        await service.refresh_library()
        (settings.paths.playbooks / "tried.yaml").write_text("name: Tried\nstep: []\n", "utf-8")
        with structlog.testing.capture_logs() as logged:
            await service.refresh_library()
        assert "tried" in service.library.current()
    assert logged[-1]["action"] == "library.kept"
    assert any("tried.yaml:2:1: P101" in entry["event"] for entry in logged)


async def test_a_credential_that_is_not_there_is_told(settings: Settings) -> None:
    async with open_service(read_site(settings), URL) as service:
        with pytest.raises(NotFoundError):
            await service.resolve(service.workspace, "none")


async def test_only_the_demo_gives_its_hooks_key_away(settings: Settings) -> None:
    async with open_service(read_site(settings), URL) as service:
        assert await service.find_first_alert() is None


async def test_closing_ends_every_thread(settings: Settings) -> None:
    async with open_service(read_site(settings), URL) as service:
        await service.store.write(service.workspace, _look)
    with pytest.raises((RuntimeError, UnavailableError)):
        await service.store.write(service.workspace, _look)


def _look(unit: Unit) -> object:
    return unit.audit.head()


SCHEDULED = BETTER.replace("{manual: {}}", "[{schedule: {cron: 0 7 * * *}}, {event: {type: run.failed}}]")


async def test_schedules_and_events_of_the_serving_playbooks_stand_in_the_store(settings: Settings) -> None:
    file = settings.paths.playbooks / "watch.yaml"
    async with open_service(read_site(settings), URL) as service:
        file.write_text(SCHEDULED, encoding="utf-8")
        await service.refresh_library()
        due = await service.store.next_timer()
        await service.refresh_library()
        assert await service.store.next_timer() == due

        def fail(unit: Unit) -> None:
            unit.happenings.add(EventType.RUN_FAILED, "run_9", {}, START)

        await service.store.write(service.workspace, fail)
        await service.recover()
        assert await service.courier.deliver() == 1
        (run,) = (await service.store.read(service.workspace, lambda unit: unit.runs.list(9))).items
        assert (run.playbook, run.initiator) == ("watch", "system:events")
        file.unlink()
        await service.refresh_library()
        assert await service.store.read(service.workspace, lambda unit: unit.timers.list("schedule:")) == ()


async def test_triggers_that_could_not_be_kept_are_tried_again(settings: Settings) -> None:
    (settings.paths.playbooks / "watch.yaml").write_text(SCHEDULED, encoding="utf-8")
    async with open_service(read_site(settings), URL) as service:
        await service.refresh_library()
        playbooks = service.library.current()
        triggers = Triggers(store=service.store, workspace=service.workspace, clock=service.clock)
        assert await triggers.arrange(playbooks)
        assert not await triggers.arrange(playbooks)
        await service.store.close()
        with pytest.raises(UnavailableError):
            await triggers.arrange({})
        with pytest.raises(UnavailableError):
            await triggers.arrange({})
        assert not await triggers.arrange(playbooks)


async def test_a_large_body_is_read_by_a_process_that_ends_with_the_service(settings: Settings, tmp_path: Path) -> None:
    source = {"auth": {"bearer": {"secret": "k"}}, "alert": {"guess": True}}
    (tmp_path / "sources" / "siem.yaml").write_text(json.dumps(source), "utf-8")
    body = json.dumps({"title": "Too many logins", "note": "x" * 20_000}).encode()
    async with open_service(read_site(settings), URL) as service:
        (small,) = await service.receiver.check("siem", {}, b'{"title": "Too many logins"}')
        assert service.body_reader.pid is None
        (large,) = await service.receiver.check("siem", {}, body)
        assert small.alert.title == large.alert.title == "Too many logins"
        assert service.body_reader.pid is not None
        pidfd = os.pidfd_open(service.body_reader.pid)
    assert select.select([pidfd], [], [], 0)[0]
    os.close(pidfd)
