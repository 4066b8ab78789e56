"""What changes is heard of, by those who may."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from soar.api import stream
from soar.api.hub import Hub
from tests.support.service import Face, Person


@asynccontextmanager
async def listen(person: Person, last: str | None = None) -> AsyncIterator[aiohttp.StreamReader]:
    headers = {**person.headers, **({"Last-Event-ID": last} if last else {})}
    async with person.http.get(f"{person.url}/api/v1/stream", headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        yield answer.content


async def hear(stream: aiohttp.StreamReader) -> dict[str, str]:
    """Return the next event's fields; comments are passed over."""
    fields: dict[str, str] = {}
    async with asyncio.timeout(5):
        while line := (await stream.readline()).decode():
            name, _, content = line.rstrip("\n").partition(": ")
            if not line.strip() and fields:
                return fields
            if name:
                fields[name] = content
    return fields


async def test_a_change_is_heard_of(face: Face) -> None:
    ann = await face.person("ann")
    async with listen(ann) as stream:
        answer = await face.report_mail(messages=["m1"])
        event = await hear(stream)
        assert event["event"] == "change"
        assert json.loads(event["data"]) == {"kind": "alert", "id": answer.json["alert"]}
        kinds = [json.loads((await hear(stream))["data"])["kind"] for _ in range(3)]
        assert "run" in kinds


async def test_who_comes_back_hears_what_was_missed(face: Face) -> None:
    ann = await face.person("ann")
    async with listen(ann) as stream:
        face.services.hub.announce("default", "run", "run_1")
        first = await hear(stream)
    face.services.hub.announce("default", "run", "run_2")
    face.services.hub.announce("other", "run", "run_3")
    face.services.hub.announce("default", "run", "run_4")
    async with listen(ann, first["id"]) as stream:
        heard = [json.loads((await hear(stream))["data"])["id"] for _ in range(2)]
    assert heard == ["run_2", "run_4"]


async def test_who_was_away_too_long_is_told_to_load_everything_again(face: Face) -> None:
    ann = await face.person("ann")
    for number in range(1_100):
        face.services.hub.announce("default", "run", f"run_{number}")
    async with listen(ann) as stream:
        face.services.hub.announce("default", "run", "run_x")
        epoch, _, last = (await hear(stream))["id"].partition("-")
    assert last == "1101"
    for seen in (f"{epoch}-5", f"{epoch}-9999", "ANOTHER-1100", "nonsense"):
        async with listen(ann, seen) as stream:
            assert await hear(stream) == {"event": "reset", "id": f"{epoch}-1101", "data": "{}"}


async def test_nobody_hears_of_what_they_may_not_see(face: Face) -> None:
    narrow = await face.person("ann", scopes=frozenset({"stream:read", "alert:read"}))
    async with listen(narrow) as stream:
        face.services.hub.announce("default", "run", "run_1")
        face.services.hub.announce("default", "alert", "al_1")
        assert json.loads((await hear(stream))["data"]) == {"kind": "alert", "id": "al_1"}


async def test_streams_end_with_the_service(face: Face) -> None:
    ann = await face.person("ann")
    async with listen(ann) as stream:
        face.services.hub.close()
        assert await hear(stream) == {}
        assert stream.at_eof()


async def test_a_stream_shows_signs_of_life_and_ends_with_its_login(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_KEEP_ALIVE", 0.01)
    ann = await face.log_in("ann")
    async with listen(ann) as heard:
        assert [await heard.readline() for _ in range(4)] == [b": here\n", b"\n", b": still here\n", b"\n"]
        await face.write(lambda unit: unit.sessions.remove_of("u_ann"))
        async with asyncio.timeout(5):
            rest = await heard.read()
    assert set(rest.split(b"\n")) <= {b": still here", b""}


async def test_who_reads_too_slowly_is_let_go_and_the_others_are_not() -> None:
    hub = Hub()
    slow, other = hub.listen("default"), hub.listen("other")
    for number in range(1_001):
        hub.announce("default", "run", str(number))
    hub.announce("other", "run", "x")
    heard = [await slow.next() for _ in range(1_001)]
    assert heard[-1] is None
    assert heard[-2] is not None
    assert heard[-2].subject == "999"
    last = await other.next()
    assert last is not None
    assert last.subject == "x"
