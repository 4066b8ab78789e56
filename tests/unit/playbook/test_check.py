from pathlib import Path

import pytest

from soar.model.catalog import Catalog
from soar.playbook import Finding, check_playbook, parse_playbook, validate_text
from soar.policy import DEFAULT_POLICY, GateRule, Policy

SHIPPED = Path(__file__).parents[3] / "playbooks" / "phishing-triage.yaml"
HEAD = """name: A
owner: team:soc
on:
  alert: {source: wazuh}
  manual: {}
inputs:
  ok: {type: bool}
  names: {type: list<string>}
  table: {type: map<int>}
  host: {type: string?}
steps:
"""
AGE = "uses: whois.domain_age\n    with: {domain: a.example}\n"
REPORT = "uses: virustotal.file_report\n    with: {hash: '00'}\n"


def check(text: str, catalog: Catalog, policy: Policy = DEFAULT_POLICY) -> list[Finding]:
    _, findings = validate_text(text, playbook_id="a", file="a.yaml", catalog=catalog, policy=policy)
    return findings


def codes(text: str, catalog: Catalog, policy: Policy = DEFAULT_POLICY) -> list[str]:
    return [found.code for found in check(text, catalog, policy)]


def test_the_shipped_playbook_has_nothing_wrong_and_nothing_doubtful(catalog: Catalog) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    playbook, findings = parse_playbook(text, playbook_id="phishing-triage", file=SHIPPED.name)
    assert findings == []
    assert playbook is not None
    checked = check_playbook(
        playbook, text=text, file=SHIPPED.name, catalog=catalog, policy=DEFAULT_POLICY, known_sources={"phish-report"}
    )
    assert checked == []


def test_mistakes_of_all_stages_come_at_once_in_the_order_of_the_document(catalog: Catalog) -> None:
    text = f"""name: A
name: B
on: {{manual: {{}}}}
modus: live
steps:
  - if: inputs.a
    {AGE}    timeout: 5
  - uses: exchange.purge_messages
    with: {{messages: m1}}
"""
    assert codes(text, catalog) == ["P501", "P014", "P101", "P207", "P120", "P401", "P502", "P305"]


