"""Files, and what is published over them: which of the two serves."""

from pathlib import Path

import pytest
import structlog

from soar.app.settings import Settings
from soar.app.site import read_site
from soar.app.wiring import Service, open_service
from soar.playbook import digest_text
from soar.store import Unit
from tests.support.builders import build_publication, build_revision

URL = "http://127.0.0.1"
FILE = "name: Tried\non: {manual: {}}\nsteps:\n  - set: {answer: 42}\n"
PUBLISHED = FILE.replace("42", "4242")
OTHER = FILE.replace("42", "424242")
BAD = FILE.replace("set", "sett")


async def publish(service: Service, text: str, *, over: str = FILE, playbook: str = "tried") -> None:
    """Put down what the API puts down."""
    digest = digest_text(text)

    def write(unit: Unit) -> None:
        unit.drafts.add(build_revision(playbook=playbook, digest=digest, text=text))
        unit.publications.set(
            build_publication(playbook=playbook, digest=digest, over=digest_text(over) if over else "")
        )

    await service.store.write(service.workspace, write)


async def serve(service: Service, playbook: str = "tried") -> str | None:
    """Return the text that serves after a look at folder and database."""
    await service.refresh_library()
    found = service.library.current().get(playbook)
    return None if found is None else service.library.text(playbook)


def write(file: Path, text: str | None) -> None:
    """Write a file, or take it away."""
    if text is None:
        file.unlink()
    else:
        file.write_text(text, "utf-8")


@pytest.fixture
def file(settings: Settings) -> Path:
    return settings.paths.playbooks / "tried.yaml"


async def test_what_is_published_serves_in_every_process_and_after_a_restart(settings: Settings) -> None:
    site = read_site(settings)
    async with open_service(site, URL) as one, open_service(site, URL) as other:
        assert await serve(one) == await serve(other) == FILE
        await publish(one, PUBLISHED)
        assert await serve(one) == await serve(other) == PUBLISHED
    async with open_service(site, URL) as again:
        assert await serve(again) == PUBLISHED


async def test_a_file_that_differs_serves_and_taking_that_back_brings_the_publication_back(
    settings: Settings, file: Path
) -> None:
    async with open_service(read_site(settings), URL) as service:
        await publish(service, PUBLISHED)
        assert await serve(service) == PUBLISHED
        write(file, OTHER)
        assert await serve(service) == OTHER
        write(file, FILE)
        assert await serve(service) == PUBLISHED
        write(file, None)
        assert await serve(service) is None


async def test_a_file_that_turns_bad_changes_nothing(settings: Settings, file: Path) -> None:
    async with open_service(read_site(settings), URL) as service:
        await publish(service, PUBLISHED)
        assert await serve(service) == PUBLISHED
        write(file, BAD)
        assert await serve(service) == PUBLISHED


async def test_without_a_file_a_publication_serves_until_there_is_one(settings: Settings, file: Path) -> None:
    async with open_service(read_site(settings), URL) as service:
        await publish(service, PUBLISHED, over="", playbook="fresh")
        assert await serve(service, "fresh") == PUBLISHED
        write(file.with_name("fresh.yaml"), OTHER)
        assert await serve(service, "fresh") == OTHER


async def test_what_was_published_and_is_no_longer_good_serves_no_more_and_its_file_does_not_step_in(
    settings: Settings,
) -> None:
    async with open_service(read_site(settings), URL) as service:
        await publish(service, BAD)
        with structlog.testing.capture_logs() as said:
            assert await serve(service) is None
            assert await serve(service) is None
    refused = [entry for entry in said if entry["action"] == "library.refused"]
    kept = [entry for entry in said if entry["action"] == "library.kept"]
    assert refused
    assert len(kept) == 1
    assert "nothing serves in its place" in kept[0]["event"]


async def test_the_publication_that_came_last_serves(settings: Settings) -> None:
    async with open_service(read_site(settings), URL) as service:
        for text in (PUBLISHED, OTHER, PUBLISHED):
            await publish(service, text)
            assert await serve(service) == text
