"""Drafts that are sent and published."""

from pathlib import Path

from tests.unit.cli.documents import page
from tests.unit.cli.fakes import FakeApi, Soar

DIGEST = f"sha256:{'a' * 64}"
PUSHED = "/api/v1/playbooks/tried/revisions"
PUBLISHED = "/api/v1/playbooks/tried/publish"
DRAFT = {"revision": DIGEST, "author": "user:u_amy", "created_at": "2026-03-01T09:00:00Z", "is_published": True}


def test_a_file_is_sent_as_a_draft(soar: Soar, api: FakeApi, tmp_path: Path) -> None:
    file = tmp_path / "tried.yaml"
    file.write_text("name: Tried\n", "utf-8")
    found = {"line": 3, "column": 1, "code": "P701", "message": "nobody owns it"}
    api.answer("POST", PUSHED, {"playbook": "tried", "revision": DIGEST, "findings": [found]}, status=201)
    outcome = soar("playbook", "push", str(file))
    assert outcome.out == f"✔ draft {DIGEST}\nnext: soar playbook publish tried --revision {DIGEST}\n"
    assert "3:1 P701 nobody owns it" in outcome.err
    assert api.bodies("POST", PUSHED) == [{"text": "name: Tried\n"}]


def test_what_is_wrong_with_a_draft_is_told(soar: Soar, api: FakeApi, tmp_path: Path) -> None:
    file = tmp_path / "tried.yaml"
    file.write_text("name: [", "utf-8")
    fault = {"pointer": "/text", "message": "line 1, column 7: P001 the list is not closed"}
    api.refuse("POST", PUSHED, 422, "the document has 1 errors", code="bad_playbook", errors=[fault])
    outcome = soar("playbook", "push", str(file))
    assert outcome.code == 2
    assert "line 1, column 7: P001 the list is not closed" in outcome.err


def test_a_file_that_is_not_there_or_no_text_is_not_sent(soar: Soar, api: FakeApi, tmp_path: Path) -> None:
    (tmp_path / "tried.yaml").write_bytes(b"\xff")
    assert soar("playbook", "push", str(tmp_path / "none.yaml")).code == 2
    assert "is not UTF-8" in soar("playbook", "push", str(tmp_path / "tried.yaml")).err
    assert api.asked == []


def test_the_newest_draft_is_published_where_none_is_named(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", PUSHED, page(DRAFT))
    api.answer("POST", PUBLISHED, {"playbook": "tried", "revision": DIGEST, "over": "sha256:file"})
    outcome = soar("playbook", "publish", "tried")
    assert outcome.out == f"✔ tried serves as {DIGEST}, in the place of its file until that changes\n"
    assert "the newest draft is of u_amy" in outcome.err
    assert api.bodies("POST", PUBLISHED) == [{"revision": DIGEST}]


def test_a_named_draft_is_published_without_a_look_at_the_others(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", PUBLISHED, {"playbook": "tried", "revision": DIGEST, "over": None})
    assert soar("playbook", "publish", "tried", "--revision", DIGEST).out == f"✔ tried serves as {DIGEST}\n"
    assert [asked.method for asked in api.asked] == ["POST"]


def test_a_refusal_says_who_may(soar: Soar, api: FakeApi) -> None:
    said = {"code": "own_revision", "hint": "ask another publisher to publish it"}
    api.refuse("POST", PUBLISHED, 403, "you have written it", **said)
    outcome = soar("playbook", "publish", "tried", "--revision", DIGEST)
    assert (outcome.code, outcome.err) == (
        5,
        "error: you have written it\nhint: ask another publisher to publish it\n",
    )


def test_without_drafts_it_says_how_to_make_one(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", PUSHED, page())
    assert "soar playbook push tried.yaml" in soar("playbook", "revisions", "tried").out
    outcome = soar("playbook", "publish", "tried")
    assert (outcome.code, outcome.err) == (6, "error: tried has no drafts\nhint: soar playbook push tried.yaml\n")


def test_drafts_are_listed(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", PUSHED, page(DRAFT))
    heading, line = soar("playbook", "revisions", "tried").out.splitlines()
    assert heading.split() == ["REVISION", "AUTHOR", "PUSHED", "STATE"]
    assert line.split()[:2] == [DIGEST[:19], "u_amy"]
    assert line.endswith("published")


def test_a_draft_is_named_by_the_beginning_of_its_digest(soar: Soar, api: FakeApi) -> None:
    other = {**DRAFT, "revision": f"sha256:{'b' * 64}"}
    api.answer("GET", PUSHED, page(other, DRAFT, DRAFT))
    api.answer("POST", PUBLISHED, {"playbook": "tried", "revision": DIGEST, "over": None})
    assert soar("playbook", "publish", "tried", "--revision", DIGEST[:19]).code == 0
    assert api.bodies("POST", PUBLISHED) == [{"revision": DIGEST}]
    assert "several drafts begin" in soar("playbook", "publish", "tried", "--revision", "sha256:").err
    assert "no draft begins" in soar("playbook", "publish", "tried", "--revision", "sha256:c").err
