"""Playbooks that are proposed and published over the API."""

from pathlib import Path

import pytest

from soar.access.permissions import Permission
from soar.model.identity import Role
from soar.playbook import digest_text
from tests.support.builders import build_user
from tests.support.playbooks import refresh
from tests.support.service import PLAYBOOK, Face, Person

CHANGED = PLAYBOOK.replace("Purge what was reported", "Purge it")
CHANGED_AGAIN = PLAYBOOK.replace("Purge what was reported", "Purge it all")
HARMLESS = "name: Tell\non: {manual: {}}\nsteps:\n  - uses: chat.dm\n    with: {user: ann@corp.example, text: hello}\n"
CALLING = "name: Call\non: {manual: {}}\nsteps:\n  - uses: playbook.purge\n    with: {messages: [m1]}\n"


async def join(face: Face, name: str, role: Role) -> Person:
    person = build_user(id=f"u_{name}", name=name, email=f"{name}@corp.example", roles=frozenset({role.value}))
    await face.write(lambda unit: unit.users.add(person))
    return await face.person(name)


async def push(person: Person, text: str, playbook: str = "purge") -> str:
    answer = await person.post(f"/playbooks/{playbook}/revisions", {"text": text})
    assert answer.status == 201, answer.body
    assert (answer.json["playbook"], answer.json["revision"]) == (playbook, digest_text(text))
    return str(answer.json["revision"])


async def publish(person: Person, revision: str, playbook: str = "purge") -> tuple[int, str | None]:
    answer = await person.post(f"/playbooks/{playbook}/publish", {"revision": revision})
    return answer.status, answer.json.get("code")


async def serving(face: Face, playbook: str = "purge") -> str:
    return str((await (await face.person("vera")).get(f"/playbooks/{playbook}")).json["revision"])


async def test_what_an_author_proposes_serves_once_a_publisher_publishes_it(face: Face) -> None:
    amy, pat = await join(face, "amy", Role.AUTHOR), await join(face, "pat", Role.PUBLISHER)
    before = await serving(face)
    revision = await push(amy, CHANGED)
    assert await serving(face) == before
    answer = await pat.post("/playbooks/purge/publish", {"revision": revision})
    assert answer.status == 200
    assert (answer.json["over"], answer.json["published_by"], answer.json["may_destroy"]) == (before, "u_pat", True)
    shown = (await (await face.person("ann")).get("/playbooks/purge")).json
    assert (shown["revision"], shown["name"], shown["text"]) == (revision, "Purge it", CHANGED)


async def test_runs_are_pinned_to_what_was_published_and_its_author_is_known(face: Face) -> None:
    amy, pat = await join(face, "amy", Role.AUTHOR), await join(face, "pat", Role.PUBLISHER)
    revision = await push(amy, CHANGED)
    assert (await publish(pat, revision))[0] == 200
    await face.report_mail(messages=["m1"])
    (run,) = (await (await face.person("ann")).get("/runs")).json["items"]
    assert run["revision"] == revision
    kept = await face.read(lambda unit: unit.revisions.get(revision))
    assert kept is not None
    assert (kept.author, kept.text) == ("user:u_amy", CHANGED)


async def test_nobody_publishes_a_destructive_revision_of_their_own(face: Face) -> None:
    pat, pia = await join(face, "pat", Role.PUBLISHER), await join(face, "pia", Role.PUBLISHER)
    before = await serving(face)
    revision = await push(pat, CHANGED)
    assert await publish(pat, revision) == (403, "own_revision")
    assert await serving(face) == before
    (denial,) = await face.events("access.denied")
    assert (denial["actor"]["id"], denial["outcome"], denial["context"]["code"]) == ("u_pat", "denied", "own_revision")
    assert denial["target"]["named"] == {"id": "purge"}
    assert await publish(pia, revision) == (200, None)
    assert await serving(face) == revision


async def test_whoever_proposes_the_same_text_again_is_its_editor_too(face: Face) -> None:
    amy = await join(face, "amy", Role.AUTHOR)
    pat, pia = await join(face, "pat", Role.PUBLISHER), await join(face, "pia", Role.PUBLISHER)
    await push(pat, CHANGED)
    await push(amy, CHANGED)
    revision = await push(pia, CHANGED)
    for person in (pat, pia):
        assert await publish(person, revision) == (403, "own_revision")
    ann = await face.person("ann")
    drafts = (await ann.get("/playbooks/purge/revisions")).json["items"]
    assert [draft["author"] for draft in drafts] == ["user:u_pia", "user:u_amy", "user:u_pat"]


async def test_the_author_of_a_harmless_revision_may_publish_it(face: Face) -> None:
    pat = await join(face, "pat", Role.PUBLISHER)
    revision = await push(pat, HARMLESS, "tell")
    answer = await pat.post("/playbooks/tell/publish", {"revision": revision})
    assert (answer.status, answer.json["may_destroy"], answer.json["over"]) == (200, False, None)
    assert await serving(face, "tell") == revision


async def test_what_is_called_counts_too(face: Face, tmp_path: Path) -> None:
    pat = await join(face, "pat", Role.PUBLISHER)
    callable_ = PLAYBOOK.replace("  manual: {}\n", "  call: {}\n")
    (tmp_path / "playbooks" / "purge.yaml").write_text(callable_, "utf-8")
    refresh(face.services.library)
    assert await publish(pat, await push(pat, CALLING, "calling"), "calling") == (403, "own_revision")


