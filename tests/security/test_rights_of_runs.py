"""What a run may do: never more than its playbook declares, than its starter may, and than connections are for."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soar.access.allowances import Allowances
from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES, RoleTable
from soar.access.scopes import parse_grant
from soar.app.library import to_revision
from soar.app.passwords import Passwords
from soar.engine.commands import Call, StartAction
from soar.model.catalog import Allow
from soar.model.process import ActionAnswer
from soar.playbook import has_errors, validate_text
from soar.policy import DEFAULT_POLICY
from soar.runtime.plans import Planner, Surroundings
from soar.runtime.rights import Rights
from soar.store import Unit
from tests.support.builders import build_run
from tests.support.playbooks import refresh
from tests.support.service import PLAYBOOK as PURGE
from tests.support.service import Face, Person, open_face

ASKING = """
name: Ask and tell
owner: team:soc
on: {manual: {}, alert: {source: probe, match: 'alert.kind == "ask"'}}
steps:
  - id: ask
    uses: virustotal.url_report
    with: {url: "https://example.test"}
  - id: tell
    uses: chat.dm
    with: {user: ann@corp.example, text: done}
"""
GATED = """
name: Tell once somebody agrees
owner: team:soc
on: {manual: {}}
steps:
  - id: tell
    uses: chat.dm
    with: {user: ann@corp.example, text: done}
    approve: {by: "role:analyst", reason: asked}
"""
CALLING = """
name: Have another one ask
owner: team:soc
on: {manual: {}}
steps:
  - id: outer
    uses: playbook.ask
"""


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


@pytest.fixture
async def face(tmp_path: Path, passwords: Passwords) -> AsyncIterator[Face]:
    async with open_face(tmp_path, passwords) as opened:
        for action in ("virustotal.url_report", "chat.dm"):
            opened.host.script(action, ActionAnswer(output={"ok": True}))
        await serve(
            opened, tmp_path, ask=ASKING.replace("{manual: {},", "{manual: {}, call: {},"), call=CALLING, gated=GATED
        )
        yield opened
        assert opened.faults == []


async def serve(face: Face, folder: Path, **documents: str) -> None:
    for name, text in documents.items():
        (folder / "playbooks" / f"{name}.yaml").write_text(text, "utf-8")
    for loaded in refresh(face.services.library):
        revision = to_revision(loaded, face.clock.now())
        assert revision is not None, loaded.findings
        await face.write(lambda unit, kept=revision: unit.revisions.put(kept))


async def limit(face: Face, name: str, *grants: str) -> Person:
    """Take a person's roles, and give them these grants instead."""

    def change(unit: Unit) -> None:
        user = unit.users.get(f"u_{name}")
        assert user is not None
        unit.users.update(replace(user, roles=frozenset(), grants=tuple(map(parse_grant, grants))))

    await face.write(change)
    return await face.person(name)


async def start(face: Face, person: Person, playbook: str = "ask") -> dict[str, Any]:
    answer = await person.post(f"/playbooks/{playbook}/runs")
    assert answer.status == 202, answer.body
    await face.settle()
    carol = await face.person("carol")
    shown: dict[str, Any] = (await carol.get(f"/runs/{answer.json['id']}")).json
    return shown


def find_fault(run: dict[str, Any], step: str) -> str:
    return next(found["fault"]["code"] for found in run["steps"] if found["id"] == step and found["fault"])


async def test_a_run_does_what_its_starter_may(face: Face) -> None:
    assert (await start(face, await face.person("ann")))["status"] == "succeeded"


async def test_a_run_calls_nothing_that_its_starter_may_not_call(face: Face) -> None:
    ann = await limit(face, "ann", "analyst@playbook=ask", "viewer@playbook=*")
    assert (await start(face, ann))["status"] == "succeeded"
    bob = await limit(face, "bob", "analyst@playbook=ask,connector=virustotal")
    answer = await bob.post("/playbooks/ask/runs")
    assert (answer.status, answer.code) == (403, "outside_limit")


async def test_a_right_that_is_lost_stops_what_runs_in_its_name(face: Face) -> None:
    ann, bob = await face.person("ann"), await face.person("bob")
    answer = await ann.post("/playbooks/gated/runs")
    await face.settle()
    await limit(face, "ann", "viewer@playbook=*")
    (question,) = (await bob.get("/approvals")).json["items"]
    vote = await bob.post(f"/approvals/{question['id']}/votes", {"vote": "approve", "digest": question["digest"]})
    assert vote.status == 200, vote.body
    await face.settle()
    run = (await bob.get(f"/runs/{answer.json['id']}")).json
    assert run["status"] == "failed"
    assert [find_fault(run, "tell")] == ["not_granted"]
    assert [call.action for call in face.host.calls] == []


async def test_a_called_playbook_has_no_more_rights_than_whoever_started_the_first(face: Face) -> None:
    ann = await limit(face, "ann", "analyst@playbook=call", "viewer@playbook=*")
    before = len(face.host.calls)
    run = await start(face, ann, "call")
    assert run["status"] == "failed"
    assert len(face.host.calls) == before
    (event,) = [event for event in await face.events("action.started") if event["outcome"] == "denied"]
    assert event["target"]["id"] == "virustotal.url_report"
    assert "playbook" in event["reason"]


async def test_a_run_of_a_source_has_the_rights_of_its_playbook(face: Face) -> None:
    answer = await face.report_mail(kind="ask")
    assert answer.status == 202
    events = await face.events("action.started")
    assert [event["outcome"] for event in events] == ["success", "success"]


