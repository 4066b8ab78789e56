"""Every route that names a thing, by everybody, on everything: their own, another team's, another workspace's, none."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from soar.access.permissions import Permission
from soar.access.scopes import parse_grant, parse_scope
from soar.access.things import find_kind
from soar.api.authentication import Authenticator
from soar.api.naming import Listed
from soar.api.openapi import print_path
from soar.api.route import Route, find_permission
from soar.api.routes import build_routes
from soar.app.passwords import Passwords
from soar.ingest.source import parse_source
from soar.model.dead_letter import LetterKind
from soar.model.run import RunStatus
from soar.store import Unit
from soar.store.columns import METADATA
from tests.security.rights import RIGHTS, ROLES
from tests.support import builders
from tests.support.playbooks import refresh
from tests.support.service import PLAYBOOK, SOURCES, Answer, Face, Person, open_face

DECIDED = frozenset({"missing_permission", "outside_limit", "outside_scope", "separated", "other_workspace"})
SCOPES = {
    "alert": "source=probe",
    "run": "team=soc",
    "approval": "team=soc",
    "response": "team=soc",
    "letter": "team=soc",
    "playbook": "playbook=purge",
    "action": "playbook=purge",
    "list": "list=vip",
    "credential": "credential=mail_*",
    "message": "channel=#soc",
}
"""What each limited person is limited to, by what is asked about."""

NAMES: Mapping[str, Mapping[str, str]] = {
    "playbook": {"own": "purge", "of another team": "sweep", "guessed": "none"},
    "list": {"own": "vip", "of another team": "blocked", "guessed": "none"},
    "credential": {"own": "mail_key", "of another team": "edr_key", "guessed": "none"},
    "source": {"own": "probe", "of another team": "theirs", "guessed": "none"},
}
"""Things that are known by name, of the workspace that one is in."""

RELATIONS = ("own", "of another team", "in another workspace", "taken away", "guessed")
BODIES: Mapping[str, object] = {
    "extend": {"by": "1h"},
    "extensions": {"seconds": 60},
    "inquiries": {"text": "who owns it?"},
    "keep": {"reason": "known bad"},
    "backfill": {"since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"},
    "votes": {"vote": "deny", "digest": "sha256:0"},
    "answers": {"answers": {}},
    "entries": {"value": "203.0.113.7"},
    "credentials": {"value": "a value that is long enough"},
    "revisions": {"text": "name: Nothing\non: {manual: {}}\nsteps:\n  - set: {answer: 42}\n"},
    "settle": {"step": "a", "finding": "did_not", "reason": "looked"},
    "publish": {"revision": f"sha256:{'0' * 64}"},
}


@dataclass(frozen=True)
class Cell:
    route: Route
    permission: Permission
    role: str
    is_limited: bool
    relation: str


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


@pytest.fixture
async def face(tmp_path: Path, passwords: Passwords) -> AsyncIterator[Face]:
    async with open_face(tmp_path, passwords) as opened:
        theirs = PLAYBOOK.replace("team:soc", "team:ops").replace("#soc", "#ops")
        (tmp_path / "playbooks" / "sweep.yaml").write_text(theirs, "utf-8")
        opened.services.receiver.sources["theirs"] = parse_source({**SOURCES["probe"], "team": "ops"}, "theirs")
        refresh(opened.services.library)
        await opened.write(add_things)
        await opened.store.write("elsewhere", add_foreign)
        yield opened


def add_things(unit: Unit) -> None:
    for owner, playbook, source in (("own", "purge", "probe"), ("of_another_team", "sweep", "theirs")):
        add_run(unit, owner, playbook, source)
        unit.lists.add(builders.build_list(name={"purge": "vip", "sweep": "blocked"}[playbook]))


def add_foreign(unit: Unit) -> None:
    add_run(unit, "in_another_workspace", "purge", "probe")


def add_run(unit: Unit, owner: str, playbook: str, source: str) -> None:
    run = builders.build_run(id=f"run_{owner}", playbook=playbook, status=RunStatus.SUCCEEDED, alert=None, case=None)
    unit.runs.add(run)
    unit.alerts.add(builders.build_alert(id=f"al_{owner}", source=source))
    unit.approvals.add(builders.build_approval(id=f"ap_{owner}", code=owner, run=run.id, playbook=playbook))
    unit.responses.add(builders.build_response(id=f"ar_{owner}", run=run.id))
    put_letter(unit, owner)


def put_letter(unit: Unit, owner: str) -> None:
    unit.dead_letters.put(builders.build_dead_letter(id=f"dead_{owner}", kind=LetterKind.RUN, subject=f"run_{owner}"))


async def make_person(face: Face, role: str, scope: str = "") -> Person:
    name = f"{role}-{scope or 'everywhere'}"
    user = builders.build_user(
        id=f"u_{name}",
        name=name,
        email=f"{name}@corp.example",
        roles=frozenset() if scope else frozenset({role}),
        grants=(parse_grant(f"{role}@{scope}"),) if scope else (),
    )
    await face.write(lambda unit: unit.users.add(user) if unit.users.get(user.id) is None else None)
    return await face.person(name)


def list_naming(face: Face) -> list[tuple[Route, Permission]]:
    """Return the routes whose address names a thing."""
    found = [
        (route, permission)
        for route in build_routes(face.services, Authenticator(face.services))
        if (permission := find_permission(route.access)) is not None
        and find_kind(permission) is not None
        and not isinstance(route.names, Listed)
        and "{" in route.path
    ]
    assert len(found) >= 18
    return found


def name_kind(route: Route) -> str:
    words = {"alerts": "alert", "runs": "run", "approvals": "approval", "responses": "response"}
    words |= {
        "dead-letters": "letter",
        "playbooks": "playbook",
        "lists": "list",
        "credentials": "credential",
        "sources": "source",
    }
    return "source" if route.path.startswith("/hooks") else words[route.path.split("/")[3]]


def write_address(route: Route, relation: str) -> str:
    kind = name_kind(route)
    prefix = {"alert": "al", "run": "run", "approval": "ap", "response": "ar", "letter": "dead"}.get(kind)
    if prefix is None:
        name = NAMES[kind].get(relation, NAMES[kind]["guessed"])
    else:
        name = f"{prefix}_{relation.replace(' ', '_')}"
    path = print_path(route)
    for part in ("id", "name", "source"):
        path = path.replace(f"{{{part}}}", name)
    return path.replace("{value}", "203.0.113.9")


def may(cell: Cell) -> bool | None:
    """Return whether the table lets somebody, or None where nothing of that name is there to ask about."""
    if cell.role not in RIGHTS[cell.permission.value].roles:
        return False
    is_named = name_kind(cell.route) in NAMES
    if cell.relation in {"in another workspace", "taken away", "guessed"} and not is_named:
        return None
    return cell.relation == "own" or not cell.is_limited


async def ask(face: Face, person: Person, route: Route, relation: str) -> Answer:
    if name_kind(route) == "letter" and relation in {"own", "of another team"}:
        await face.write(lambda unit: put_letter(unit, relation.replace(" ", "_")))
    address = write_address(route, relation)
    body = None if route.method in {"GET", "DELETE"} else BODIES.get(address.split("/")[-1], {})
    if name_kind(route) == "credential":
        body = BODIES["credentials"]
    return await person.send(route.method, address, body)


def is_as_said(answer: Answer, cell: Cell) -> bool:
    code = answer.code if answer.headers.get("Content-Type", "").startswith("application/problem") else ""
    match may(cell):
        case True:
            return answer.status != 401 and code not in DECIDED
        case False:
            return answer.status == 403 and code in DECIDED
        case None:
            return answer.status == 404


async def test_every_thing_is_asked_for_by_everybody(face: Face, capsys: pytest.CaptureFixture[str]) -> None:
    cells, wrong = 0, []
    for route, permission in list_naming(face):
        kind = name_kind(route)
        scope = "source=probe" if kind == "source" else SCOPES[kind]
        for role in ROLES:
            for limit in ("", scope):
                person = await make_person(face, role, limit)
                for relation in RELATIONS:
                    cell = Cell(route, permission, role, bool(limit), relation)
                    answer = await ask(face, person, route, relation)
                    cells += 1
                    if not is_as_said(answer, cell):
                        wrong.append((route.method, route.path, role, limit, relation, answer.status, answer.body))
    with capsys.disabled():
        print(f"\n{cells} requests of route, role, holding and relation, {len(wrong)} mismatches")  # noqa: T201 -- the numbers are the result
    assert wrong == []


LISTS = (
    ("/runs", "run:read", "team=soc", "id", {"run_own"}),
    ("/alerts", "alert:read", "source=probe", "id", {"al_own"}),
    ("/approvals", "approval:read", "team=soc", "id", {"ap_own"}),
    ("/responses", "response:read", "team=soc", "id", {"ar_own"}),
    ("/dead-letters", "letter:read", "team=soc", "id", {"dead_own"}),
    ("/playbooks", "playbook:read", "team=soc", "id", {"purge"}),
    ("/sources", "source:read", "team=ops", "id", {"theirs"}),
    ("/lists", "list:read", "list=v*", "name", {"vip"}),
    ("/connectors", "connector:read", "connector=exch*", "id", {"exchange"}),
    ("/connections", "connector:read", "connector=chat", "id", set()),
)


@pytest.mark.parametrize(("address", "permission", "scope", "field", "shown"), LISTS)
async def test_lists_show_what_one_may_see_and_no_more(
    face: Face, address: str, permission: str, scope: str, field: str, shown: set[str]
) -> None:
    role = "soc-lead"
    assert role in RIGHTS[permission].roles
    everything = await (await make_person(face, role)).get(address)
    limited = await (await make_person(face, role, scope)).get(address)
    assert {item[field] for item in limited.json["items"]} == shown
    assert {item[field] for item in everything.json["items"]} > shown


async def test_a_limited_person_hears_only_of_what_they_may_see(face: Face) -> None:
    limited = await make_person(face, "analyst", "team=soc")
    async with limited.http.get(f"{limited.url}/api/v1/stream", headers=limited.headers) as stream:
        assert await stream.content.readline() == b": here\n"
        for run in ("run_of_another_team", "run_guessed", "run_own"):
            face.services.hub.announce("default", "run", run)
        async with asyncio.timeout(10):
            heard = [await stream.content.readline() for _ in range(4)]
    assert heard[-1] == b'data: {"kind":"run","id":"run_own"}\n'


async def test_credentials_are_listed_to_those_who_keep_them(face: Face) -> None:
    keeper = await make_person(face, "connector-admin", "credential=mail_*")
    assert (await keeper.send("PUT", "/api/v1/credentials/mail_key", {"value": "a value long enough"})).status == 200
    assert {item["name"] for item in (await keeper.get("/credentials")).json["items"]} == {"mail_key"}


async def test_what_needs_somebody_now_is_counted_within_ones_scope(face: Face) -> None:
    limited = (await (await make_person(face, "analyst", "team=soc")).get("/now")).json
    everything = (await (await make_person(face, "analyst")).get("/now")).json
    assert limited["counts"]["waiting"] == 1
    assert everything["counts"]["waiting"] == 2


async def test_a_document_may_name_only_what_its_author_reaches(face: Face) -> None:
    document = PLAYBOOK.replace("#soc", "#ops")
    author = await make_person(face, "author", "playbook=purge")
    answer = await author.post("/playbooks/validate", {"id": "purge", "text": document})
    assert (answer.status, answer.code) == (403, "outside_limit")
    free = await make_person(face, "author")
    assert (await free.post("/playbooks/validate", {"id": "purge", "text": document})).status == 200


async def test_an_alert_is_sent_as_a_source_in_reach_only(face: Face) -> None:
    analyst = await make_person(face, "analyst", "source=probe")
    alert = {"kind": "mail", "title": "harmless", "from": "eve@evil.test"}
    assert (await analyst.post("/alerts", {"source": "probe", "alert": alert})).status == 202
    answer = await analyst.post("/alerts", {"source": "theirs", "alert": alert})
    assert (answer.status, answer.code) == (403, "outside_limit")


async def test_the_denial_of_a_thing_is_in_the_audit_with_the_thing(face: Face) -> None:
    analyst = await make_person(face, "analyst", "team=soc")
    assert (await analyst.get("/runs/run_of_another_team")).status == 403
    (event,) = await face.events("access.denied")
    assert event["target"] == {"kind": "run", "id": "run_of_another_team", "permission": "run:read"}
    assert event["context"] == {"code": "outside_limit"}
    assert "sweep" not in event["reason"]


def prove(unit: Unit, token: str, at: datetime) -> None:
    """Let a token have been proved just now, as a step-up does."""
    unit.tokens.update(replace(unit.tokens.get(token), authenticated_at=at))


async def test_a_limited_token_reaches_less_than_its_owner_and_makes_no_wider_one(face: Face) -> None:
    owner = await make_person(face, "analyst")
    wanted = {"name": "ci", "scopes": ["run:read", "token:write"], "within": "team=soc"}
    made = await owner.post("/tokens", wanted)
    token = Person(face.http, face.running.url, {"Authorization": f"Bearer {made.json['token']}"})
    assert (await token.get("/runs/run_own")).status == 200
    assert (await token.get("/runs/run_of_another_team")).code == "outside_limit"
    assert (await owner.get("/runs/run_of_another_team")).status == 200
    await face.write(lambda unit: prove(unit, made.json["id"], face.clock.now()))
    wider = await token.post("/tokens", {"name": "more", "scopes": ["run:read"], "within": "team=*"})
    assert (wider.status, wider.code) == (422, "scopes")
    await token.post("/tokens", {"name": "same", "scopes": ["run:read"]})
    tokens = await face.read(lambda unit: unit.tokens.list_of("u_analyst-everywhere"))
    assert [found.within for found in tokens if found.name in {"ci", "same"}] == [parse_scope("team=soc")] * 2


RECORDED = frozenset({"audit", "audit_head", "audit_index", "audit_postings"})
"""Reading some things is an event, so the record may grow."""


def take_stock(unit: Unit) -> dict[str, list[object]]:
    """Return every row of every table, but the record's, and without when tokens and logins were last used."""
    stock: dict[str, list[object]] = {}
    for name, table in METADATA.tables.items():
        columns = [column for column in table.columns if column.name not in {"used_at", "used_ip"}]
        if name not in RECORDED:
            stock[name] = sorted(map(repr, unit.runs._connection.execute(select(*columns))))
    return stock


async def test_whoever_reads_changes_nothing(face: Face) -> None:
    people = [await make_person(face, role) for role in ROLES]
    before = await face.read(take_stock)
    assert len(before) > 30
    named = {route for route, _permission in list_naming(face)}
    read = 0
    for route in build_routes(face.services, Authenticator(face.services)):
        if route.method != "GET" or route.path.endswith("/stream"):
            continue
        address = write_address(route, "own") if route in named else print_path(route).replace("{", "").replace("}", "")
        for person in people:
            read += (await person.send("GET", address)).status == 200
            await person.send("HEAD", address)
    assert read > 200
    assert await face.read(take_stock) == before
