import json
from pathlib import Path

import pytest

from soar.app.settings import find_bundled
from tests.unit.cli.fakes import FakeApi, Soar

GOOD = find_bundled("playbooks") / "phishing-triage.yaml"


@pytest.fixture(autouse=True)
def _site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(find_bundled("playbooks").parent)


@pytest.fixture
def weaker(tmp_path: Path) -> str:
    """A file in which anybody who can look may also decide, and the purge cannot be taken back."""
    file = tmp_path / "phishing-triage.yaml"
    text = GOOD.read_text("utf-8").replace("      by: role:analyst", "      by: [role:analyst, role:viewer]")
    file.write_text(text.replace("    undo: auto\n", "").replace("team:detection-response", "team:a"), "utf-8")
    return str(file)


def test_the_same_differs_in_nothing(soar: Soar) -> None:
    outcome = soar("playbook", "diff", "phishing-triage", str(GOOD), "--exit-code", "--fail-on-weaker")
    assert (outcome.code, outcome.out, outcome.err) == (0, "no difference\n", "")


def test_differences_stand_under_their_step_and_what_is_weaker_is_marked(soar: Soar, weaker: str) -> None:
    outcome = soar("playbook", "diff", "phishing-triage", weaker)
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "~ the playbook",
        "    owner: team:detection-response -> team:a",
        "~ Purge every copy  steps/6",
        '    approve.by: ["role:analyst"] -> ["role:analyst", "role:viewer"]',
        "    ! weaker: others may decide: role:viewer",
        "    undo: removed auto",
        "    ! weaker: no way back",
        "3 differences, 2 weaker",
    ]


def test_steps_that_come_go_and_move_have_signs_of_their_own(soar: Soar, tmp_path: Path) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    head = "name: A\non: {manual: {}}\nsteps: "
    old.write_text(head + "[{id: a, stop: {}}, {id: b, stop: {}}, {id: c, stop: {}}, {id: d, fail: no}]\n", "utf-8")
    new.write_text(head + "[{id: c, stop: {}}, {id: a, stop: {}}, {id: b, stop: {}}, {id: e, wait: 1m}]\n", "utf-8")
    assert soar("playbook", "diff", str(old), str(new)).out.splitlines() == [
        "> c  steps/0",
        "    moved from steps/2",
        "+ e  steps/3",
        "    added",
        "- d  steps/3",
        "    removed",
        "3 differences, 0 weaker",
    ]


def test_the_exit_code_says_what_it_is_asked_to(soar: Soar, weaker: str) -> None:
    assert soar("playbook", "diff", "phishing-triage", weaker, "--exit-code").code == 1
    assert soar("playbook", "diff", "phishing-triage", weaker, "--fail-on-weaker").code == 1
    assert soar("playbook", "diff", weaker, "phishing-triage", "--exit-code").code == 1


def test_what_is_stronger_fails_nothing(soar: Soar, tmp_path: Path) -> None:
    file = tmp_path / "stronger.yaml"
    file.write_text(GOOD.read_text("utf-8").replace("      on_deny: continue\n", "      quorum: 2\n"), "utf-8")
    outcome = soar("playbook", "diff", "phishing-triage", str(file), "--fail-on-weaker")
    assert outcome.code == 0
    assert outcome.out.endswith("2 differences, 0 weaker\n")


def test_differences_as_json(soar: Soar, weaker: str) -> None:
    document = json.loads(soar("playbook", "diff", "phishing-triage", weaker, "--json").out)
    assert document["weaker"] == 2
    assert [each["field"] for each in document["differences"]] == ["owner", "approve.by", "undo"]
    assert [each["weaker"] for each in document["differences"]] == [
        None,
        "others may decide: role:viewer",
        "no way back",
    ]


def test_a_file_is_compared_with_what_serves(soar: Soar, api: FakeApi, weaker: str) -> None:
    api.answer("GET", "/api/v1/playbooks/phishing-triage", {"text": GOOD.read_text("utf-8")})
    outcome = soar("playbook", "diff", weaker, "--live", "--fail-on-weaker")
    assert outcome.code == 1
    assert outcome.out.endswith("3 differences, 2 weaker\n")


def test_one_playbook_and_three_are_a_usage_error(soar: Soar, weaker: str) -> None:
    for arguments in (("phishing-triage",), ("phishing-triage", weaker, "--live")):
        outcome = soar("playbook", "diff", *arguments)
        assert outcome.code == 2
        assert outcome.err == "error: a playbook is compared with one other\nhint: name two, or one with --live\n"
