"""Second factors: added, asked for at a login, good for five minutes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pyotp
import pytest

from soar.app.passwords import Passwords
from soar.model.errors import NotFoundError
from tests.support.authenticator import SecurityKey
from tests.support.service import PASSWORD, Answer, Face, Person, open_face

RIGHT = {"name": "ann", "password": PASSWORD}


async def add_program(face: Face, person: Person) -> tuple[pyotp.TOTP, list[str]]:
    offer = (await person.post("/factors/totp", {"name": "phone"})).json
    program = pyotp.TOTP(offer["secret"])
    added = await person.post(f"/factors/totp/{offer['id']}", {"code": program.at(face.clock.now())})
    assert added.status == 200, added.body
    face.clock.advance(timedelta(seconds=30))
    return program, added.json["recovery_codes"]


async def log_in(face: Face, **proof: object) -> Answer:
    return await face.stranger.post("/session", {**RIGHT, **proof})


async def test_a_program_counts_only_after_its_first_code_and_its_secret_is_never_shown_again(face: Face) -> None:
    ann = await face.log_in("ann")
    offer = (await ann.post("/factors/totp", {"name": "phone"})).json
    assert offer["uri"].startswith("otpauth://totp/soar:ann?secret=")
    assert (await log_in(face)).status == 200
    wrong = await ann.post(f"/factors/totp/{offer['id']}", {"code": "000000"})
    assert (wrong.status, wrong.code) == (422, "wrong_code")
    await add_program(face, ann)
    assert (await log_in(face)).code == "second_factor_required"
    listed = (await ann.get("/factors")).json
    assert [factor["kind"] for factor in listed["items"]] == ["totp"]
    assert listed["recovery_codes"] == 10
    stored = await face.read(lambda unit: unit.factors.of("u_ann"))
    assert stored[0].material == b""
    assert offer["secret"] not in str(await face.events(""))
    root = await face.person("root")
    assert {item["name"] for item in (await root.get("/credentials")).json["items"]} == {"probe_hook"}
    kept = f"totp:u_ann:{stored[0].id}"
    with pytest.raises(NotFoundError):
        await face.services.vault.open(face.services.workspace, kept)


async def test_a_program_survives_the_change_of_the_vault_s_key_and_leaves_nothing_behind(face: Face) -> None:
    ann, root = await face.log_in("ann"), await face.person("root")
    program, _ = await add_program(face, ann)
    before = (await root.get("/vault")).json["keys"][0]["id"]
    assert (await root.post("/vault/keys")).status == 200
    await face.services.rewrapper.rewrap(face.services.workspace)
    assert (await root.post(f"/vault/keys/{quote(before, safe='')}/retire")).status == 200
    assert (await log_in(face, code=program.at(face.clock.now()))).status == 200
    (factor,) = (await ann.get("/factors")).json["items"]
    sealed = await face.read(lambda unit: unit.credentials.count())
    assert (await ann.send("DELETE", f"/api/v1/factors/{factor['id']}")).status == 204
    assert await face.read(lambda unit: unit.credentials.count()) == sealed - 1


async def test_a_login_wants_the_code_and_each_code_counts_once(face: Face) -> None:
    program, _ = await add_program(face, await face.log_in("ann"))
    code = program.at(face.clock.now())
    good = await log_in(face, code=code)
    assert (good.status, good.json["mfa_at"]) == (200, "2026-03-01T09:00:30Z")
    assert (await log_in(face, code=code)).status == 401
    face.clock.advance(timedelta(seconds=30))
    assert (await log_in(face, code=code)).status == 401, "the code before the last that counted"
    started = await face.events("session.started")
    assert [(event["outcome"], event["reason"]) for event in started[-2:]] == [("denied", "wrong second factor")] * 2
    assert [event["actor"]["assurance"] for event in started if event["outcome"] == "success"] == [None, "mfa"]


@pytest.mark.parametrize(("drift", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
async def test_the_clock_of_a_program_may_differ_by_one_step(face: Face, drift: int, status: int) -> None:
    program, _ = await add_program(face, await face.log_in("ann"))
    face.clock.advance(timedelta(minutes=5))
    code = program.at(face.clock.now() + timedelta(seconds=30 * drift))
    assert (await log_in(face, code=code)).status == status


async def test_without_the_password_nobody_learns_of_a_second_factor(face: Face) -> None:
    await add_program(face, await face.log_in("ann"))
    wrong = await face.stranger.post("/session", {"name": "ann", "password": "wrong"})
    unknown = await face.stranger.post("/session", {"name": "nobody", "password": "wrong"})
    assert (wrong.status, wrong.body) == (401, unknown.body)
    challenge = await face.stranger.post("/session/challenge", {"name": "ann", "password": "wrong"})
    assert (challenge.status, challenge.body) == (401, unknown.body)


async def test_guessing_codes_makes_the_name_wait(face: Face) -> None:
    await add_program(face, await face.log_in("bob"))
    wanted = {"name": "bob", "password": PASSWORD}
    stolen = await face.log_in("ann")
    for _ in range(5):
        assert (await stolen.post("/session/step-up", {"password": "wrong"})).code == "wrong_proof"
    face.clock.advance(timedelta(minutes=40))
    tries = [await face.stranger.post("/session", {**wanted, "code": f"00000{digit}"}) for digit in range(10)]
    assert {answer.status for answer in tries} == {401}, "bob has logged in from here"
    tries = [await face.stranger.post("/session", {**wanted, "code": "000000"}) for _ in range(11)]
    assert tries[-1].status == 429


async def test_a_recovery_code_stands_in_once_however_it_is_typed(face: Face) -> None:
    ann = await face.log_in("ann")
    _, codes = await add_program(face, ann)
    assert len(set(codes)) == 10
    typed = codes[3].upper().replace("-", " ")
    assert (await log_in(face, code=typed)).status == 200
    assert (await log_in(face, code=codes[3])).status == 401
    assert (await ann.get("/factors")).json["recovery_codes"] == 9
    assert len(await face.events("factor.recovery_used")) == 1
    stored = await face.read(lambda unit: [code.key for code in unit.codes.of("u_ann", "recovery")])
    assert not set(stored) & set(codes)
    await ann.post("/session/step-up", {"password": PASSWORD, "code": codes[4]})


async def test_a_recovery_code_of_one_is_nothing_for_another(face: Face) -> None:
    _, codes = await add_program(face, await face.log_in("ann"))
    await add_program(face, await face.log_in("bob"))
    bob = await face.stranger.post("/session", {"name": "bob", "password": PASSWORD, "code": codes[0]})
    assert bob.status == 401
    assert (await log_in(face, code=codes[0])).status == 200


async def test_new_recovery_codes_void_the_old_ones_and_the_last_factor_takes_them_along(face: Face) -> None:
    ann = await face.log_in("ann")
    assert (await ann.post("/factors/recovery-codes")).code == "no_factor"
    _, old = await add_program(face, ann)
    new = (await ann.post("/factors/recovery-codes")).json["recovery_codes"]
    assert (await log_in(face, code=old[0])).status == 401
    assert (await log_in(face, code=new[0])).status == 200
    (factor,) = (await ann.get("/factors")).json["items"]
    assert (await ann.send("DELETE", f"/api/v1/factors/{factor['id']}")).status == 204
    assert (await log_in(face)).status == 200
    assert (await log_in(face, code=new[1])).json["mfa_at"] is None
    (removed,) = await face.events("factor.removed")
    assert removed["before"] == {"factor": factor["id"], "kind": "totp", "name": "phone"}


async def test_nobody_touches_the_factor_of_another(face: Face) -> None:
    ann, bob = await face.log_in("ann"), await face.log_in("bob")
    offer = (await ann.post("/factors/totp", {"name": "phone"})).json
    code = pyotp.TOTP(offer["secret"]).at(face.clock.now())
    assert (await bob.post(f"/factors/totp/{offer['id']}", {"code": code})).status == 404
    assert (await bob.send("DELETE", f"/api/v1/factors/{offer['id']}")).status == 404


async def test_factors_want_a_login_of_the_last_five_minutes(face: Face) -> None:
    ann = await face.log_in("ann")
    face.clock.advance(timedelta(minutes=5, seconds=1))
    refused = await ann.post("/factors/totp", {"name": "phone"})
    assert (refused.status, refused.code) == (403, "step_up_required")
    assert (await ann.get("/factors")).status == 200


# -- security keys ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def named(tmp_path: Path, passwords: Passwords) -> AsyncIterator[Face]:
    async with open_face(tmp_path, passwords, url="http://localhost:8600") as face:
        yield face
        assert face.faults == []


async def log_in_named(face: Face, **proof: object) -> Person:
    answer = await face.stranger.post("/session", {**RIGHT, **proof})
    assert answer.status == 200, answer.body
    cookie = answer.cookies["soar_session"].value
    headers = {"Cookie": f"soar_session={cookie}", "X-CSRF-Token": answer.json["csrf"]}
    return Person(face.http, face.running.url, headers)


async def add_key(person: Person, **changes: object) -> SecurityKey:
    key = SecurityKey("http://localhost:8600", **changes)
    options = (await person.post("/factors/passkeys/options")).json["options"]
    added = await person.post("/factors/passkeys", {"name": "key", "credential": key.register(options)})
    assert added.status == 201, added.body
    return key


async def ask_key(face: Face) -> dict:
    challenge = (await face.stranger.post("/session/challenge", RIGHT)).json
    assert challenge["kinds"] == ["webauthn"]
    return challenge["passkey"]


async def test_a_security_key_is_a_second_factor(named: Face) -> None:
    key = await add_key(await log_in_named(named))
    assert (await log_in(named)).code == "second_factor_required"
    options = await ask_key(named)
    assert (options["rpId"], options["userVerification"]) == ("localhost", "required")
    good = await log_in(named, assertion=key.sign(options))
    assert (good.status, good.json["mfa_at"]) == (200, "2026-03-01T09:00:00Z")


async def test_what_a_security_key_signed_counts_once(named: Face) -> None:
    key = await add_key(await log_in_named(named))
    signed = key.sign(await ask_key(named))
    assert (await log_in(named, assertion=signed)).status == 200
    assert (await log_in(named, assertion=signed)).status == 401


@pytest.mark.parametrize(
    "client",
    [{"origin": "https://evil.test"}, {"type": "webauthn.create"}, {"challenge": "c29tZXRoaW5nIGVsc2U"}],
    ids=["origin", "type", "challenge"],
)
async def test_what_was_signed_for_somebody_else_does_not_count(named: Face, client: dict[str, str]) -> None:
    key = await add_key(await log_in_named(named))
    assert (await log_in(named, assertion=key.sign(await ask_key(named), **client))).status == 401


async def test_a_key_that_does_not_check_its_owner_does_not_count(named: Face) -> None:
    ann = await log_in_named(named)
    options = (await ann.post("/factors/passkeys/options")).json["options"]
    careless = SecurityKey("http://localhost:8600", checks_owner=False)
    added = await ann.post("/factors/passkeys", {"name": "key", "credential": careless.register(options)})
    assert (added.status, added.code) == (422, "wrong_passkey")
    key = await add_key(ann)
    key.checks_owner = False
    assert (await log_in(named, assertion=key.sign(await ask_key(named)))).status == 401


async def test_a_count_that_does_not_go_up_is_a_copied_key(named: Face) -> None:
    key = await add_key(await log_in_named(named), counter=10)
    assert (await log_in(named, assertion=key.sign(await ask_key(named)))).status == 200
    key.counter = 5
    assert (await log_in(named, assertion=key.sign(await ask_key(named)))).status == 401


async def test_a_challenge_is_good_for_five_minutes_and_one_person(named: Face) -> None:
    key = await add_key(await log_in_named(named))
    options = await ask_key(named)
    bob = await named.stranger.post("/session/challenge", {"name": "bob", "password": PASSWORD})
    assert bob.json == {"kinds": [], "passkey": None}
    named.clock.advance(timedelta(minutes=5))
    assert (await log_in(named, assertion=key.sign(options))).status == 401


@pytest.mark.parametrize(
    "assertion",
    [
        {},
        {"id": 1},
        {"id": "x", "response": {"clientDataJSON": "e30"}},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {"clientDataJSON": "%%%"}},
        {"response": []},
    ],
)
async def test_garbage_is_no_security_key(named: Face, assertion: dict[str, object]) -> None:
    ann = await log_in_named(named)
    await add_key(ann)
    assert (await log_in(named, assertion=assertion)).status == 401
    added = await ann.post("/factors/passkeys", {"name": "key", "credential": assertion})
    assert (added.status, added.code) == (422, "wrong_passkey")


async def test_a_security_key_alone_steps_up(named: Face) -> None:
    ann = await log_in_named(named)
    key = await add_key(ann)
    named.clock.advance(timedelta(minutes=10))
    options = (await ann.post("/session/step-up/challenge")).json["passkey"]
    answer = await ann.post("/session/step-up", {"assertion": key.sign(options)})
    assert (answer.status, answer.json["mfa_at"]) == (200, "2026-03-01T09:10:00Z")


async def test_where_the_service_has_no_name_there_are_no_security_keys(face: Face) -> None:
    answer = await (await face.log_in("ann")).post("/factors/passkeys/options")
    assert (answer.status, answer.code) == (422, "passkey_address")