async def test_a_limited_token_starts_nothing_that_does_more(face: Face) -> None:
    ann = await face.person("ann")
    made = await ann.post("/tokens", {"name": "ci", "scopes": ["playbook:run"], "within": "playbook=ask"})
    token = Person(face.http, face.running.url, {"Authorization": f"Bearer {made.json['token']}"})
    assert (await token.post("/playbooks/ask/runs")).status == 202
    assert (await token.post("/playbooks/purge/runs")).code == "outside_limit"
    await face.settle()
    (denial,) = await face.events("access.denied")
    assert (denial["actor"]["id"], denial["outcome"], denial["context"]) == (
        "u_ann",
        "denied",
        {"code": "outside_limit"},
    )


# -- the judgement itself ----------------------------------------------------------------------------------------------

ALL = Allowances()
CALL = Call(step="steps/0", action="chat.dm", connection="chat", arguments={}, secrets=())


async def judge(
    face: Face, *, call: Call = CALL, allowances: Allowances = ALL, initiator: str = "source:probe"
) -> str | None:
    """Judge a call of a run of `ask`."""

    def look(unit: Unit) -> str | None:
        playbook = face.services.library.current()["ask"]
        run = build_run(id="run_x", playbook="ask", revision=playbook.revision, initiator=initiator, alert=None)
        plan = Planner(Surroundings(catalog=face.services.catalog, config={}, url="")).plan(unit, run)
        command = StartAction(call=call, attempt=1, effect_key="k", timeout=None, targets=(), approval=None)
        return Rights(roles=ROLES, allowances=allowances).explain_no(unit, plan, run, command, face.clock.now())

    return await face.read(look)


ROLES = RoleTable({**DEFAULT_ROLES, "starter": frozenset({Permission.PLAYBOOK_RUN})})


async def test_what_a_playbook_does_not_declare_is_not_granted(face: Face) -> None:
    assert await judge(face) is None
    for call in (
        replace(CALL, action="exchange.purge_messages"),
        replace(CALL, connection="chat-of-another-team"),
        replace(CALL, secrets=(("/text", "edr_key"),)),
    ):
        assert "does not declare" in str(await judge(face, call=call))


@pytest.mark.parametrize(
    ("allow", "is_granted"),
    [
        (Allow(playbooks=("ask",)), True),
        (Allow(playbooks=("a*",)), True),
        (Allow(teams=("soc",)), True),
        (Allow(playbooks=("other",), teams=("soc",)), True),
        (Allow(playbooks=("as",)), False),
        (Allow(teams=("ops",)), False),
        (Allow(teams=("*",)), False),
        (Allow(), False),
    ],
)
async def test_a_connection_says_which_playbooks_it_is_for(face: Face, allow: Allow, *, is_granted: bool) -> None:
    refusal = await judge(face, allowances=Allowances(connections={"chat": allow}))
    assert refusal == (None if is_granted else "the connection `chat` is not for the playbook `ask`")
    assert await judge(face, allowances=Allowances(connections={"exchange": allow})) is None


@pytest.mark.parametrize(
    ("initiator", "words"),
    [
        ("user:u_ann", None),
        ("user:u_vera", "`action:call` needs one of the roles"),
        ("user:u_nobody", "may do nothing any more"),
        ("schedule:ask", None),
        ("system:events", None),
    ],
)
async def test_a_starters_rights_bound_their_runs(face: Face, initiator: str, words: str | None) -> None:
    refusal = await judge(face, initiator=initiator)
    assert (refusal is None) if words is None else (words in str(refusal))


async def test_who_may_start_but_not_call_starts_what_calls_nothing(face: Face) -> None:
    def change(unit: Unit) -> None:
        user = unit.users.get("u_vera")
        assert user is not None
        grants = (parse_grant("starter@playbook=ask"), parse_grant("analyst@connector=virustotal"))
        unit.users.update(replace(user, roles=frozenset(), grants=grants))

    await face.write(change)
    assert "connector" in str(await judge(face, initiator="user:u_vera"))
    report = replace(CALL, action="virustotal.url_report", connection="virustotal")
    assert await judge(face, call=report, initiator="user:u_vera") is None


def validate(face: Face, text: str, allowances: Allowances) -> list[str]:
    _, findings = validate_text(
        text,
        playbook_id="purge",
        file="purge.yaml",
        catalog=face.services.catalog,
        policy=DEFAULT_POLICY,
        allowances=allowances,
    )
    assert has_errors(findings) is bool([found for found in findings if found.code == "P311"])
    return [f"{found.line}: {found.message}" for found in findings if found.code == "P311"]


async def test_a_playbook_that_borrows_is_refused_where_it_is_checked(face: Face) -> None:
    kept = Allowances(connections={"exchange": Allow(teams=("ops",))}, credentials={"edr_key": Allow(teams=("ops",))})
    assert validate(face, PURGE, Allowances()) == []
    found = validate(face, PURGE, kept)
    assert len(found) == 2  # the action, and the way back that `undo: auto` stands for
    assert all(line.endswith("the connection `exchange` is not for the playbook `purge`") for line in found)
    borrowed = ASKING.replace("text: done", "text: '${{ secrets.edr_key }}'")
    assert validate(face, borrowed, kept) == ["11: the credential `edr_key` is not for the playbook `purge`"]
    assert validate(face, PURGE.replace("team:soc", "team:ops"), kept) == []
