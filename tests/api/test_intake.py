"""What a flood meets: a rate for each source, bounded room, and connections that say nothing are ended."""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from soar.api.intake import IntakeGate, IntakeLimits
from soar.api.server import Door, make_application, serve_socket
from soar.ingest.source import Source, parse_source
from soar.model.errors import BugError, DeniedError, UnavailableError
from tests.support.clock import SteppedClock
from tests.support.randomness import SeededRandomness
from tests.support.service import Face, Person, sign

SECOND = timedelta(seconds=1)
MIB = 1024 * 1024


def build_sources(**rates: float | None) -> Mapping[str, Source]:
    document = {"auth": {"bearer": {"secret": "k"}}, "alert": {"kind": "raw.kind"}}
    return {
        name: parse_source({**document, **({} if rate is None else {"rate": rate})}, name)
        for name, rate in rates.items()
    }


@pytest.fixture
def build_gate(clock: SteppedClock) -> Callable[..., IntakeGate]:
    def build(sources: Mapping[str, Source], **limits: float) -> IntakeGate:
        return IntakeGate(IntakeLimits(**limits), sources, clock=clock, randomness=SeededRandomness())

    return build


def send(gate: IntakeGate, source: str, size: int | None = 10) -> str:
    """Pass through the gate, and return why not if it does not let us."""
    try:
        with gate.admit(source, size):
            return ""
    except UnavailableError as error:
        return error.code if error.retry_after >= 1.0 else "comes back at once"


def test_a_source_sends_five_seconds_worth_at_once_and_then_its_rate(
    build_gate: Callable[..., IntakeGate], clock: SteppedClock
) -> None:
    gate = build_gate(build_sources(loud=2, quiet=None), rate=100.0)
    assert [send(gate, "loud") for _ in range(11)] == [*10 * [""], "rate_limited"]
    assert send(gate, "quiet") == ""
    clock.advance(SECOND)
    assert [send(gate, "loud") for _ in range(3)] == ["", "", "rate_limited"]


def test_the_more_are_over_the_rate_the_later_they_are_told_to_come_back(
    build_gate: Callable[..., IntakeGate], clock: SteppedClock
) -> None:
    gate = build_gate(build_sources(loud=2))

    def find_pause() -> float:
        with pytest.raises(UnavailableError) as refused, gate.admit("loud", 10):
            pass
        return refused.value.retry_after

    assert [send(gate, "loud") for _ in range(10)] == 10 * [""]
    pauses = [find_pause() for _ in range(41)]
    turns = [max(1.0, number / 2) for number in range(41)]
    assert all(turn <= pause <= turn + 3.0 for turn, pause in zip(turns, pauses, strict=True))
    clock.advance(SECOND * 19)
    assert [send(gate, "loud") for _ in range(10)] == 10 * [""]
    assert 1.5 <= find_pause() <= 4.5
    assert max(find_pause() for _ in range(500)) <= 34.0


class RunningClock(SteppedClock):
    """A clock that goes on a little at each look."""

    def monotonic(self) -> float:
        self.advance(timedelta(microseconds=1))
        return super().monotonic()


def test_a_sources_first_request_is_not_over_its_rate_however_fast_time_passes() -> None:
    gate = IntakeGate(IntakeLimits(), build_sources(siem=100_000), clock=RunningClock(), randomness=SeededRandomness())
    assert [send(gate, "siem") for _ in range(3)] == ["", "", ""]


def test_what_was_not_accepted_costs_its_source_nothing(build_gate: Callable[..., IntakeGate]) -> None:
    gate = build_gate(build_sources(siem=1))
    for _ in range(20):
        with pytest.raises(DeniedError), gate.admit("siem", 10):
            raise DeniedError("wrong signature", code="unauthenticated")
    assert [send(gate, "siem") for _ in range(6)] == [*5 * [""], "rate_limited"]


