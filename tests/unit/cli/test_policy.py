from pathlib import Path

import pytest

from tests.unit.cli.fakes import FakeApi, Soar

POLICY = """
gates:
  - name: all
    when: action.effect != "read"
    require: {by: role:soc-lead}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "new.yaml"
    file.write_text(POLICY, "utf-8")
    return file


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Write a site whose one playbook notes something without a gate."""
    (tmp_path / "playbooks").mkdir()
    steps = "steps:\n  - {id: told, uses: chat.dm, with: {user: ann@corp.example, text: hello}}\n"
    text = f"name: Tell\nowner: team:soc\non: {{manual: {{}}}}\n{steps}"
    (tmp_path / "playbooks" / "tell.yaml").write_text(text, "utf-8")
    file = tmp_path / "soar.yaml"
    file.write_text(f"paths: {{playbooks: {tmp_path / 'playbooks'}}}\n", "utf-8")
    return file


def test_the_policy_is_shown_in_words(soar: Soar, api: FakeApi) -> None:
    require = {"by": ["role:soc-lead"], "quorum": 2, "assurance": "mfa", "exclude": ["initiator"]}
    document = {
        "gates": [
            {"name": "eyes", "when": "true", "require": require},
            {"name": "free", "when": "action.reversible", "require": "none"},
        ],
        "silence": "deny",
        "protected": [{"kind": "ip", "match": "true"}],
        "caps": [{"action": "crm.lock", "max": 20, "per": "1h", "then": "freeze"}],
    }
    api.answer("GET", "/api/v1/policy", {"policy": document})
    assert soar("policy", "show").out.splitlines() == [
        "gates",
        "  eyes: 2 yes of role:soc-lead, mfa, without initiator",
        "    when true",
        "  free: nobody is asked",
        "    when action.reversible",
        "protected",
        "  ip with true",
        "caps",
        "  action crm.lock, max 20, per 1h, then freeze",
        "silence is a no",
    ]


def test_a_policy_under_which_a_playbook_would_not_serve_fails_the_check(soar: Soar, policy: Path, site: Path) -> None:
    outcome = soar("policy", "check", str(policy), "--config", str(site))
    assert outcome.code == 1, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0] == f"✔ {policy} is a policy"
    assert lines[1] == "✖ tell would not serve under it"
    assert "P401" in lines[2]
    assert lines[-1] == "1 playbook, 1 of which would not serve any more"


def test_a_policy_that_all_playbooks_fit_is_good(soar: Soar, tmp_path: Path, site: Path) -> None:
    file = tmp_path / "lax.yaml"
    file.write_text("caps:\n  - {action: chat.dm, max: 20, per: 1h}\n", "utf-8")
    outcome = soar("policy", "check", str(file), "--config", str(site), "--json")
    assert (outcome.code, outcome.document) == (0, {"is_valid": True, "playbooks": 1, "refused": []})


def test_a_policy_with_a_fault_says_where(soar: Soar, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("caps: [{max: 2}]\n", "utf-8")
    outcome = soar("policy", "check", str(file))
    assert outcome.code != 0
    assert "at /caps/0: " in outcome.err
    assert soar("policy", "check", str(tmp_path / "none.yaml")).code != 0


def test_what_another_policy_would_have_changed_is_told(soar: Soar, api: FakeApi, policy: Path) -> None:
    shift = {"action": "chat.dm", "before": "free", "after": "asked", "why": "policy `all`", "count": 7, "unasked": 5}
    capped = {**shift, "after": "capped", "why": "at most 2", "count": 1, "unasked": 1}
    compared = {"judged": 12, "unknown": 1, "is_complete": False, "shifts": [shift, capped]}
    api.answer("POST", "/api/v1/policy/diff", compared)
    assert soar("policy", "diff", str(policy), "--days", "7").out.splitlines() == [
        "     7  chat.dm: free → asked (5 ran without anybody's yes)",
        "        policy `all`",
        "     1  chat.dm: free → capped",
        "        at most 2",
        "12 writes of the last 7 days, 8 of which it would judge differently",
        "only the newest were judged; choose fewer --days",
        "1 write of actions that are not installed any more",
    ]
    (body,) = api.bodies("POST", "/api/v1/policy/diff")
    assert body["days"] == 7
    assert body["policy"]["gates"][0]["name"] == "all"