READABLE = {
    "guarded by default": f"""  - id: age
    if: inputs.ok
    {AGE}  - stop: {{reason: "${{{{ default(steps.age.output.age_days, 0) }}}}"}}
""",
    "guarded by has": f"""  - id: age
    if: inputs.ok
    {AGE}  - if: has(steps.age.output.age_days)
    stop: {{reason: "${{{{ steps.age.output.age_days }}}}"}}
""",
    "behind a condition on its status": f"""  - id: age
    {AGE}    on_failure: continue
  - if: steps.age.status == "succeeded"
    stop: {{reason: "${{{{ steps.age.output.age_days }}}}"}}
""",
    "its status in the same expression": f"""  - id: age
    {AGE}    on_failure: continue
  - if: steps.age.status == "succeeded" && steps.age.output.age_days < 3
    stop: {{}}
""",
    "under the same condition": f"""  - id: age
    if: inputs.ok
    {AGE}  - if: inputs.ok
    stop: {{reason: "${{{{ steps.age.output.age_days }}}}"}}
""",
    "inside the same group": """  - if: inputs.ok
    steps:
      - id: age
        uses: whois.domain_age
        with: {domain: a.example}
      - stop: {reason: "${{ steps.age.output.age_days }}"}
""",
    "behind a condition on the group": """  - id: group
    if: inputs.ok
    steps:
      - id: age
        uses: whois.domain_age
        with: {domain: a.example}
  - if: steps.group.status == "succeeded"
    stop: {reason: "${{ steps.age.output.age_days }}"}
""",
    "the list of a loop whose elements failed": f"""  - id: age
    foreach: inputs.names
    {AGE}    on_failure: continue
  - stop: {{reason: "${{{{ size(steps.age.output) }}}}"}}
""",
    "through another that is waited for": f"""  - id: age
    {AGE}  - id: next
    needs: [age]
    set: {{a: 1}}
  - needs: [next]
    set: {{b: "${{{{ steps.age.output.age_days }}}}"}}
""",
    "the alert behind a condition on it": """  - if: has(alert.raw.user)
    stop: {reason: "${{ alert.title }}"}
""",
    "the error in a handler": f"""  - {AGE}    on_failure:
      - stop: {{reason: "${{{{ error.message }}}}"}}
""",
    "its own approval after a denial": """  - id: sure
    approve:
      by: role:analyst
      on_deny:
        - stop: {reason: "${{ steps.sure.approval.outcome }}"}
""",
    "a step of the same handler": f"""  - stop: {{}}
on_failure:
  - id: age
    {AGE}  - stop: {{reason: "${{{{ steps.age.output.age_days }}}}"}}
""",
    "a change in a gated group that needs what came before": f"""  - id: age
    {AGE}  - approve: role:analyst
    steps:
      - uses: chat.dm
        with: {{user: ann, text: "${{{{ steps.age.output.age_days }}}} ${{{{ run.id }}}}"}}
""",
    "an element and its number": """  - foreach: {in: inputs.names, as: name}
    uses: whois.domain_age
    with: {domain: "${{ name + item + string(item_index) }}"}
""",
    "its own answer in its outputs and undo": """  - uses: exchange.purge_messages
    with: {messages: [m1]}
    approve: role:analyst
    undo: {uses: exchange.restore_messages, with: {messages: ["${{ string(output.purged) }}"]}}
    outputs: {count: "${{ output.purged }}"}
""",
    "a secret alone": """  - uses: chat.dm
    with: {user: ann, text: "${{ secrets.greeting }}"}
""",
    "an apostrophe before a comment": '  - if: inputs.host == "it\'s" # a text\n    stop: {}\n',
    "an open type": "  - if: inputs.host\n    stop: {}\n",
    "a written delimiter": '  - stop: {reason: "$${{ nothing }} happens"}\n',
    "a condition that is written down": "  - if: true\n    stop: {}\n",
}


@pytest.mark.parametrize("steps", READABLE.values(), ids=READABLE.keys())
def test_what_is_certain_may_be_read(steps: str, catalog: Catalog) -> None:
    assert [found.message for found in check(HEAD + steps, catalog)] == []


