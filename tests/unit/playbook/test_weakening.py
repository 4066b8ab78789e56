"""What protects less than before."""

import pytest

from soar.model.catalog import Catalog
from soar.playbook.compare import compare_playbooks
from tests.support.examples import parse

HEAD = "name: A\non: {manual: {}}\n"
GATE = "{by: role:a, quorum: 2, exclude: [author, target], assurance: mfa, confirm: yes please, comment: required}"
HOLD = "uses: defender.isolate_machine, with: {host: a}"


def find_weaker(before: str, after: str, catalog: Catalog) -> dict[str, str]:
    return {each.field: each.weaker for each in compare_playbooks(parse(before), parse(after), catalog) if each.weaker}


def gated(gate: str, before: str, after: str, catalog: Catalog) -> dict[str, str]:
    assert before in gate
    old = f"{HEAD}steps: [{{id: a, {HOLD}, approve: {gate}}}]\n"
    new = f"{HEAD}steps: [{{id: a, {HOLD}, approve: {gate.replace(before, after)}}}]\n"
    return find_weaker(old, new, catalog)


@pytest.mark.parametrize(
    ("before", "after", "field", "message"),
    [
        ("quorum: 2", "quorum: 1", "approve.quorum", "quorum 2 -> 1"),
        ("quorum: 2", "quorum: '${{ 1 }}'", "approve.quorum", "quorum 2 -> computed, which may be less"),
        ("by: role:a", "by: [role:a, role:b]", "approve.by", "others may decide: role:b"),
        ("by: role:a", "by: role:b", "approve.by", "fewer may decide: without role:a; others may decide: role:b"),
        ("quorum: 2", "quorum: 2, if: 1 == 1", "approve.if", "it may be switched off: `if` added"),
        ("mfa", "confirmed", "approve.assurance", "assurance mfa -> confirmed"),
        ("assurance: mfa, ", "", "approve.assurance", "assurance mfa -> by the policy alone"),
        ("quorum: 2", "quorum: 2, veto: false", "approve.veto", "one no decides no longer"),
        ("[author, target]", "[author]", "approve.exclude", "no longer excluded: target"),
        ("confirm: yes please, ", "", "approve.confirm", "nothing of the playbook's own is to be typed"),
        ("comment: required", "comment: optional", "approve.comment", "comment required -> optional"),
        ("quorum: 2", "quorum: 2, on_deny: continue", "approve.on_deny", "the run goes on after a no"),
        (
            "quorum: 2",
            "quorum: 2, escalate: [{after: 5m, to: role:z}]",
            "approve.escalate",
            "others may decide after a while: role:z",
        ),
    ],
)
def test_a_gate_that_asks_less_is_weaker(before: str, after: str, field: str, message: str, catalog: Catalog) -> None:
    assert gated(GATE, before, after, catalog) == {field: message}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("quorum: 2", "quorum: 3"),
        ("quorum: 2", "quorum: 2, timeout: 2h"),
        ("quorum: 2", "quorum: 2, on_deny: [{fail: no}]"),
        ("quorum: 2", "quorum: 2, on_timeout: fail"),
        ("quorum: 2", "quorum: 2, escalate: [{after: 5m, to: role:a}]"),
        ("[author, target]", "[target, initiator, author]"),
    ],
)
def test_a_gate_that_asks_otherwise_is_not_weaker(before: str, after: str, catalog: Catalog) -> None:
    assert gated(GATE, before, after, catalog) == {}


def test_a_computed_quorum_that_becomes_one_is_weaker(catalog: Catalog) -> None:
    assert gated("{by: role:a, quorum: '${{ 2 }}'}", "'${{ 2 }}'", "1", catalog) == {
        "approve.quorum": "quorum computed -> 1"
    }
    assert gated("{by: role:a, quorum: '${{ 2 }}'}", "2 }", "3 }", catalog) == {}


def test_asking_once_instead_of_for_each_is_weaker(catalog: Catalog) -> None:
    assert gated("{by: role:a, per: item}", "item", "batch", catalog) == {"approve.per": "one yes for all elements"}


