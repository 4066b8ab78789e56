"""Logins and tokens, and how other products let them be guessed, kept or borrowed."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from argon2 import PasswordHasher

from soar.access.tokens import parse_token
from soar.api import stream, throttle
from soar.api.lockout import Lockout
from soar.app.first_admin import invite_first
from soar.app.ids import RandomIds, SystemRandomness
from soar.app.passwords import Passwords
from soar.app.settings import FirstAdminSettings
from soar.audit.keyfile import create_key_file, read_key_file
from soar.model.errors import UnavailableError
from soar.store import Store
from tests.security.neighbours.table import answers
from tests.support.clock import SteppedClock
from tests.support.repository import list_files
from tests.support.service import PASSWORD, PEOPLE, Face, Person, open_face

WRONG = "not the password"


async def log_in(face: Face, name: str, password: str = WRONG, headers: Mapping[str, str] | None = None) -> int:
    sent = {"name": name, "password": password}
    return (await face.stranger.send("POST", "/api/v1/session", sent, headers)).status


@answers("CVE-2025-69413", "CVE-2022-39307")
async def test_an_answer_does_not_tell_who_exists(face: Face) -> None:
    tries = [await face.stranger.post("/session", {"name": name, "password": WRONG}) for name in ("ann", "nobody")]
    assert [answer.status for answer in tries] == [401, 401]
    assert tries[0].body == tries[1].body
    assert set(tries[0].headers) == set(tries[1].headers)


@answers("CVE-2025-6011")
async def test_as_much_work_is_done_for_somebody_who_does_not_exist(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = PasswordHasher.verify

    def watch(hasher: PasswordHasher, stored: str, password: str) -> bool:
        verified.append(stored)
        return verify(hasher, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", watch)
    assert not await passwords.verify(WRONG, None)
    (stored,) = verified
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@answers("CVE-2026-46440")
async def test_passwords_are_not_guessed_without_end(face: Face) -> None:
    begin, guessed = face.clock.now(), 0
    while face.clock.now() < begin + timedelta(hours=2):
        answer = await face.stranger.post("/session", {"name": "ann", "password": WRONG})
        if answer.status == 401:
            guessed += 1
        else:
            assert await log_in(face, "ann", PASSWORD) == 429
            face.clock.advance(timedelta(seconds=int(answer.headers["Retry-After"])))
    assert guessed < 40
    face.clock.advance(timedelta(minutes=5))
    assert await log_in(face, "ann", PASSWORD) == 200


@answers("CVE-2025-24806", "CVE-2026-47203")
async def test_guesses_at_one_person_are_counted_together_however_the_name_is_written(face: Face) -> None:
    for name in ("ann", "Ann", "aNN", "ANN", "anN"):
        assert await log_in(face, name) == 401
    elsewhere = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
    async with aiohttp.ClientSession(connector=elsewhere) as http:
        statuses = [
            (await Person(http, face.running.url).post("/session", {"name": name, "password": PASSWORD})).status
            for name in ("bob", "AnN", "ann")
        ]
    assert statuses == [200, 429, 429]


@answers("CVE-2026-24000", "CVE-2026-46356")
async def test_a_guesser_does_not_choose_their_address(face: Face) -> None:
    no_proxy = aiohttp.TCPConnector(local_addr=("127.0.0.77", 0))
    async with aiohttp.ClientSession(connector=no_proxy) as http:
        guesser, statuses = Person(http, face.running.url), []
        for n, name in enumerate([*PEOPLE, *PEOPLE, *PEOPLE, *PEOPLE][:21]):
            claims = {"X-Forwarded-For": f"203.0.113.{n}", "Forwarded": f"for=203.0.113.{n}"}
            sent = {"name": name, "password": WRONG}
            statuses.append((await guesser.send("POST", "/api/v1/session", sent, claims)).status)
    assert statuses == [401] * 20 + [429]


@answers("CVE-2024-21652")
def test_a_flood_of_other_names_frees_no_locked_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_MOST_KEYS", 100)
    lockout = Lockout(SteppedClock())
    for number in range(5):
        lockout.begin("root", f"192.0.2.{number}")
    for number in range(1_000):
        lockout.begin(f"other{number}", f"2001:db8::{number:x}")
    with pytest.raises(UnavailableError) as caught:
        lockout.begin("root", "198.51.100.1")
    assert caught.value.code == "rate_limited"


@answers("CVE-2022-38054")
async def test_a_login_takes_over_nothing_that_was_there_before(face: Face) -> None:
    planted = "planted-by-another-site"
    sent = {"name": "ann", "password": PASSWORD}
    answer = await face.stranger.send("POST", "/api/v1/session", sent, {"Cookie": f"soar_session={planted}"})
    assert answer.cookies["soar_session"].value != planted
    old = await face.stranger.send("GET", "/api/v1/session", headers={"Cookie": f"soar_session={planted}"})
    assert old.status == 401


@answers("CVE-2026-30224")
async def test_a_login_that_was_ended_is_over_on_our_side(face: Face) -> None:
    ann = await face.log_in("ann")
    other = await face.log_in("ann")
    assert (await ann.send("DELETE", "/api/v1/session")).status == 204
    assert [(await person.get("/session")).status for person in (ann, other)] == [401, 200]


@answers("CVE-2020-17526")
async def test_a_login_at_one_installation_is_none_at_another(tmp_path: Path, passwords: Passwords, face: Face) -> None:
    ann = await face.log_in("ann")
    folder = tmp_path / "other"
    folder.mkdir()
    async with open_face(folder, passwords) as other:
        answer = await other.stranger.send("GET", "/api/v1/session", headers={"Cookie": ann.headers["Cookie"]})
        assert answer.status == 401
    assert (await ann.get("/session")).status == 200


@answers("CVE-2024-41666", "CVE-2021-3144")
async def test_what_was_open_ends_with_what_opened_it(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_KEEP_ALIVE", 0.01)
    ann = await face.person("ann")
    async with ann.http.get(f"{ann.url}/api/v1/stream", headers=ann.headers) as opened:
        assert await opened.content.readline() == b": here\n"
        face.clock.advance(timedelta(days=1) - timedelta(seconds=1))
        assert (await ann.get("/runs")).status == 200
        face.clock.advance(timedelta(seconds=1))
        async with asyncio.timeout(5):
            await opened.content.read()
    assert [(await ann.get("/runs")).status for _ in range(2)] == [401, 401]


@answers("CVE-2017-18917")
async def test_the_store_holds_no_token_and_no_cookie(face: Face) -> None:
    made = await (await face.person("ann")).post("/tokens", {"name": "x", "scopes": ["run:read"]})
    token = await face.read(lambda unit: unit.tokens.get(made.json["id"]))
    assert token is not None
    assert token.key == hashlib.sha256(made.json["token"].encode()).hexdigest()
    assert made.json["token"].rpartition("_")[2] not in repr(token)
    cookie = (await face.log_in("ann")).headers["Cookie"].partition("=")[2]
    found = await face.read(
        lambda unit: (unit.sessions.get(cookie), unit.sessions.get(hashlib.sha256(cookie.encode()).hexdigest()))
    )
    assert (found[0] is None, found[1] is None) == (True, False)


@answers("CVE-2022-31034")
async def test_a_token_has_256_bits_of_chance_that_nothing_repeats(face: Face) -> None:
    made = await (await face.person("ann")).post("/tokens", {"name": "x", "scopes": ["run:read"]})
    assert parse_token(made.json["token"]) == made.json["id"]
    assert len(made.json["token"].rpartition("_")[2]) * 6 >= 256
    drawn = {SystemRandomness().bytes(32) for _ in range(100)}
    assert len(drawn) == 100


@answers("CVE-2022-29186")
def test_every_installation_has_its_own_keys_and_none_is_shipped(tmp_path: Path) -> None:
    for name in ("a", "b"):
        create_key_file(tmp_path / name, SystemRandomness())
    assert read_key_file(tmp_path / "a") != read_key_file(tmp_path / "b")
    mark = "PRIVATE" + " KEY-----"
    assert [path for path in list_files(".yaml", ".key", ".pem", ".env", "") if mark in path.read_text("utf-8")] == []


@answers("CVE-2022-1162", "CVE-2026-4404", "CVE-2025-8077")
async def test_nobody_is_made_with_a_name_or_a_password_that_others_know(store: Store) -> None:
    made = [
        await invite_first(
            store,
            workspace,
            FirstAdminSettings(),
            clock=SteppedClock(),
            ids=RandomIds(SystemRandomness()),
            randomness=SystemRandomness(),
        )
        for workspace in ("one", "two")
    ]
    first, second = (invitation for invitation in made if invitation is not None)
    assert first.name != second.name
    assert first.code != second.code
    assert len(first.code.replace("-", "")) * 5 >= 80
    admin = await store.read("one", lambda unit: unit.users.find_name(first.name))
    assert admin is not None
    assert admin.password_hash is None
    assert not {"admin", "administrator", "root", "soar"} & {first.name, second.name}


@answers("CVE-2017-18878")
async def test_nobody_ends_what_is_somebody_elses(face: Face) -> None:
    ann, bob = await face.person("ann"), await face.person("bob")
    made = (await ann.post("/tokens", {"name": "mine", "scopes": ["run:read"]})).json
    answer = await bob.send("DELETE", f"/api/v1/tokens/{made['id']}")
    assert (answer.status, answer.code) == (404, "not_found")
    held = await face.stranger.send("GET", "/api/v1/runs", headers={"Authorization": f"Bearer {made['token']}"})
    assert held.status == 200
