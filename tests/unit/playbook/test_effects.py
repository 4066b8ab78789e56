"""The worst that a playbook can do."""

from typing import Protocol

import pytest

from soar.model.catalog import Catalog, Effect
from soar.playbook import parse_playbook
from soar.playbook.effects import EffectReport, WayBack, report_effects

HEAD = "name: A playbook\nowner: team:soc\n"


class Teller(Protocol):
    """Tells the worst that some steps can do."""

    def __call__(self, steps: str, head: str = ...) -> EffectReport: ...


@pytest.fixture
def report(catalog: Catalog) -> Teller:
    """Return the report of a playbook's steps."""

    def make(steps: str, head: str = "on: {manual: {}}\n") -> EffectReport:
        playbook, findings = parse_playbook(f"{HEAD}{head}steps:\n{steps}", playbook_id="a", file="a.yaml")
        assert playbook is not None, findings
        return report_effects(playbook, catalog)

    return make


def test_a_playbook_that_reads_changes_nothing(report: Teller) -> None:
    told = report("  - {uses: whois.domain_age, with: {domain: a.example}}\n  - set: {a: 1}\n  - stop: {}\n")
    assert told.changes == ()
    assert told.worst is Effect.READ
    assert [one.id for one in told.connections] == ["whois"]


def test_a_change_says_how_often_through_what_after_whom_and_how_it_is_undone(report: Teller) -> None:
    told = report(
        "  - name: Purge\n    foreach: {in: inputs.a, max_items: 50}\n    uses: exchange.purge_messages\n"
        "    connection: tenant_b\n    approve: {by: [role:analyst, oncall:soc], quorum: 2, timeout: 1h}\n"
        "    undo: auto\n    expires: 24h\n"
    )
    (change,) = told.changes
    assert (change.label, change.effect, change.most) == ("Purge", Effect.DESTRUCTIVE, 50)
    assert (change.connection, change.is_gated) == ("tenant_b", True)
    assert change.asked[0].to_json() == {
        "by": ["role:analyst", "oncall:soc"],
        "quorum": 2,
        "timeout": "1h",
        "condition": None,
    }
    assert (change.way_back, change.undo, change.expires) == (WayBack.INVERSE, "exchange.restore_messages", "24h")
    assert told.worst is Effect.DESTRUCTIVE


def test_loops_and_gates_around_a_step_count(report: Teller) -> None:
    told = report(
        "  - foreach: {in: inputs.a, max_items: 3}\n    approve: role:lead\n    steps:\n"
        "      - {foreach: {in: inputs.b, max_items: 4}, approve: {by: role:analyst, if: inputs.c}, uses: chat.dm}\n"
        "    on_failure:\n      - {uses: chat.dm, approve: {by: role:analyst, if: inputs.c}}\n"
    )
    inside, handler = told.changes
    assert (inside.most, inside.is_gated, [one.by for one in inside.asked]) == (
        12,
        True,
        [("role:lead",), ("role:analyst",)],
    )
    assert (handler.most, handler.is_gated) == (3, False)


def test_what_follows_a_no_is_told_as_often_as_people_are_asked(report: Teller) -> None:
    step = (
        "  - foreach: {{in: inputs.a, max_items: 9}}\n"
        "    approve: {{by: role:a, per: {per}, on_deny: [{{uses: chat.dm}}]}}\n"
    )
    assert report(step.format(per="batch") + "    set: {a: 1}\n").changes[0].most == 1
    told = report(step.format(per="item") + "    set: {a: 1}\n")
    assert (told.changes[0].most, told.changes[0].asked) == (9, ())


def test_a_supervised_playbook_asks_before_every_change(report: Teller) -> None:
    head = "on: {manual: {}}\nmode: supervised\ndefaults: {approve: role:lead}\n"
    told = report("  - {uses: chat.dm}\n  - {uses: chat.dm, approve: {by: role:analyst, if: inputs.a}}\n", head)
    assert [(one.asked[0].by, one.is_gated) for one in told.changes] == [
        (("role:lead",), True),
        (("role:analyst",), True),
    ]


def test_an_action_that_is_not_installed_may_do_anything(report: Teller) -> None:
    told = report("  - uses: edge.block\n    undo: {uses: edge.unblock, connection: edge2}\n")
    assert (told.changes[0].effect, told.worst) == (None, None)
    assert (told.changes[0].way_back, told.changes[0].undo) == (WayBack.OWN, "edge.unblock")
    assert [(one.id, one.connector) for one in told.connections] == [("edge", "edge"), ("edge2", "edge")]


def test_secrets_and_default_connections_are_needed(report: Teller) -> None:
    head = "on: {manual: {}}\ndefaults: {connection: {chat: chat_b}}\n"
    told = report('  - {uses: chat.dm, with: {user: "${{ secrets.one }}", text: "${{ broken"}}\n', head)
    assert told.secrets == ()
    told = report('  - {uses: chat.dm, with: {user: "${{ secrets.one }}"}}\n', head)
    assert told.secrets == ("one",)
    assert told.connections[0].id == told.changes[0].connection == "chat_b"


def test_starters_are_told_in_words(report: Teller) -> None:
    head = (
        "on:\n  - alert: {source: [a, b], match: alert.kind == 'x'}\n  - alert: {}\n"
        "  - manual: {by: role:lead}\n  - {manual: {}, call: {}}\n"
    )
    assert report("  - stop: {}\n", head).starters == (
        "an alert of a or b where alert.kind == 'x'",
        "an alert of any source",
        "role:lead, by hand",
        "whoever may run playbooks, by hand",
        "another playbook",
    )


def test_the_report_is_plain_data(report: Teller) -> None:
    document = report("  - uses: chat.dm\n").to_json()
    assert document["worst"] == "write"
    assert document["changes"][0]["way_back"] == "none"
    assert document["connections"] == [{"id": "chat", "connector": "chat", "credentials": []}]