@pytest.mark.parametrize("change", ["edit", "remove"])
async def test_a_file_that_changes_serves_again(face: Face, tmp_path: Path, change: str) -> None:
    amy, pat = await join(face, "amy", Role.AUTHOR), await join(face, "pat", Role.PUBLISHER)
    file = tmp_path / "playbooks" / "purge.yaml"
    revision = await push(amy, CHANGED)
    assert (await publish(pat, revision))[0] == 200
    if change == "edit":
        file.write_text(CHANGED_AGAIN, "utf-8")
        refresh(face.services.library)
        assert await serving(face) == digest_text(CHANGED_AGAIN)
    else:
        file.unlink()
        refresh(face.services.library)
        assert face.services.library.current() == {}
    file.write_text(PLAYBOOK, "utf-8")  # taking the change back brings back what stood before it
    refresh(face.services.library)
    assert await serving(face) == revision


async def test_an_earlier_draft_is_published_again(face: Face) -> None:
    amy, pat = await join(face, "amy", Role.AUTHOR), await join(face, "pat", Role.PUBLISHER)
    first, second = await push(amy, CHANGED), await push(amy, CHANGED_AGAIN)
    for revision in (second, first):
        assert (await publish(pat, revision))[0] == 200
        assert await serving(face) == revision
    shown = (await amy.get("/playbooks/purge/revisions?limit=1")).json
    assert [(draft["revision"], draft["is_published"]) for draft in shown["items"]] == [(second, False)]
    rest = (await amy.get(f"/playbooks/purge/revisions?cursor={shown['next']}")).json
    assert [(draft["revision"], draft["is_published"]) for draft in rest["items"]] == [(first, True)]
    events = await face.events("playbook.published")
    assert [event["context"]["former"] for event in events] == [None, second]
    assert [event["context"]["authors"] for event in events] == [["user:u_amy"]] * 2


async def test_pushing_twice_keeps_one_draft(face: Face) -> None:
    amy = await join(face, "amy", Role.AUTHOR)
    await push(amy, CHANGED)
    await push(amy, CHANGED)
    assert len((await amy.get("/playbooks/purge/revisions")).json["items"]) == 1
    (event,) = await face.events("playbook.pushed")
    assert (event["target"], event["context"]["revision"]) == (
        {"kind": "playbook", "id": "purge"},
        digest_text(CHANGED),
    )


@pytest.mark.parametrize(
    ("playbook", "text", "code", "words"),
    [
        ("purge", PLAYBOOK.replace("exchange.purge_messages", "exchange.burn"), "bad_playbook", "line "),
        ("purge", "name: [", "bad_playbook", "line "),
        ("purge", "&a [*a]", "bad_playbook", "line "),
        ("Purge", HARMLESS, "bad_id", ""),
    ],
)
async def test_what_cannot_serve_is_not_kept(face: Face, playbook: str, text: str, code: str, words: str) -> None:
    amy = await join(face, "amy", Role.AUTHOR)
    answer = await amy.post(f"/playbooks/{playbook}/revisions", {"text": text})
    assert (answer.status, answer.code) == (422, code)
    assert all(words in fault["message"] and fault["pointer"] == "/text" for fault in answer.json.get("errors", ()))
    assert await face.read(lambda unit: unit.drafts.newest(playbook)) is None


async def test_a_draft_of_another_playbook_is_not_published(face: Face) -> None:
    amy, pat = await join(face, "amy", Role.AUTHOR), await join(face, "pat", Role.PUBLISHER)
    revision = await push(amy, CHANGED, "other")
    assert await publish(pat, revision) == (404, "not_found")


async def test_authors_do_not_publish_and_readers_do_not_propose(face: Face) -> None:
    amy, vera = await join(face, "amy", Role.AUTHOR), await face.person("vera")
    revision = await push(amy, CHANGED)
    assert await publish(amy, revision) == (403, "missing_permission")
    assert (await vera.post("/playbooks/purge/revisions", {"text": CHANGED})).code == "missing_permission"


async def test_publishing_needs_a_fresh_proof(face: Face) -> None:
    amy, _ = await join(face, "amy", Role.AUTHOR), await join(face, "pat", Role.PUBLISHER)
    revision = await push(amy, CHANGED)
    stale = await face.person("pat", scopes=frozenset({*Permission}))
    assert await publish(stale, revision) == (403, "step_up_required")


async def test_a_draft_may_take_a_playbook_from_no_team_that_its_author_does_not_reach(face: Face) -> None:
    await join(face, "amy", Role.AUTHOR)
    root = await face.person("root")
    await root.post("/users/u_amy/roles", {"roles": []})
    granted = await root.send("PUT", "/api/v1/users/amy/grants", {"grants": ["author@team=ops", "viewer@playbook=*"]})
    assert granted.status == 200, granted.body
    amy = await face.person("amy")
    taken = PLAYBOOK.replace("owner: team:soc", "owner: team:ops")
    assert (await amy.post("/playbooks/purge/revisions", {"text": taken})).code == "outside_limit"
