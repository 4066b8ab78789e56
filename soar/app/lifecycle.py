"""Starting, serving, driving, draining: the life of a process."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from soar.api.server import Door, make_application, serve_socket
from soar.app.checks.check import heed
from soar.app.checks.rules import check_site
from soar.app.checks.sources import check_sources
from soar.app.checks.stored import check_stored, look_into_store
from soar.app.clock import SystemClock
from soar.app.deeds import keep_forgetting_deeds
from soar.app.doctor import check_settings
from soar.app.first_admin import FirstInvitation, invite_first
from soar.app.health import open_probe
from soar.app.hooks_tls import make_context
from soar.app.log import configure_log
from soar.app.loop import run
from soar.app.migration import migrate_apart
from soar.app.relay import keep_hearing
from soar.app.settings import Settings, split_address
from soar.app.sign_on import check_sign_on
from soar.app.site import Site, read_site
from soar.app.wiring import Service, open_service
from soar.model.errors import InputError
from soar.model.values import print_timestamp
from soar.store import is_shared

EXIT_GOOD = 0
EXIT_FAILED = 1
_YOUNG = 10_000  # new objects with references that the collector waits for before it looks them over
_TURN = 0.001  # seconds until a thread that computes lets the others go on, instead of five thousandths
_INVITATION = "first-admin.invitation"

Prepare = Callable[[Service], Awaitable[None]]


def serve(settings: Settings, *, has_worker: bool = True) -> int:
    """Serve until SIGTERM or SIGINT, then drain; return the exit code.

    Args:
        settings: of the installation.
        has_worker: whether this process drives runs, too; without, others have to.

    Raises:
        InputError: something about the installation does not fit; nothing was started.
    """
    if not has_worker:
        _refuse_alone(settings)
    configure_log(settings.log.level)
    return serve_site(_read_trusted(settings), _begin, has_worker=has_worker)


def work(settings: Settings) -> int:
    """Drive runs until SIGTERM or SIGINT, without serving anything; return the exit code.

    Raises:
        InputError: something about the installation does not fit; nothing was started.
    """
    _refuse_alone(settings)
    configure_log(settings.log.level)
    return run(run_worker(_read_trusted(settings)))


def _read_trusted(settings: Settings) -> Site:
    """Read a site's files, and refuse to go on with what cannot be trusted; nothing was opened yet.

    Raises:
        InputError: something is bad, as `soar doctor` says beforehand.
    """
    heed(check_settings(settings))
    site = read_site(settings)
    heed(check_site(site, SystemClock().now()))
    heed(check_sources(site.sources, settings.server))
    return site


async def _begin(service: Service) -> None:
    heed(check_stored(await look_into_store(service)))
    await _welcome_first_person(service)


def _refuse_alone(settings: Settings) -> None:
    if not is_shared(settings.database.url):
        raise InputError(
            "several processes cannot share a SQLite database",
            code="store.alone",
            hint="name a PostgreSQL database in database.url, or run `soar serve` without --no-worker and nothing else",
        )


def migrate(settings: Settings) -> int:
    """Bring the schema up to date and return the exit code.

    Raises:
        InputError: the schema is newer than this program.
    """
    configure_log(settings.log.level)

    async def open_and_close() -> int:
        async with open_service(read_site(settings), settings.server.url):
            return EXIT_GOOD

    return run(open_and_close())


def serve_site(site: Site, prepare: Prepare, *, has_worker: bool = True) -> int:
    """Migrate a site's database and serve the site until a signal comes, as a process of its own does.

    Args:
        site: what is installed and configured.
        prepare: as for `run_site`.
        has_worker: whether this process drives runs, too.
    """
    migrate_apart(site.settings.database.url)
    return run(run_site(site, prepare, has_worker=has_worker))


async def run_site(site: Site, prepare: Prepare, *, has_worker: bool = True) -> int:
    """Serve a site until a signal comes.

    Args:
        site: what is installed and configured.
        prepare: called once the service is wired and its store open, before the first request is taken.
        has_worker: whether this process drives runs, too.
    """
    stop = _await_signals()
    sys.setswitchinterval(_TURN)
    server = site.settings.server
    tls = {Door.HOOKS: make_context(server.hooks_tls)} if server.hooks_tls else {}
    with contextlib.ExitStack() as stack:
        listeners = _listen(site.settings, stack)
        host, port = next(iter(listeners.values())).getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        url = server.url.rstrip("/") or f"http://{shown}:{port}"
        async with open_service(site, url) as service:
            await service.refresh_library()
            await check_sign_on(service.sign_on)
            await prepare(service)
            return await _serve(service, listeners, tls, stop, has_worker=has_worker)


async def run_worker(site: Site) -> int:
    """Drive runs until a signal comes."""
    stop = _await_signals()
    url = site.settings.server.url.rstrip("/") or f"http://{site.settings.server.listen}"
    log = structlog.get_logger()
    async with open_service(site, url) as service, _probed(service) as health:
        heed(check_stored(await look_into_store(service)))
        await service.refresh_library()
        async with _background(service, stop, has_worker=True) as failures:
            recovered = await service.recover()
            log.info("working", action="work.started", worker=service.worker, recovered=recovered, health=health)
            await stop.wait()
            log.info("draining", action="work.draining", driven=service.queue.size)
            await service.drain(site.settings.server.drain)
        log.info("ended", action="work.ended")
        return EXIT_FAILED if failures else EXIT_GOOD


@asynccontextmanager
async def _probed(service: Service) -> AsyncIterator[str]:
    """Answer how a worker is, and give the URL; empty if the settings name no address."""
    address = service.site.settings.worker.health
    if not address:
        yield ""
        return
    probe = await open_probe(service, address)
    try:
        yield probe.url
    finally:
        await probe.close()


def _await_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _listen(settings: Settings, stack: contextlib.ExitStack) -> Mapping[Door, socket.socket]:
    """Listen at every door; the first is the one that people come through."""
    server = settings.server
    if not server.hooks_listen:
        return {Door.EVERYTHING: stack.enter_context(_bind(server.host, server.port))}
    people = stack.enter_context(_bind(server.host, server.port))
    return {Door.PEOPLE: people, Door.HOOKS: stack.enter_context(_bind(*split_address(server.hooks_listen)))}


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)


async def _serve(
    service: Service,
    listeners: Mapping[Door, socket.socket],
    tls: Mapping[Door, ssl.SSLContext],
    stop: asyncio.Event,
    *,
    has_worker: bool,
) -> int:
    log = structlog.get_logger()
    settings = service.site.settings
    async with _background(service, stop, has_worker=has_worker) as failures:
        doors = {
            door: await serve_socket(
                make_application(service.services, door=door),
                listener,
                drain=settings.server.drain,
                tls=tls.get(door),
            )
            for door, listener in listeners.items()
        }
        recovered = await service.recover() if has_worker else 0
        _spare_collector()
        hooks = doors[Door.HOOKS].url if Door.HOOKS in doors else service.url
        log.info("serving", action="serve.started", url=service.url, hooks=hooks, recovered=recovered)
        await stop.wait()
        log.info("draining", action="serve.draining", driven=service.queue.size)
        service.hub.close()
        await asyncio.gather(*(running.close() for running in doors.values()))
        await service.drain(settings.server.drain)
    if failures:
        return EXIT_FAILED
    await service.auditor.checkpoint()
    with contextlib.suppress(TimeoutError):  # the next start delivers what is missing
        async with asyncio.timeout(settings.server.drain):
            await service.anchorage.deliver(is_last=True)
    log.info("ended", action="serve.ended")
    return EXIT_GOOD


def _spare_collector() -> None:
    """Let the collector run from now on, and never over what was made until now: modules, models, what is installed.

    A few hundred runs are under way at once, and what they hold is looked over each time; that little of it is in
    cycles makes it worth while to look seldom.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG)
    gc.enable()