def test_one_source_takes_half_of_the_room_and_strangers_together_too(build_gate: Callable[..., IntakeGate]) -> None:
    gate = build_gate(build_sources(loud=None, quiet=None), requests=4)
    with gate.admit("loud", 10), gate.admit("loud", 10):
        assert send(gate, "loud") == "intake_full"
        assert send(gate, "quiet") == ""
        with gate.admit("nobody", 10), gate.admit("no-one", 10):
            assert send(gate, "anyone") == "intake_full"
            assert send(gate, "quiet") == "intake_full"
    assert [send(gate, source) for source in ("loud", "quiet", "anyone")] == ["", "", ""]


def test_bodies_have_so_much_memory_and_one_of_unknown_length_counts_as_the_largest(
    build_gate: Callable[..., IntakeGate],
) -> None:
    gate = build_gate(build_sources(siem=None), memory=2 * MIB)
    with gate.admit("siem", None):
        assert send(gate, "siem", MIB) == ""
        with gate.admit("siem", MIB - 9):
            assert send(gate, "siem", 10) == "intake_full"
            assert send(gate, "siem", 9) == ""
    with gate.admit("siem", 99 * MIB):
        assert send(gate, "siem", MIB) == ""


def test_where_storing_takes_too_long_there_are_fewer_places_until_it_does_not(
    build_gate: Callable[..., IntakeGate], clock: SteppedClock
) -> None:
    gate = build_gate(build_sources(loud=None, quiet=None), requests=40, patience=0.1, rate=10_000.0)

    def take(milliseconds: int, *, is_read: bool = True) -> None:
        with gate.admit("loud", 10) as place:
            if is_read:
                place.note_read()
            clock.advance(timedelta(milliseconds=milliseconds))

    def count_places() -> int:
        with ExitStack() as stack:
            for number in range(99):
                try:
                    stack.enter_context(gate.admit(("loud", "quiet", "nobody")[number % 3], 10))
                except UnavailableError:
                    return number
        raise BugError("there is no end to the places")

    assert count_places() == 40
    for _ in range(99):
        take(10_000, is_read=False)
    assert count_places() == 40
    for _ in range(99):
        take(101)
    assert count_places() == 32
    for _ in range(300):
        take(99)
    assert count_places() == 40


def test_those_refused_together_do_not_come_back_together(build_gate: Callable[..., IntakeGate]) -> None:
    gate = build_gate(build_sources(siem=100))
    while send(gate, "siem") == "":
        pass
    waits = set()
    for _ in range(50):
        with pytest.raises(UnavailableError) as caught, gate.admit("siem", 10):
            raise BugError("it was let in")
        waits.add(round(caught.value.retry_after))
    assert waits == {1, 2, 3, 4}


async def report(person: Person, number: int, messages: Sequence[str] = ()) -> tuple[int, Mapping[str, str]]:
    mail = {"kind": "mail", "title": f"no. {number}", "from": "eve@evil.test", "messages": [*messages]}
    body = json.dumps(mail).encode()
    answer = await person.send("POST", "/hooks/probe", body, {"X-Signature": sign(body)})
    return answer.status, answer.headers


def test_what_a_loud_source_holds_beyond_its_share_keeps_no_other_out(
    build_gate: Callable[..., IntakeGate], clock: SteppedClock
) -> None:
    gate = build_gate(build_sources(loud=None, quiet=None), requests=128, patience=0.1)
    with ExitStack() as inside:
        for _ in range(64):
            inside.enter_context(gate.admit("loud", 10))
        for _ in range(99):
            with gate.admit("quiet", 10) as place:
                place.note_read()
                clock.advance(timedelta(milliseconds=101))
        assert send(gate, "loud") == "intake_full"
        for _ in range(16):
            inside.enter_context(gate.admit("quiet", 10))
        assert send(gate, "quiet") == "intake_full"


async def test_a_quiet_sources_request_goes_first_until_it_is_refused_or_its_run_has_begun(face: Face) -> None:
    claims, person = face.services.precedence._claims, Person(face.http, face.running.url)
    claimed: list[list[str]] = []
    face.services.store.listen(lambda _workspace, _run: claimed.append([*claims]))
    assert (await report(person, 1))[0] == 202
    assert claimed == [["source:probe"]]
    assert [*claims] == ["source:probe"]
    face.services.precedence.end("source:probe")
    assert (await person.send("POST", "/hooks/probe", b"{}", {"X-Signature": "0" * 64})).status == 401
    assert (await report(person, 1))[0] == 202
    assert (await person.send("POST", "/hooks/nobody", b"{}", {})).status == 401
    assert not claims


