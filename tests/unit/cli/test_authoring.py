"""`soar playbook fmt`, `new` and `show`."""

import json
import shutil
from pathlib import Path

import pytest

from soar.app.settings import find_bundled
from tests.unit.cli.fakes import FakeApi, Soar

SHIPPED = find_bundled("playbooks") / "phishing-triage.yaml"


@pytest.fixture(autouse=True)
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A site of its own, with the sources that come with the product and one playbook whose keys are swapped."""
    shutil.copytree(find_bundled("config") / "sources", tmp_path / "config" / "sources")
    (tmp_path / "playbooks").mkdir()
    text = SHIPPED.read_text("utf-8").replace("saves: 25m\n", "")
    (tmp_path / "playbooks" / "phishing-triage.yaml").write_text(f"saves: 25m  # a guess\n{text}", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_fmt_rewrites_once(soar: Soar, site: Path) -> None:
    outcome = soar("playbook", "fmt")
    assert (outcome.code, outcome.out) == (0, "playbooks/phishing-triage.yaml was rewritten\n")
    file = site / "playbooks" / "phishing-triage.yaml"
    assert file.read_text("utf-8") == SHIPPED.read_text("utf-8").replace("saves: 25m", "saves: 25m  # a guess")
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    assert soar("playbook", "fmt").out == ""


def test_fmt_checks_and_shows_without_writing(soar: Soar, site: Path) -> None:
    file = site / "playbooks" / "phishing-triage.yaml"
    before = file.read_bytes()
    outcome = soar("playbook", "fmt", "--check")
    assert (outcome.code, outcome.out) == (1, "playbooks/phishing-triage.yaml is not in the canonical form\n")
    outcome = soar("playbook", "fmt", "--diff")
    assert outcome.code == 0
    assert {"-saves: 25m  # a guess", "+saves: 25m  # a guess"} <= set(outcome.out.splitlines())
    outcome = soar("playbook", "fmt", "--check", "--json", str(file), str(SHIPPED))
    assert outcome.code == 1
    assert [one["is_different"] for one in json.loads(outcome.out)["files"]] == [True, False]
    assert file.read_bytes() == before


def test_fmt_leaves_a_file_that_cannot_be_read(soar: Soar, site: Path) -> None:
    bad = site / "bad.yaml"
    bad.write_text("name: [a\n", "utf-8")
    outcome = soar("playbook", "fmt", str(bad))
    assert outcome.code == 1
    assert f"{bad}:2:1: P010" in outcome.out
    assert bad.read_text("utf-8") == "name: [a\n"
    bad.write_text("? name\n: A\n", "utf-8")
    outcome = soar("playbook", "fmt", str(bad))
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: {bad}: line 1 ")
    assert soar("playbook", "fmt", "none.yaml").code == 2


@pytest.mark.parametrize(
    "options", [(), ("--from", "alert"), ("--from", "alert", "--source", "wazuh")], ids=["hand", "alert", "source"]
)
def test_a_new_playbook_is_good_tested_and_canonical(soar: Soar, site: Path, options: tuple[str, ...]) -> None:
    outcome = soar("playbook", "new", "block-sender", *options)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[:2] == [
        "wrote playbooks/block-sender.yaml and playbooks/block-sender.test.yaml",
        "next: soar playbook validate playbooks/block-sender.yaml",
    ]
    text = (site / "playbooks" / "block-sender.yaml").read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=../.soar/playbook.schema.json\nname: Block sender\n")
    outcome = soar("playbook", "validate", "playbooks/block-sender.yaml", "--format", "json")
    assert json.loads(outcome.out)["files"][0]["findings"] == []
    outcome = soar("playbook", "test", "block-sender", "--require-gates")
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, "3 passed")
    assert soar("playbook", "fmt", "--check", "playbooks/block-sender.yaml").code == 0


def test_new_replaces_nothing_unless_it_is_told_to(soar: Soar, site: Path) -> None:
    tests = site / "playbooks" / "block-sender.test.yaml"
    tests.write_text("mine\n", "utf-8")
    outcome = soar("playbook", "new", "block-sender")
    assert outcome.code == 1
    assert outcome.err == (
        "error: playbooks/block-sender.test.yaml is there already\n"
        "hint: choose another id, or replace it with --force\n"
    )
    assert tests.read_text("utf-8") == "mine\n"
    assert not (site / "playbooks" / "block-sender.yaml").exists()
    outcome = soar("playbook", "new", "block-sender", "--force", "--json")
    assert json.loads(outcome.out) == {
        "playbook": "playbooks/block-sender.yaml",
        "tests": "playbooks/block-sender.test.yaml",
    }
    assert tests.read_text("utf-8").startswith("playbook: block-sender\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("Block_Sender",),
        ("../x",),
        ("a", "--from", "alert", "--source", "wazu"),
        ("a", "--source", "wazuh"),
        ("a", "--from", "schedul"),
    ],
)
def test_new_refuses_what_would_be_no_playbook(soar: Soar, site: Path, arguments: tuple[str, ...]) -> None:
    assert soar("playbook", "new", *arguments).code == 2
    assert len([*site.rglob("*.yaml")]) == 1 + len([*(site / "config").rglob("*.yaml")])


def test_show_tells_a_playbook_and_its_worst_case(soar: Soar) -> None:
    outcome = soar("playbook", "show", "phishing-triage")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[:2] == ["Phishing e-mail triage", "phishing-triage · team:detection-response · live"]
    for told in (
        '  an alert of phish-report where alert.kind == "email.reported"',
        '  body         string        from alert.raw.body, else ""',
        "  1. [read] Weigh every link in the message",
        "      5.1. [write] Tell the reporter it looks clean",
        "  7. [destructive] Purge every copy",
        "     asks role:analyst: 1 needed, within 30m",
        "Worst case: destructive",
        (
            "  exchange.purge_messages (destructive): at most once, through exchange, after a yes of role:analyst, "
            "undone by exchange.restore_messages"
        ),
        "  connection exchange, with credentials for token",
    ):
        assert told in lines


def test_show_tells_programs_the_same(soar: Soar) -> None:
    document = json.loads(soar("playbook", "show", "playbooks/phishing-triage.yaml", "--json").out)
    assert document["effects"]["worst"] == "destructive"
    assert [step["effect"] for step in document["steps"]][-3:] == ["read", "destructive", "write"]
    assert document["steps"][6]["gate"]["by"] == ["role:analyst"]


def test_show_tells_every_part_of_a_playbook(soar: Soar, site: Path) -> None:
    (site / "own.yaml").write_text(
        "name: Own\non: {call: {}}\nenabled: false\nsteps:\n"
        "  - {approve: {by: role:a, if: config.x, on_deny: [{uses: chat.post, with: {channel: a, text: b}}]}}\n"
        "  - {foreach: config.y, uses: chat.post, with: {channel: a, text: '${{ secrets.s }}'}, on_failure: continue}\n"
        "  - {uses: whois.domain_age, with: {domain: a.example}, on_failure: [{stop: {}}]}\n"
        "finally:\n  - set: {a: 1}\n",
        "utf-8",
    )
    lines = soar("playbook", "show", "own.yaml").out.splitlines()
    for told in (
        "own · nobody answers for it · disabled",
        "  another playbook",
        "  1. ask",
        "     asks role:a if config.x: 1 needed, within 30m",
        "     after a no:",
        "      1.1. [write] chat.post",
        "     for each of config.y, at most 1,000",
        "     goes on if it fails",
        "     if it fails:",
        "      3.1. end the run as succeeded",
        "Always",
        "  1. set a",
        "  chat.post (write): at most 1,000 times, through chat, without asking, cannot be undone",
        "  credential s",
    ):
        assert told in lines


def test_show_says_what_is_wrong_with_a_bad_file(soar: Soar, site: Path) -> None:
    (site / "bad.yaml").write_text("name: A\n", "utf-8")
    outcome = soar("playbook", "show", "bad.yaml")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("✖ bad.yaml is no good playbook\nbad.yaml:1:1: P102")


def test_what_is_no_file_here_is_asked_of_the_server(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/playbooks/far", {"id": "far", "text": SHIPPED.read_text("utf-8")})
    assert soar("playbook", "show", "far").out.splitlines()[1].startswith("far · team:")
    assert soar("playbook", "show", "far", "--text").out == SHIPPED.read_text("utf-8")
