"""What a playbook names is found wherever it stands."""

import pytest

from soar.model.catalog import Catalog
from soar.playbook import parse_playbook
from soar.playbook.references import Reference, ReferenceKind, find_references, list_all_steps

DEEP = """
name: Names things everywhere
on: {alert: {source: [wazuh, phish-report]}, manual: {}}
notify: {channel: "chat:#soc"}
defaults:
  connection: {exchange: mail-2}
  approve:
    by: role:analyst
    channel: "chat:#gates"
    escalate: [{after: 5m, to: "role:soc-lead", via: ["chat:#leads"]}]
    on_deny:
      - {uses: chat.post, with: {channel: denied, text: no}}
steps:
  - id: outer
    steps:
      - parallel:
          one:
            - uses: exchange.purge_messages
              with: {messages: ["${{ secrets.deep_key }}"]}
              undo: auto
          two:
            - choose:
                - when: "true"
                  steps:
                    - {uses: playbook.inner-one, with: {x: 1}}
              else:
                - {uses: list.add, with: {list: vip, value: x}}
    on_failure:
      - {uses: chat.dm, connection: chat-2, with: {user: ann, text: "${{ secrets.told_key }}"}}
  - uses: virustotal.url_report
    with: {url: x}
    undo: {uses: chat.post, connection: chat-3, with: {channel: "#undone", text: "${{ secrets.undo_key }}"}}
    approve: {by: role:analyst, on_deny: [{uses: playbook.inner-two}]}
on_failure:
  - {uses: list.remove, with: {list: blocked, value: x}}
finally:
  - {uses: list.add, with: {list: "${{ inputs.name }}", value: x}}
"""


def find(text: str, catalog: Catalog) -> tuple[Reference, ...]:
    playbook, findings = parse_playbook(text, playbook_id="p", file="p.yaml")
    assert playbook is not None, findings
    return find_references(playbook, catalog.find_action)


def test_everything_is_found_at_any_depth(catalog: Catalog) -> None:
    found = find(DEEP, catalog)
    by_kind = {
        kind: {(one.name, one.connection) if one.connection else one.name for one in found if one.kind is kind}
        for kind in ReferenceKind
    }
    assert by_kind == {
        ReferenceKind.ACTION: {
            ("chat.dm", "chat-2"),
            ("chat.post", "chat"),
            ("chat.post", "chat-3"),
            ("exchange.purge_messages", "mail-2"),
            ("exchange.restore_messages", "mail-2"),
            ("list.add", "list"),
            ("list.remove", "list"),
            ("virustotal.url_report", "virustotal"),
        },
        ReferenceKind.CREDENTIAL: {"deep_key", "told_key", "undo_key"},
        ReferenceKind.PLAYBOOK: {"inner-one", "inner-two"},
        ReferenceKind.LIST: {"vip", "blocked"},
        ReferenceKind.SOURCE: {"wazuh", "phish-report"},
        ReferenceKind.CHANNEL: {"#soc", "#gates", "#leads", "#denied", "#undone"},
    }


def test_each_says_where_it_stands(catalog: Catalog) -> None:
    paths = {one.name: one.path for one in find(DEEP, catalog) if one.kind is not ReferenceKind.ACTION}
    assert paths["deep_key"] == "steps/0/steps/0/parallel/one/0/with"
    assert paths["undo_key"] == "steps/1/undo/with"
    assert paths["inner-two"] == "steps/1/approve/on_deny/0/uses"
    assert paths["#soc"] == "notify/channel"


def test_every_step_is_walked_also_those_after_a_no_to_the_default_gate() -> None:
    playbook, _ = parse_playbook(DEEP, playbook_id="p", file="p.yaml")
    assert playbook is not None
    paths = [step.path for step in list_all_steps(playbook)]
    assert "defaults/approve/on_deny/0" in paths
    assert len(paths) == len(set(paths)) == 12


@pytest.mark.parametrize("arguments", ["{}", "null", '{messages: "${{ 1 + }}"}'])
def test_arguments_that_name_nothing_name_nothing(catalog: Catalog, arguments: str) -> None:
    text = f"name: x\non: {{manual: {{}}}}\nsteps:\n  - uses: exchange.purge_messages\n    with: {arguments}\n"
    playbook, _ = parse_playbook(text, playbook_id="p", file="p.yaml")
    if playbook is not None:
        assert {one.kind for one in find_references(playbook, catalog.find_action)} == {ReferenceKind.ACTION}


def test_taking_back_what_a_step_did_calls_nothing_itself(catalog: Catalog) -> None:
    text = "name: x\non: {manual: {}}\nsteps:\n  - {uses: core.undo, with: {step: a}}\n"
    assert find(text, catalog) == ()


def test_what_looks_for_a_change_is_declared_with_the_connection_it_goes_through(catalog: Catalog) -> None:
    text = """
name: x
on: {manual: {}}
defaults: {connection: {virustotal: vt-eu}}
steps:
  - uses: jira.add_comment
    connection: jira-two
    with: {issue: a, text: b}
    verify: {uses: jira.search, with: {jql: a}, until: "true"}
  - uses: jira.add_comment
    with: {issue: a, text: b}
    verify: {uses: virustotal.url_report, with: {url: x}, until: "true"}
"""
    looks = {(one.name, one.connection, one.path) for one in find(text, catalog) if one.path.endswith("verify/uses")}
    assert looks == {
        ("jira.search", "jira-two", "steps/0/verify/uses"),
        ("virustotal.url_report", "vt-eu", "steps/1/verify/uses"),
    }