async def test_nobody_gives_way_to_a_body_that_takes_long_to_be_read(face: Face) -> None:
    claims, person = face.services.precedence._claims, Person(face.http, face.running.url)
    claimed: list[list[str]] = []
    face.services.store.listen(lambda _workspace, _run: claimed.append([*claims]))
    assert (await report(person, 1, ["x" * 10_000]))[0] == 202
    face.services.precedence.end("source:probe")
    assert (await report(person, 2, ["x" * 10_000] * 2))[0] == 202
    assert claimed == [["source:probe"], []]


async def test_a_sender_that_honours_retry_after_loses_nothing(face: Face) -> None:
    services = replace(face.services, intake=IntakeLimits(rate=2.0, requests=4))
    listener = socket.create_server(("127.0.0.1", 0))
    running = await serve_socket(make_application(services, door=Door.HOOKS), listener, drain=1.0)
    sender, refusals, waiting = Person(face.http, running.url), 0, list(range(40))
    while waiting:
        answers = await asyncio.gather(*(report(sender, number) for number in waiting))
        refused = [number for number, (status, _) in zip(waiting, answers, strict=True) if status != 202]
        assert {status for status, _ in answers} <= {202, 429, 503}
        for status, headers in answers:
            assert (status == 202) == ("Retry-After" not in headers)
        assert len(refused) < len(waiting) or refusals
        refusals, waiting = refusals + len(refused), refused
        face.clock.advance(SECOND)
    await running.close()
    assert refusals > 40
    titles = {alert.title for alert in await face.read(lambda unit: unit.alerts.list(200).items)}
    assert titles == {f"no. {number}" for number in range(40)}
    await face.settle()


async def test_where_hooks_have_a_door_of_their_own_nothing_else_is_behind_it(face: Face) -> None:
    people, hooks = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    doors = [
        await serve_socket(make_application(face.services, door=Door.PEOPLE), people, drain=1.0),
        await serve_socket(make_application(face.services, door=Door.HOOKS), hooks, drain=1.0),
    ]
    inside, outside = (Person(face.http, door.url) for door in doors)
    assert [(await report(person, 1))[0] for person in (inside, outside)] == [404, 202]
    for path, statuses in (
        ("/healthz", (200, 404)),
        ("/api/v1/alerts", (401, 404)),
        ("/hooks/probe/check", (405, 405)),
    ):
        assert tuple([(await person.send("GET", path)).status for person in (inside, outside)]) == statuses
    for door in doors:
        await door.close()
    await face.settle()


async def test_a_connection_on_which_no_request_comes_is_ended(face: Face) -> None:
    runner = face.running._runner
    assert isinstance(runner.server, web.Server)
    host, port = face.running.url.removeprefix("http://").split(":")
    silent, writer = await asyncio.open_connection(host, int(port))
    slow, slow_writer = await asyncio.open_connection(host, int(port))
    slow_writer.write(b"POST /hooks/probe HTTP/1.1\r\nHost: x\r\nX-Slow")
    talking, talking_writer = await asyncio.open_connection(host, int(port))
    talking_writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await talking.readline()).startswith(b"HTTP/1.1 200")
    server = runner.server
    assert len(server.connections) == 3
    patience = face.running._patience
    assert [patience.sweep(server.connections, 1_000_000.0 + passed) for passed in (0, 9, 10)] == [0, 0, 2]
    assert (await silent.read(), await slow.read()) == (b"", b"")
    talking_writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"ok" in await talking.readuntil(b"}")
    for each in (writer, slow_writer, talking_writer):
        each.close()


async def test_too_many_headers_and_too_long_ones_are_refused(face: Face) -> None:
    host, port = face.running.url.removeprefix("http://").split(":")
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(100))
    for headers in (many, b"X-Long: " + 9_000 * b"x" + b"\r\n"):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /hooks/probe HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
        assert b" 400 Bad Request" in await reader.readline()
        writer.close()