def steps_of(steps: str) -> str:
    return f"{HEAD}steps: [{steps}]\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (f"{{id: a, {HOLD}, approve: role:a}}", f"{{id: a, {HOLD}}}", {"approve": "gate removed"}),
        (
            f"{{id: g, approve: role:a, steps: [{{id: a, {HOLD}}}]}}",
            f"{{id: a, {HOLD}}}",
            {"approve": "no longer behind the gate of g"},
        ),
        (
            f"{{id: a, {HOLD}, approve: role:a}}",
            f"{{id: g, approve: role:a, steps: [{{id: a, {HOLD}}}]}}",
            {},
        ),
        (
            f"{{id: a, {HOLD}, approve: {{by: role:a, quorum: 2}}}}",
            f"{{id: g, approve: role:a, steps: [{{id: a, {HOLD}}}]}}",
            {"approve": "quorum 2 -> 1"},
        ),
        (
            f"{{id: g, approve: role:a, steps: [{{id: a, approve: role:b, {HOLD}}}]}}",
            f"{{id: g, approve: role:a, steps: [{{id: a, {HOLD}}}]}}",
            {"approve": "gate removed"},
        ),
        ("{id: g, approve: role:a}, {id: z, fail: no}", "{id: z, fail: no}", {"": "gate removed"}),
        (
            "{id: a, uses: chat.dm, approve: role:a}",
            f"{{id: a, {HOLD}, approve: role:a}}",
            {"uses": "effect raised: write -> destructive"},
        ),
        (
            "{id: a, uses: whois.domain_age}",
            "{id: a, uses: chat.dm}",
            {"uses": "effect raised: read -> write; `chat.dm` (write) has no gate"},
        ),
        (
            "{id: a, uses: whois.domain_age}",
            "{id: a, uses: not.there}",
            {"uses": "`not.there` is not installed, and has no gate"},
        ),
        ("{id: a, fail: no}", "{id: a, uses: chat.dm}", {"uses": "`chat.dm` (write) has no gate"}),
        (
            "{fail: no}",
            f"{{fail: no}}, {{id: a, {HOLD}}}",
            {"": "`defender.isolate_machine` (destructive) has no gate"},
        ),
        ("{fail: no}", f"{{fail: no}}, {{id: a, {HOLD}, approve: role:a}}", {}),
        ("{fail: no}", f"{{fail: no}}, {{id: g, approve: role:a, steps: [{{id: a, {HOLD}}}]}}", {}),
        ("{fail: no}", "{fail: no}, {id: a, uses: whois.domain_age}", {}),
        (f"{{id: a, {HOLD}, undo: auto}}", f"{{id: a, {HOLD}}}", {"undo": "no way back"}),
        (f"{{id: a, {HOLD}, verify: auto}}", f"{{id: a, {HOLD}}}", {"verify": "nobody looks whether it was done"}),
        (
            f"{{id: a, {HOLD}, undo: auto, expires: 1h}}",
            f"{{id: a, {HOLD}, undo: auto}}",
            {"expires": "it stays until somebody lifts it"},
        ),
        (f"{{id: a, {HOLD}, mask: true}}", f"{{id: a, {HOLD}}}", {"mask": "outputs are shown"}),
        (
            "{id: a, foreach: {in: inputs.x, max_items: 5}, set: {}}",
            "{id: a, foreach: inputs.x, set: {}}",
            {"foreach.max_items": "more elements at once: 5 -> 1000"},
        ),
    ],
)
def test_a_step_that_protects_less_is_weaker(
    before: str, after: str, expected: dict[str, str], catalog: Catalog
) -> None:
    assert find_weaker(steps_of(before), steps_of(after), catalog) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("mode: shadow", "mode: live", {"mode": "mode shadow -> live"}),
        ("mode: supervised", "", {"mode": "mode supervised -> live"}),
        ("mode: live", "mode: shadow", {}),
        ("dedupe: {key: a}", "", {"dedupe": "every alert starts a run"}),
        ("dedupe: {key: a, window: 2h}", "dedupe: {key: a}", {"dedupe.window": "window 2h -> 1h"}),
        ("dedupe: {key: a}", "dedupe: {key: a, on_duplicate: run}", {"dedupe.on_duplicate": "duplicates run"}),
        ("dedupe: {key: a}", "dedupe: {key: b, window: 2h}", {}),
        ("concurrency: {mode: drop}", "", {"concurrency": "runs are not kept apart"}),
        ("concurrency: {mode: drop}", "concurrency: {max: 2}", {"concurrency.mode": "drop -> parallel"}),
        ("concurrency: {max: 2}", "concurrency: {max: 10}", {"concurrency.max": "more at once: 2 -> 10"}),
        ("concurrency: {mode: drop}", "concurrency: {mode: queue}", {}),
        ("defaults: {approve: role:a}", "", {"defaults.approve": "gate removed"}),
        (
            "defaults: {approve: {by: role:a, quorum: 2}}",
            "defaults: {approve: role:a}",
            {"defaults.approve.quorum": "quorum 2 -> 1"},
        ),
        (
            "inputs: {x: {type: string, secret: true}}",
            "inputs: {x: {type: string}}",
            {"inputs.x.secret": "the value is shown"},
        ),
    ],
)
def test_a_playbook_that_protects_less_is_weaker(
    before: str, after: str, expected: dict[str, str], catalog: Catalog
) -> None:
    rest = f"\n{HEAD}steps: [{{stop: {{}}}}]\n"
    assert find_weaker(before + rest, after + rest, catalog) == expected
