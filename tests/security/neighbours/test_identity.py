"""Single sign-on and second factors, and how other products let them be passed by."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pyotp
import pytest

from soar.app.passwords import Passwords
from tests.security.neighbours.table import answers
from tests.support.clock import SteppedClock
from tests.support.identity_provider import CLIENT, SUBJECT, Claims, open_identity_provider
from tests.support.meeting import LOGIN_COOKIE, Meeting
from tests.support.service import PASSWORD, Answer, Face, Person, open_face
from tests.support.token_lies import list_lies

NOT_SIGNED = ("signature: hs", "signature: none")


@pytest.fixture
async def meeting(tmp_path: Path, passwords: Passwords) -> AsyncIterator[Meeting]:
    clock = SteppedClock()
    async with (
        open_identity_provider(clock) as there,
        open_face(tmp_path, passwords, provider=there.provider, clock=clock) as face,
    ):
        yield Meeting(face, there)
        assert face.faults == []


def assert_refused(answer: Answer) -> None:
    assert answer.status == 403
    assert "soar_session" not in answer.cookies


async def add_factor(face: Face, name: str) -> tuple[pyotp.TOTP, list[str]]:
    """Give a person a program for codes, and return it with their recovery codes."""
    person = await face.log_in(name)
    offer = (await person.post("/factors/totp", {"name": "phone"})).json
    program = pyotp.TOTP(offer["secret"])
    added = await person.post(f"/factors/totp/{offer['id']}", {"code": program.at(face.clock.now())})
    face.clock.advance(timedelta(seconds=30))
    return program, added.json["recovery_codes"]


async def prove(person: Person, name: str, code: str | None) -> Answer:
    sent = {"name": name, "password": PASSWORD}
    return await person.post("/session", sent if code is None else {**sent, "code": code})


@answers("CVE-2023-22482", "CVE-2026-55669")
@pytest.mark.parametrize(
    "claims",
    [{"aud": "other"}, {"aud": [CLIENT, "other"]}, {"aud": ...}, {"iss": "https://evil.test"}, {"azp": "other"}],
)
async def test_a_token_for_others_or_by_others_logs_nobody_in(meeting: Meeting, claims: Claims) -> None:
    meeting.there.claims |= claims
    assert_refused(await meeting.log_in())


@answers("CVE-2026-42206")
async def test_a_token_of_an_earlier_login_is_none_of_this_one(meeting: Meeting) -> None:
    made: list[str] = []

    def keep(claims: Claims) -> str:
        made.append(meeting.there.sign(claims))
        return made[0]

    meeting.there.make_token = keep
    assert (await meeting.log_in()).status == 303
    assert_refused(await meeting.log_in())
    assert len(made) == 2


@answers("CVE-2026-22817", "CVE-2022-23540")
async def test_a_token_does_not_choose_how_it_is_verified(meeting: Meeting) -> None:
    lies = {name: lie for name, lie in list_lies(meeting.there).items() if name.lower().startswith(NOT_SIGNED)}
    assert len(lies) > 20
    for lie in lies.values():
        meeting.there.make_token = lie
        assert_refused(await meeting.log_in())


@answers("CVE-2026-81888")
@pytest.mark.parametrize("state", [None, "", "made-up"])
async def test_a_login_comes_back_to_the_browser_that_began_it(meeting: Meeting, state: str | None) -> None:
    mine, theirs = await meeting.begin(), await meeting.begin()
    back = (await meeting.get(theirs.headers["Location"])).headers["Location"]
    for cookie in (None, "", mine.cookies[LOGIN_COOKIE].value):
        assert_refused(await meeting.get(back, cookie))
    meeting.there.answer = {"state": state}
    assert_refused(await meeting.log_in())


@answers("CVE-2026-83589", "CVE-2026-49826")
@pytest.mark.parametrize(
    "to",
    [
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "/\t/evil.test",
        "\t//evil.test",
        "/\n/evil.test",
        "evil.test",
        "",
    ],
)
async def test_a_login_leads_to_no_other_site(meeting: Meeting, to: str) -> None:
    begun = await meeting.begin(f"?{urlencode({'to': to})}")
    assert begun.status == 422
    assert "Location" not in begun.headers
    assert not begun.cookies
    assert (await meeting.log_in("?to=/approvals")).headers["Location"] == "/approvals"


@answers("CVE-2026-58422")
async def test_single_sign_on_switches_nobody_on_again(meeting: Meeting) -> None:
    jane = await meeting.enter()
    face = meeting.face
    account = await face.read(lambda unit: unit.accounts.find(meeting.there.url, SUBJECT))
    assert account is not None
    await face.write(lambda unit: unit.users.update(replace(unit.users.get(account.id), disabled_at=face.clock.now())))
    assert_refused(await meeting.log_in())
    assert (await jane.get("/session")).status == 401
    assert (await face.read(lambda unit: unit.users.get(account.id))).disabled_at is not None


@answers("CVE-2024-38351", "CVE-2026-92161")
@pytest.mark.parametrize("is_verified", [True, False])
async def test_who_says_to_have_somebodys_address_is_not_them(meeting: Meeting, is_verified: bool) -> None:  # noqa: FBT001 -- a parameter of pytest
    taken = {"preferred_username": "root", "name": "root", "email": "root@corp.example", "email_verified": is_verified}
    meeting.there.claims |= taken
    session = (await (await meeting.enter()).get("/session")).json
    assert session["user"]["id"] != "u_root"
    assert session["user"]["name"] != "root"
    assert session["user"]["roles"] == ["analyst"]
    root = await meeting.face.log_in("root")
    assert (await root.get("/session")).json["user"]["roles"] == ["admin"]


@answers("CVE-2021-45331", "CVE-2026-103655")
async def test_a_one_time_code_is_good_once_even_at_the_same_moment(face: Face) -> None:
    program, _ = await add_factor(face, "ann")
    code = program.at(face.clock.now())
    tries = await asyncio.gather(*(prove(face.stranger, "ann", code) for _ in range(4)))
    assert sorted(answer.status for answer in tries) == [200, 401, 401, 401]
    assert (await prove(face.stranger, "ann", code)).status == 401


@answers("CVE-2025-64175")
async def test_a_recovery_code_is_good_for_whose_it_is(face: Face) -> None:
    _, mine = await add_factor(face, "ann")
    await add_factor(face, "bob")
    assert (await prove(face.stranger, "bob", mine[0])).status == 401
    assert (await prove(face.stranger, "ann", mine[0])).status == 200


@answers("CVE-2026-73535", "CVE-2025-55070", "CVE-2025-25068")
async def test_no_way_in_forgets_the_second_factor(face: Face) -> None:
    await add_factor(face, "ann")
    sent = {"name": "ann", "password": PASSWORD}
    tried = [
        await prove(face.stranger, "ann", None),
        await prove(face.stranger, "ann", ""),
        await face.stranger.post("/session/challenge", sent),
        await face.stranger.post("/session/step-up", {"password": PASSWORD}),
    ]
    basic = {"Authorization": aiohttp.encode_basic_auth("ann", PASSWORD)}
    paths = ("/session", "/stream", "/runs")
    tried += [await face.stranger.send("GET", f"/api/v1{path}", headers=basic) for path in paths]
    assert [answer.status for answer in tried if answer.cookies or b"csrf" in answer.body] == []
    assert [answer.status for answer in tried if answer.status < 400] == [200], "the challenge alone is answered"
    assert "kinds" in tried[2].json


@answers("CVE-2025-6015")
async def test_one_time_codes_are_not_guessed_without_end(face: Face) -> None:
    program, _ = await add_factor(face, "ann")
    elsewhere = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))  # where nobody has logged in as ann
    async with aiohttp.ClientSession(connector=elsewhere, cookie_jar=aiohttp.DummyCookieJar()) as http:
        guesser = Person(http, face.running.url)
        for number in range(5):
            assert (await prove(guesser, "ann", f"00000{number}")).status == 401
            await prove(guesser, "ann", None)
            await guesser.post("/session/challenge", {"name": "ann", "password": PASSWORD})
        assert (await prove(guesser, "ann", program.at(face.clock.now()))).status == 429
        assert (await prove(guesser, "ann", None)).code == "rate_limited"