UNREADABLE = {
    "after a failure that a handler took": (
        f"""  - id: age
    {AGE}    on_failure:
      - set: {{a: 1}}
  - stop: {{reason: "${{{{ steps.age.output.age_days }}}}"}}
""",
        "P213",
    ),
    "in its own handler": (
        f"""  - id: age
    {AGE}    on_failure:
      - stop: {{reason: "${{{{ steps.age.output.age_days }}}}"}}
""",
        "P213",
    ),
    "after a denial that the run outlives": (
        """  - id: purge
    uses: exchange.purge_messages
    with: {messages: [m1]}
    undo: auto
    approve: {by: role:analyst, on_deny: continue}
  - stop: {reason: "${{ steps.purge.output.purged }}"}
""",
        "P213",
    ),
    "out of a group under a condition": (
        """  - if: inputs.ok
    steps:
      - id: age
        uses: whois.domain_age
        with: {domain: a.example}
        outputs: {x: "${{ output.age_days }}"}
  - stop: {reason: "${{ steps.age.outputs.x }}"}
""",
        "P213",
    ),
    "at the end, behind an early stop": (
        f"""  - if: inputs.ok
    stop: {{}}
  - id: age
    {AGE}outputs:
  age: ${{{{ steps.age.output.age_days }}}}
""",
        "P213",
    ),
    "in a last step, after anything": (
        f"""  - id: age
    {AGE}finally:
  - stop: {{reason: "${{{{ steps.age.output.age_days }}}}"}}
""",
        "P213",
    ),
    "in a handler of the playbook": (
        f"""  - id: age
    {AGE}on_failure:
  - stop: {{reason: "${{{{ steps.age.output.age_days }}}}"}}
""",
        "P213",
    ),
    "a step in a handler": (
        f"""  - {AGE}    on_failure:
      - id: told
        set: {{a: 1}}
  - stop: {{reason: "${{{{ steps.told.status }}}}"}}
""",
        "P205",
    ),
    "a step inside a loop": (
        """  - foreach: inputs.names
    steps:
      - id: inner
        set: {a: 1}
  - stop: {reason: "${{ steps.inner.status }}"}
""",
        "P205",
    ),
    "itself": ('  - id: a\n    set: {b: "${{ steps.a.status }}"}\n', "P205"),
    "a later step in needs": ("  - needs: [b]\n    stop: {}\n  - id: b\n    set: {a: 1}\n", "P205"),
    "a field that no step has": (
        '  - id: a\n    set: {b: 1}\n  - stop: {reason: "${{ steps.a.result }}"}\n',
        "P207",
    ),
    "a value that a step does not set": (
        '  - id: a\n    set: {big: 1}\n  - stop: {reason: "${{ steps.a.output.bug }}"}\n',
        "P207",
    ),
    "an element of a batch in its gate": (
        f"  - foreach: inputs.names\n    {AGE}    approve: {{by: role:a, reason: '${{{{ item }}}}'}}\n",
        "P201",
    ),
    "a step by its bare id": ('  - id: age\n    set: {a: 1}\n  - stop: {reason: "${{ age.output }}"}\n', "P201"),
    "an input by its bare name": ('  - stop: {reason: "${{ names[0] }}"}\n', "P201"),
    "a text as a condition": ("  - if: string(run.started_at)\n    set: {a: 1}\n", "P204"),
    "a status as a condition": ("  - id: a\n    set: {b: 1}\n  - if: steps.a.status\n    stop: {}\n", "P204"),
    "a loop's answer as a condition": (
        f"  - id: a\n    foreach: inputs.names\n    {AGE}  - if: steps.a.output\n    stop: {{}}\n",
        "P204",
    ),
    "a secret in the middle of a reason": ('  - stop: {reason: "token ${{ secrets.a }}"}\n', "P206"),
    "a default that names what is not there": (
        "  - stop: {}\ndefaults: {retry: {attempts: 2, when: eror.attempts < 3}}\n",
        "P201",
    ),
    "a default gate that names a step": (
        "  - id: a\n    set: {b: 1}\ndefaults: {approve: {by: role:a, reason: '${{ steps.a.status }}'}}\n",
        "P205",
    ),
    "what stands behind a broken condition": (
        "  - if: inputs.ok &\n    stop: {reason: 'run ${{ run.id }}'}\n",
        "P200",
    ),
    "a broken template in a gated group": (
        """  - approve: role:analyst
    steps:
      - uses: chat.dm
        with: {user: ann, text: "${{ 1 + }}"}
""",
        "P200",
    ),
    "a map as a condition": ("  - if: inputs.table\n    stop: {}\n", "P204"),
    "a number as a condition": ("  - if: size(inputs.names)\n    stop: {}\n", "P204"),
    "an expression as a key": ('  - set: {a: {"${{ run.id }}": 1}}\n', "P200"),
    "a value that is too deep": (f"  - set: {{a: {'[' * 40}{']' * 40}}}\n", "P200"),
    "the steps before they run": ("  - stop: {}\nconcurrency: {key: steps.a.status}\n", "P201"),
}


