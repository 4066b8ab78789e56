"""What every test is given: a stepped clock, seeded ids and chance, an inline disk, and no way out of this machine."""

import ipaddress
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest
import structlog
from hypothesis import settings

from soar.store import Store, open_store
from tests.support.clock import SteppedClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.postgres import NoServerError, PostgresServer, start_postgres
from tests.support.process import RecordingProcess
from tests.support.randomness import SeededRandomness

# A busy machine is not a failure; and the same commit gets the same verdict: `make properties` tries other cases.
settings.register_profile("soar", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=int(os.environ.get("SOAR_EXAMPLES", "1000")))
settings.load_profile(os.environ.get("SOAR_PROPERTIES", "soar"))


def _refuse_to_leave(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if not isinstance(address, tuple):
        return  # a Unix socket, or the kernel's own
    try:
        is_loopback = ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback
    except ValueError:
        is_loopback = address[0] == "localhost"
    if not is_loopback:
        raise RuntimeError(f"a test tried to connect to {address[0]}; tests stay on this machine")


sys.addaudithook(_refuse_to_leave)


@pytest.fixture(autouse=True)
def unconfigured_log() -> Iterator[None]:
    """Take back how a test has set logging up: what it wrote to is closed with it, and the next would fail at it."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def ids() -> SeededIds:
    return SeededIds()


@pytest.fixture
def randomness() -> SeededRandomness:
    return SeededRandomness()


@pytest.fixture
def disk() -> InlineDisk:
    return InlineDisk()


@pytest.fixture
def process() -> RecordingProcess:
    return RecordingProcess()


@pytest.fixture
async def store(disk: InlineDisk, process: RecordingProcess) -> AsyncIterator[Store]:
    """Give an empty, migrated store in memory."""
    opened = open_store("sqlite://", disk=disk, process=process, readers=InlineDisk)
    await opened.migrate()
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(start_postgres())
        except NoServerError as missing:
            pytest.skip(str(missing))
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    with postgres.lend() as url:
        yield url
