"""Accounts over the API: made, invited, changed, switched off; programs and their tokens; emergencies."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES, RoleTable
from soar.access.scopes import parse_grant
from soar.model.errors import DeniedError
from soar.model.identity import UserKind
from soar.people.accounts import Accounts, Holding
from soar.store import Unit
from tests.api.test_factors import add_program
from tests.api.test_stream import hear, listen
from tests.support.builders import build_principal
from tests.support.service import PASSWORD, WORKSPACE, Face, Person

CHOSEN = "a password of my own"
EVA = {"name": "eva", "email": "eva@corp.example", "roles": ["analyst"]}
SYNC = {"name": "sync", "email": "sync@corp.example", "roles": ["viewer"], "kind": "service", "owner": "ann"}


async def log_in(face: Face, name: str, password: str) -> int:
    return (await face.stranger.post("/session", {"name": name, "password": password})).status


async def test_whoever_is_added_sets_their_own_password_once(face: Face) -> None:
    root = await face.log_in("root")
    made = await root.post("/users", EVA)
    assert made.status == 201, made.body
    code = made.json["code"]
    assert (made.json["user"]["is_invited"], made.json["user"]["may_log_in"]) == (True, False)
    assert made.json["expires_at"] == "2026-03-04T09:00:00Z"
    assert await log_in(face, "eva", code) == 401
    weak = await face.stranger.post("/invitations", {"code": code, "password": "short"})
    assert (weak.status, weak.code) == (422, "weak_password")
    taken = await face.stranger.post("/invitations", {"code": code.upper(), "password": CHOSEN})
    assert (taken.status, taken.json) == (200, {"name": "eva"})
    assert await log_in(face, "eva", CHOSEN) == 200
    again = await face.stranger.post("/invitations", {"code": code, "password": CHOSEN})
    assert (again.status, again.code) == (403, "wrong_code")
    assert code not in str(await face.events(""))
    assert [len(await face.events(kind)) for kind in ("user.created", "user.invited", "user.password_set")] == [1, 1, 1]


async def test_an_invitation_ends_after_three_days_and_a_new_one_voids_it(face: Face) -> None:
    root = await face.person("root")
    old = (await root.post("/users", EVA)).json["code"]
    new = (await root.post("/users/eva/invitation")).json["code"]
    assert (await face.stranger.post("/invitations", {"code": old, "password": CHOSEN})).code == "wrong_code"
    face.clock.advance(timedelta(hours=72))
    assert (await face.stranger.post("/invitations", {"code": new, "password": CHOSEN})).code == "wrong_code"


async def test_guessing_invitations_makes_an_address_wait(face: Face) -> None:
    guesses = [{"code": f"guess-{guess}", "password": CHOSEN} for guess in range(21)]
    answers = [await face.stranger.post("/invitations", guess) for guess in guesses]
    assert [answer.code for answer in answers] == ["wrong_code"] * 20 + ["rate_limited"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": "Eva Smith"}, "/name"),
        ({"name": "u_ann"}, "/name"),
        ({"email": "eva"}, "/email"),
        ({"roles": ["analyst", "auditor"]}, "/roles"),
        ({"roles": ["admin", "auditor"]}, "/roles"),
        ({"roles": ["emperor"]}, "/roles"),
        ({"until": "2026-03-01T08:59:59Z"}, "/until"),
        ({"owner": "bob"}, "/owner"),
        ({"kind": "emergency"}, "/kind"),
        ({**SYNC, "owner": None}, "/owner"),
        ({**SYNC, "owner": "nobody"}, "/owner"),
        ({**SYNC, "roles": ["admin"]}, "/roles"),
    ],
)
async def test_an_account_that_does_not_fit_is_not_made(face: Face, changes: dict[str, object], pointer: str) -> None:
    answer = await (await face.person("root")).post("/users", {**EVA, **changes})
    assert answer.status == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert await face.events("user.created") == []


@pytest.mark.parametrize("changes", [{"name": "bob"}, {"email": "BOB@corp.example"}])
async def test_a_name_and_an_address_are_taken_once(face: Face, changes: dict[str, object]) -> None:
    assert (await (await face.person("root")).post("/users", {**EVA, **changes})).status == 409


async def test_switching_somebody_off_ends_everything_with_the_next_request(face: Face) -> None:
    root, login, token = await face.log_in("root"), await face.log_in("bob"), await face.person("bob")
    assert (await root.post("/users/bob/disable", {"reason": "left"})).json["disabled_at"] == "2026-03-01T09:00:00Z"
    assert [(await person.get("/session")).status for person in (login, token)] == [401, 401]
    assert await log_in(face, "bob", PASSWORD) == 401
    assert await face.read(lambda unit: unit.sessions.list_of("u_bob")) == ()
    (event,) = await face.events("user.disabled")
    assert (event["before"]["disabled_at"], event["after"]["disabled_at"]) == (None, "2026-03-01T09:00:00Z")
    assert event["reason"] == "left"
    await root.post("/users/bob/enable")
    assert (await token.get("/session")).status == 401, "a token that was revoked stays so"
    assert await log_in(face, "bob", PASSWORD) == 200


async def test_an_account_ends_when_its_time_is_over(face: Face) -> None:
    root, bob = await face.person("root"), await face.log_in("bob")
    token = await face.person("bob")
    await root.post("/users/bob/enable", {"until": "2026-03-01T09:20:00Z"})
    assert (await bob.get("/session")).json["expires_at"] == "2026-03-01T09:20:00Z"
    face.clock.advance(timedelta(minutes=20))
    assert [(await person.get("/session")).status for person in (bob, token)] == [401, 401]
    assert await log_in(face, "bob", PASSWORD) == 401


async def test_a_change_of_roles_counts_from_the_next_request_and_is_recorded(face: Face) -> None:
    root, bob = await face.person("root"), await face.log_in("bob")
    assert (await root.post("/users/bob/roles", {"roles": ["viewer", "author"]})).status == 200
    assert "approval:vote" not in (await bob.get("/session")).json["permissions"]
    (event,) = await face.events("user.roles_changed")
    assert (event["before"]["roles"], event["after"]["roles"]) == (["analyst"], ["author", "viewer"])
    refused = await root.post("/users/bob/roles", {"roles": ["auditor", "analyst"]})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/roles")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("roles", {"roles": ["analyst"]}),
        ("disable", {}),
        ("enable", {"until": None}),
        ("reset", {}),
        ("invitation", {}),
    ],
)
async def test_nobody_changes_their_own_account(face: Face, path: str, body: dict[str, object]) -> None:
    answer = await (await face.person("root")).post(f"/users/root/{path}", body)
    assert answer.status in {403, 409}
    assert (await face.read(lambda unit: unit.users.get("u_root"))).roles == {"admin"}


@pytest.mark.parametrize(
    ("path", "body"),
    [("roles", {"roles": ["viewer"]}), ("disable", {}), ("enable", {"until": "2026-03-02T00:00:00Z"})],
)
async def test_the_last_administrator_stays(face: Face, path: str, body: dict[str, object]) -> None:
    root = await face.person("root")
    await root.post("/users", {**EVA, "roles": ["admin"]})
    await root.post("/users", {"name": "kim", "email": "kim@x.y", "roles": ["admin"], "until": "2026-04-01T00:00:00Z"})

    async def become(name: str) -> Person:
        user = await face.read(lambda unit: unit.users.find_name(name))
        return await face.person(user.id.removeprefix("u_"))

    kim, eva = await become("kim"), await become("eva")
    assert (await kim.post("/users/root/disable")).status == 200
    assert (await kim.post(f"/users/eva/{path}", body)).code == "last_admin"
    assert (await eva.get("/users")).status == 200


async def test_who_may_do_less_than_a_role_neither_gives_nor_takes_it(face: Face) -> None:
    """A custom role with `user:write` alone cannot make, reset or switch off administrators."""
    desk = frozenset({Permission.USER_WRITE, Permission.USER_READ})
    roles = RoleTable({**DEFAULT_ROLES, "helpdesk": desk})
    accounts = Accounts(ids=face.services.ids, randomness=face.services.randomness, roles=roles)
    everywhere = Holding((parse_grant("admin@playbook=*"),), frozenset())

    def act(unit: Unit) -> list[str]:
        by, at = build_principal(roles=frozenset({"helpdesk"}), workspace=WORKSPACE), face.clock.now()
        codes = []
        for attempt in (
            lambda: accounts.change_roles(unit, "bob", ["admin"], by, at),
            lambda: accounts.reset(unit, "root", by, at),
            lambda: accounts.disable(unit, "root", by, at),
            lambda: accounts.change_grants(unit, "vera", everywhere, by, at),
            lambda: accounts.change_grants(unit, "root", Holding((), frozenset()), by, at),
            lambda: accounts.change_roles(unit, "bob", ["admin"], replace(by, grants=everywhere.grants), at),
        ):
            try:
                attempt()
            except DeniedError as error:
                codes.append(error.code)
        accounts.change_roles(unit, "bob", ["viewer"], by, at)
        return codes

    assert await face.write(act) == ["beyond_reach"] * 6


async def test_a_reset_takes_password_logins_and_tokens_and_factors_only_if_they_are_lost(face: Face) -> None:
    root, bob = await face.person("root"), await face.log_in("bob")
    program, _ = await add_program(face, bob)
    code = (await root.post("/users/bob/reset")).json["code"]
    assert (await bob.get("/session")).status == 401
    assert await log_in(face, "bob", PASSWORD) == 401
    await face.stranger.post("/invitations", {"code": code, "password": CHOSEN})
    wanted = {"name": "bob", "password": CHOSEN}
    assert (await face.stranger.post("/session", wanted)).code == "second_factor_required"
    proved = await face.stranger.post("/session", {**wanted, "code": program.at(face.clock.now())})
    assert proved.status == 200
    code = (await root.post("/users/bob/reset", {"factors": True})).json["code"]
    await face.stranger.post("/invitations", {"code": code, "password": CHOSEN})
    assert (await face.stranger.post("/session", wanted)).json["mfa_at"] is None
    assert await face.read(lambda unit: unit.codes.of("u_bob", "recovery")) == ()


async def test_only_user_write_changes_accounts(face: Face) -> None:
    for name in ("ann", "carol", "olga"):
        person = await face.person(name)
        assert (await person.post("/users", EVA)).code == "missing_permission"
        assert (await person.post("/users/bob/disable")).code == "missing_permission"


# -- programs --------------------------------------------------------------------------------------------------------


async def make_program(face: Face, root: Person, **wanted: object) -> Person:
    assert (await root.post("/users", SYNC)).status == 201
    made = await root.post("/users/sync/tokens", {"name": "t", "scopes": ["run:read"], **wanted})
    assert made.status == 201, made.body
    return Person(face.http, face.running.url, {"Authorization": f"Bearer {made.json['token']}"})


async def test_a_program_has_tokens_no_password_and_an_owner(face: Face) -> None:
    root = await face.log_in("root")
    machine = await make_program(face, root)
    assert (await machine.get("/runs")).status == 200
    assert (await machine.get("/alerts")).code == "outside_scope"
    shown = (await root.get("/users/sync")).json
    assert (shown["kind"], shown["owner"], shown["is_invited"]) == ("service", "u_ann", False)
    assert (await root.post("/users/sync/invitation")).status == 409
    (listed,) = (await root.get("/users/sync/tokens")).json["items"]
    assert (listed["used_ip"], listed["used_at"]) == ("127.0.0.1", "2026-03-01T09:00:00Z")
    assert (await root.send("DELETE", f"/api/v1/users/sync/tokens/{listed['id']}")).status == 204
    assert (await machine.get("/runs")).status == 401


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"scopes": ["run:cancel"]}, "scopes"),
        ({"scopes": ["user:write"]}, "scopes"),
        ({"scopes": ["no:such"]}, "scopes"),
        ({"days": 91}, "invalid"),
        ({"networks": ["192.0.2.1/24"]}, "networks"),
        ({"networks": ["corp.example"]}, "networks"),
    ],
)
async def test_a_token_of_a_program_stays_within_bounds(face: Face, wanted: dict[str, object], code: str) -> None:
    root = await face.person("root")
    await root.post("/users", SYNC)
    answer = await root.post("/users/sync/tokens", {"name": "t", "scopes": ["run:read"], **wanted})
    assert (answer.status, answer.code) == (422, code)


async def test_a_program_never_votes_whatever_its_roles(face: Face) -> None:
    root = await face.person("root")
    await root.post("/users", {**SYNC, "roles": ["analyst"]})
    answer = await root.post("/users/sync/tokens", {"name": "t", "scopes": ["approval:vote"]})
    assert answer.code == "scopes"
    await face.report_mail(messages=["m1"])
    program = await face.read(lambda unit: unit.users.find_name("sync"))
    token = await face.person(program.id.removeprefix("u_"))
    (waiting,) = (await token.get("/approvals")).json["items"]
    assert (waiting["may_vote"], waiting["why_not"]) == (False, "Only people decide.")
    vote = {"vote": "deny", "digest": waiting["digest"], "comment": "no"}
    assert (await token.post(f"/approvals/{waiting['id']}/votes", vote)).status == 403


@pytest.mark.parametrize(
    ("networks", "status"),
    [(["127.0.0.0/8"], 200), (["192.0.2.0/24", "127.0.0.1"], 200), (["192.0.2.0/24"], 401), (["::1"], 401)],
)
async def test_a_token_works_only_from_where_it_may_come_from(face: Face, networks: list[str], status: int) -> None:
    machine = await make_program(face, await face.person("root"), networks=networks)
    assert (await machine.get("/runs")).status == status


async def test_people_have_no_tokens_that_others_make(face: Face) -> None:
    root = await face.person("root")
    assert (await root.post("/users/bob/tokens", {"name": "t", "scopes": ["run:read"]})).status == 404


# -- emergencies -----------------------------------------------------------------------------------------------------


async def break_glass(face: Face) -> tuple[str, Person]:
    emergency = face.services.emergency
    opening, text = await face.write(lambda unit: emergency.open(unit, "nobody can log in", "root", face.clock.now()))
    return opening.id, Person(face.http, face.running.url, {"Authorization": f"Bearer {text}"})


async def test_an_emergency_makes_an_administrator_whom_everybody_sees(face: Face) -> None:
    opening, glass = await break_glass(face)
    assert (await glass.post("/users", {**EVA, "roles": ["admin"]})).status == 201
    session = (await glass.get("/session")).json
    assert "approval:vote" not in session["permissions"]
    assert session["user"]["name"].startswith("break-glass-")
    for name in ("vera", "olga"):
        (seen,) = (await (await face.person(name)).get("/now")).json["emergencies"]
        assert (seen["id"], seen["reason"], seen["closed_at"]) == (opening, "nobody can log in", None)
    (event,) = await face.events("access.break_glass_opened")
    assert (event["actor"]["name"], event["reason"]) == ("root", "nobody can log in")
    (created,) = await face.events("user.created")
    assert created["actor"]["name"] == session["user"]["name"]


async def test_an_emergency_is_over_after_an_hour_by_itself(face: Face) -> None:
    opening, glass = await break_glass(face)
    face.clock.advance(timedelta(minutes=59, seconds=59))
    assert (await glass.post("/users", EVA)).status == 201
    face.clock.advance(timedelta(seconds=1))
    assert (await glass.get("/session")).status == 401
    await face.timers.fire_due()
    (event,) = await face.events("access.break_glass_closed")
    assert event["actor"]["kind"] == "system"
    user = await face.read(lambda unit: unit.users.get(unit.openings.get(opening).user))
    assert (user.kind, user.disabled_at) == (UserKind.EMERGENCY, face.clock.now())


async def test_an_emergency_is_closed_at_once_and_reviewed_by_somebody_else(face: Face) -> None:
    opening, glass = await break_glass(face)
    carol, olga = await face.person("carol"), await face.person("olga")
    path = f"/emergencies/{opening}"
    assert (await carol.post(f"{path}/review", {"review": "fine"})).status == 409
    assert (await glass.post(f"{path}/review", {"review": "fine"})).code == "own_account"
    assert (await (await face.person("root")).post(f"{path}/close")).status == 200
    assert (await glass.get("/session")).status == 401
    assert (await olga.post(f"{path}/review", {"review": "fine"})).code == "missing_permission"
    assert (await olga.get("/now")).json["emergencies"][0]["closed_by"] == "root"
    assert (await carol.post(f"{path}/review", {"review": "made one account"})).json["reviewed_by"] == "carol"
    assert (await carol.post(f"{path}/review", {"review": "again"})).code == "already_reviewed"
    assert (await olga.get("/now")).json["emergencies"] == []
    assert len((await olga.get("/emergencies")).json["items"]) == 1
    (event,) = await face.events("access.break_glass_reviewed")
    assert (event["actor"]["name"], event["reason"]) == ("carol", "made one account")


async def test_whoever_looks_at_a_page_hears_of_an_emergency(face: Face) -> None:
    narrow = await face.person("vera", scopes=frozenset({"stream:read"}))
    async with listen(narrow) as stream:
        opening, _ = await break_glass(face)
        await face.timers.fire_due()
        assert json.loads((await hear(stream))["data"]) == {"kind": "emergency", "id": opening}
        await (await face.person("root")).post(f"/emergencies/{opening}/close")
        assert json.loads((await hear(stream))["data"]) == {"kind": "emergency", "id": opening}
        await (await face.person("carol")).post(f"/emergencies/{opening}/review", {"review": "fine"})
        assert json.loads((await hear(stream))["data"]) == {"kind": "emergency", "id": opening}


async def test_whoever_looks_at_a_page_hears_when_the_hour_is_over(face: Face) -> None:
    opening, _ = await break_glass(face)
    await face.timers.fire_due()
    async with listen(await face.person("vera")) as stream:
        face.clock.advance(timedelta(hours=1))
        await face.timers.fire_due()
        await face.timers.fire_due()
        assert json.loads((await hear(stream))["data"]) == {"kind": "emergency", "id": opening}


async def test_playbooks_can_start_from_an_emergency(face: Face) -> None:
    await face.write(lambda unit: unit.happenings.set_triggers([("access.break_glass_opened", "tell")]))
    opening, _ = await break_glass(face)
    ((_, happening),) = await face.store.happenings()
    assert (happening.type.value, happening.subject) == ("access.break_glass_opened", opening)
    assert happening.data["reason"] == "nobody can log in"