@pytest.mark.parametrize(("steps", "code"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_not_certain_may_not_be_read(steps: str, code: str, catalog: Catalog) -> None:
    assert codes(HEAD + steps, catalog) == [code]


def test_the_alert_is_certain_where_nothing_else_starts_the_playbook(catalog: Catalog) -> None:
    text = "name: A\nowner: team:a\non: {alert: {source: a}}\nsteps:\n  - stop: {reason: '${{ alert.title }}'}\n"
    assert codes(text, catalog) == []


def test_what_comes_before_a_run_may_read_the_alert(catalog: Catalog) -> None:
    text = HEAD + "  - stop: {}\ndedupe: {key: alert.fingerprint}\n"
    assert codes(text, catalog) == []
    assert codes(HEAD + "  - stop: {}\ncase: {title: A, key: alert.fingerprint}\n", catalog) == ["P212"]


def test_a_gate_on_the_group_covers_the_steps_inside_but_not_its_branches(catalog: Catalog) -> None:
    purge = "uses: exchange.purge_messages\n        with: {messages: [m1]}\n        undo: auto\n"
    text = f"""{HEAD}  - approve:
      by: role:analyst
      on_deny:
        - {purge.replace("        ", "          ")}    steps:
      - {purge}"""
    assert [(found.code, found.path) for found in check(text, catalog)] == [("P401", "steps[0].approve.on_deny[0]")]


def test_a_loop_over_changes_inside_a_gated_group_is_refused(catalog: Catalog) -> None:
    text = f"""{HEAD}  - approve: role:analyst
    steps:
      - foreach: inputs.names
        uses: chat.dm
        with: {{user: "${{{{ item }}}}", text: hello}}
"""
    assert codes(text, catalog) == ["P405"]


def test_the_policy_decides_what_needs_a_gate(catalog: Catalog) -> None:
    text = f"{HEAD}  - uses: chat.dm\n    with: {{user: ann, text: hello}}\n"
    strict = Policy(gates=(GateRule(name="ask-always", when='action.effect != "read"', by=("role:soc-lead",)),))
    assert codes(text, catalog) == []
    assert [(found.code, found.hint) for found in check(text, catalog, strict)] == [
        ("P401", "add `approve: role:soc-lead`")
    ]


@pytest.mark.parametrize(("expires", "expected"), [("2h", []), ("2d", ["P401"]), ("${{ inputs.host }}", ["P401"])])
def test_a_rule_about_expiry_is_held_against_what_is_written(
    expires: str, expected: list[str], catalog: Catalog
) -> None:
    text = f"""{HEAD}  - uses: exchange.purge_messages
    with: {{messages: [m1]}}
    undo: auto
    expires: "{expires}"
"""
    rule = GateRule(name="short-is-free", when='step.expires > duration("24h")', by=("role:analyst",))
    assert codes(text, catalog, Policy(gates=(rule,))) == expected


def test_a_supervised_playbook_with_somebody_to_ask_is_fine(catalog: Catalog) -> None:
    text = f"{HEAD}  - uses: chat.dm\n    with: {{user: ann, text: hello}}\nmode: supervised\n"
    assert codes(text, catalog) == ["P407"]
    assert codes(f"{text}defaults: {{approve: role:analyst}}\n", catalog) == []


def test_what_stands_in_a_branch_is_checked_and_can_be_read_behind_it(catalog: Catalog) -> None:
    text = f"""{HEAD}  - parallel:
      one:
        - id: age
          uses: whois.domain_age
          with: {{domain: 5}}
  - stop: {{reason: "${{{{ steps.age.output.age_days }}}}"}}
"""
    assert codes(text, catalog) == ["P305"]


def test_branches_do_not_see_each_other(catalog: Catalog) -> None:
    text = f"""{HEAD}  - parallel:
      one:
        - id: age
          uses: whois.domain_age
          with: {{domain: example.org}}
      two:
        - stop: {{reason: "${{{{ steps.age.output.age_days }}}}"}}
"""
    assert codes(text, catalog) == ["P205"]


def test_what_a_choice_does_may_not_have_been_done(catalog: Catalog) -> None:
    text = f"""{HEAD}  - choose:
      - when: 1 < 2
        steps:
          - id: age
            uses: whois.domain_age
            with: {{domain: example.org}}
          - set: {{inside: "${{{{ steps.age.output.age_days }}}}"}}
  - set: {{outside: "${{{{ steps.age.output.age_days }}}}"}}
"""
    assert [(found.code, found.path) for found in check(text, catalog)] == [("P213", "steps[1].set.outside")]


@pytest.mark.parametrize(("on_timeout", "expected"), [("stop", []), ("continue", ["P213"])])
def test_an_answer_may_be_missing_only_where_the_run_goes_on_without_it(
    on_timeout: str, expected: list[str], catalog: Catalog
) -> None:
    text = f"""{HEAD}  - id: look
    ask: {{to: role:analyst, question: Is it?, fields: {{it: {{type: bool}}}}, on_timeout: {on_timeout}}}
  - if: steps.look.output.it
    stop: {{}}
"""
    assert codes(text, catalog) == expected


def test_another_playbook_takes_inputs_and_nothing_that_belongs_to_an_action(catalog: Catalog) -> None:
    assert codes(f"{HEAD}  - uses: playbook.freeze-backups\n    with: {{host: a}}\n", catalog) == []
    assert codes(f"{HEAD}  - uses: playbook.freeze-backups\n    retry: 3\n", catalog) == ["P106"]


def test_an_explicit_undo_is_held_against_its_action(catalog: Catalog) -> None:
    text = f"""{HEAD}  - uses: exchange.purge_messages
    with: {{messages: [m1]}}
    approve: role:analyst
    undo: {{uses: exchange.restore_messages, with: {{message: [m1]}}}}
"""
    assert [(found.code, found.path) for found in check(text, catalog)] == [
        ("P304", "steps[0].undo"),
        ("P303", "steps[0].undo.with"),
    ]


def test_alerts_that_runs_raise_can_start_a_playbook(catalog: Catalog) -> None:
    text = "name: A\nowner: team:soc\non: {alert: {source: soar}}\nsteps:\n  - stop: {}\n"
    _, findings = validate_text(
        text, playbook_id="a", file="a.yaml", catalog=catalog, policy=DEFAULT_POLICY, known_sources={"siem"}
    )
    assert "P308" not in {found.code for found in findings}


UNATTENDED = {
    "a schedule gives nothing": ("schedule: {cron: 0 7 * * *}", "from: alert.raw.x", ["P214"]),
    "a schedule is no event": (
        "[{schedule: {cron: 0 7 * * *}}, {event: {type: run.failed}}]",
        "from: event.subject",
        ["P214"],
    ),
    "an event is no alert": ("event: {type: run.failed}", "from: alert.raw.x", ["P214"]),
    "nothing is given at all": ("event: {type: run.failed}", "description: A", ["P214"]),
    "an event gives what it tells": ("event: {type: run.failed}", "from: event.data.reason", []),
    "an event may be absent": (
        "[{schedule: {cron: 0 7 * * *}}, {event: {type: run.failed}}]",
        'from: "default(event.subject, 1)"',
        [],
    ),
    "a default stands in": ("schedule: {cron: 0 7 * * *}", "default: x", []),
    "what may be left out is": ("schedule: {cron: 0 7 * * *}", "required: false", []),
    "the settings are there": ("schedule: {cron: 0 7 * * *}", "from: config.x", []),
    "a person gives it": ("manual: {}", "description: A", []),
    "events stand only where one starts the playbook": ("manual: {}", "from: event.subject", ["P201"]),
}


@pytest.mark.parametrize(("on", "key", "found"), UNATTENDED.values(), ids=UNATTENDED.keys())
def test_an_input_has_a_value_whoever_starts_the_playbook(
    on: str, key: str, found: list[str], catalog: Catalog
) -> None:
    on = on if on.startswith("[") else f"{{{on}}}"
    text = f"name: A\nowner: team:a\non: {on}\ninputs: {{x: {{type: string, {key}}}}}\nsteps:\n  - stop: {{}}\n"
    assert codes(text, catalog) == found