@asynccontextmanager
async def _background(service: Service, stop: asyncio.Event, *, has_worker: bool) -> AsyncIterator[list[BaseException]]:
    """Run what works beside the requests; if any of it fails, stop serving: a start recovers, a limp does not."""
    failures: list[BaseException] = []

    def note(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            structlog.get_logger().error(
                "a background part failed", action="serve.failed", part=task.get_name(), error=repr(error)
            )
            failures.append(error)
            stop.set()

    parts = _list_parts(service, has_worker=has_worker)
    tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    for task in tasks:
        task.add_done_callback(note)
    try:
        yield failures
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def _list_parts(service: Service, *, has_worker: bool) -> dict[str, Coroutine[object, object, None]]:
    """Return what runs beside the requests until it is cancelled, by name."""
    parts = {
        "checkpoints": service.auditor.keep_signing(service.site.settings.audit.interval),
        "anchors": service.anchorage.keep_delivering(service.site.settings.audit.interval),
        "library": service.watch_library(),
        "events": service.courier.run(),
        "keys": service.rewrapper.run(),
    }
    if has_worker:
        parts["timers"] = service.timers.run()
        parts["watchdog"] = service.watchdog.run()
        parts["deeds"] = keep_forgetting_deeds(service.store, service.clock)
        parts["pollers"] = service.pollers.run()
    parts |= service.chats.list_parts(has_worker=has_worker)
    if has_worker and service.handouts is not None:
        parts["hand-outs"] = service.handouts.run(service.wake)
    if service.shared_hub is not None:
        kick = service.handouts.kick if has_worker and service.handouts is not None else _ignore
        parts["telling"] = service.shared_hub.keep_telling()
        parts["hearing"] = keep_hearing(service.store, service.shared_hub, kick, service.clock)
    return parts


def _ignore() -> None:
    """Do nothing: a process without a worker takes no run."""


async def _welcome_first_person(service: Service) -> None:
    """Invite the first administrator where there is nobody, and leave the code in a file only we can read."""
    folder = service.site.settings.vault.key_file.parent
    file = (folder if os.access(folder, os.W_OK) else Path()) / _INVITATION  # systemd lends keys in a closed folder
    made = await invite_first(
        service.store,
        service.workspace,
        service.site.settings.first_admin,
        clock=service.clock,
        ids=service.ids,
        randomness=service.randomness,
        keep=lambda invitation: _write_invitation(file, invitation),
    )
    if made is not None:
        structlog.get_logger().warning(
            "invited the first administrator; read the file, set a password with its code, delete it",
            action="people.first",
            name=made.name,
            file=str(file),
            until=print_timestamp(made.expires_at),
        )


def _write_invitation(file: Path, invitation: FirstInvitation) -> None:
    file.unlink(missing_ok=True)  # left by a start that ended before anybody was made, or by an earlier code
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as stream:
        stream.write(f"{invitation.name} {invitation.code}\n")
