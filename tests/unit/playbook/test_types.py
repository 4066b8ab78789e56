"""What the checker takes for certain of types, and what it keeps quiet about."""

import pytest

from soar.model.catalog import Catalog
from soar.playbook import Finding, validate_text
from soar.policy import DEFAULT_POLICY

HEAD = """name: A
owner: team:soc
on: {alert: {source: wazuh}}
inputs:
  names: {type: list<string>}
  limit: {type: int}
  ratio: {type: number}
  wait: {type: duration, default: 24h}
  since: {type: timestamp, default: "${{ now() }}"}
  ip: {type: ip, from: "default(alert.raw.src, alert.raw.dst)", default: 192.0.2.1}
  link: {type: url?, from: alert.url, default: null}
  note: {type: string, required: false}
  level: {type: string, enum: [low, high], default: low}
  table: {type: map<int>, default: {a: 1}}
  thing: {type: any, default: [1, a, null]}
vars:
  weights: {low: 1, high: 2.5}
  protected: [a@corp.example, b@corp.example]
steps:
"""


def check(steps: str, catalog: Catalog, head: str = HEAD) -> list[Finding]:
    _, findings = validate_text(head + steps, playbook_id="a", file="a.yaml", catalog=catalog, policy=DEFAULT_POLICY)
    return findings


def say(expression: str) -> str:
    """Return a step that gives an expression's value to nobody who wants a type."""
    return f"""  - id: files
    foreach: {{in: inputs.names, as: file}}
    uses: virustotal.file_report
    with: {{hash: "${{{{ file }}}}"}}
  - id: copies
    uses: exchange.search_messages
    with: {{internet_message_id: a, since: "${{{{ now() - inputs.wait }}}}"}}
  - id: tickets
    uses: jira.search
    with: {{jql: project = CHG}}
    outputs: {{first: "${{{{ output.issues[0].key }}}}", count: "${{{{ size(output.issues) }}}}"}}
  - id: hits
    uses: jira.search
    with: {{jql: project = CHG}}
  - id: verdict
    set: {{bad: "${{{{ steps.files.output.filter(f, f.malicious > 2).map(f, f.hash) }}}}", text: "a ${{{{ run.id }}}}"}}
  - id: last
    set:
      value: >-
        ${{{{ {expression} }}}}
"""


SILENT = (
    "inputs.link.size() > 3",
    "inputs.note + 'a'",
    "default(inputs.link, 'none').size()",
    "inputs.link != null && inputs.link.contains('a')",
    "inputs.thing.whatever + 1",
    "config.networks.inside[0] + 1",
    "alert.raw.rule.level >= 12 && has(alert.raw.data.srcip)",
    "alert.entities.hosts[0] + alert.labels.team",
    "alert.time > now() - inputs.wait",
    "inputs.limit + inputs.ratio > 2.5 && inputs.ratio == 3",
    "string(inputs.ip) == '192.0.2.1' && is_private(inputs.ip)",
    "'/' + inputs.ip + '/' + inputs.names[0]",
    "inputs.table.a + 1 > 2 && 'a' in inputs.table",
    "vars.weights.high * 2 > 1.0 && !('a' in vars.protected)",
    "vars.weights[inputs.level] > 1",
    "steps.files.output[0].malicious > 1",
    "steps.files.items[0].status == 'failed' && steps.files.items[0].error.code == 'timeout'",
    "default(steps.files.items[0].output.malicious, 0) > 1",
    "steps.copies.output.messages.join(', ') + steps.copies.status",
    "steps.copies.finished_at - steps.copies.started_at > duration('5m')",
    "default(steps.copies.expires_at, null) == null",
    "default(steps.copies.error.message, 'fine').size()",
    "default(steps.copies.output, {}).anything",
    "default(json(steps.copies.output.messages), 'no answer')",
    "steps.tickets.output.first + steps.tickets.outputs.first",
    "steps.tickets.output.count + 1",
    "steps.verdict.output.bad.join('') + steps.verdict.output.text",
    "case(inputs.limit > 1, 'a', 2)",
    "run.started_at + inputs.wait < now() && default(run.case, '') == ''",
    "inputs.names.map(n, {'name': n})[0].name",
    "from_json(inputs.names[0]).anything.at.all > 3",
    "[1, 'a', null][0] + 1",
)


@pytest.mark.parametrize("expression", SILENT)
def test_what_may_go_well_is_no_finding(expression: str, catalog: Catalog) -> None:
    assert [(found.code, found.message) for found in check(say(expression), catalog)] == []


CERTAIN = (
    ("steps.files.output[0].malicous > 1", "P209", "did you mean `malicious`?"),
    ("steps.files.output.malicious > 1", "P209", None),
    ("has(steps.copies.output.cuont)", "P209", "did you mean `count`?"),
    ("steps.tickets.output.frist", "P209", "did you mean `first`?"),
    ("steps.tickets.outputs.frist", "P209", "did you mean `first`?"),
    ("steps.hits.output.issues[0].id", "P209", "it has key"),
    ("steps.files.items[0].outptu", "P209", "did you mean `output`?"),
    ("vars.weights.hihg", "P209", "did you mean `high`?"),
    ("vars.protected + 'a'", "P208", "write string(…) around the other"),
    ("inputs.link + 1", "P208", "write string(…) around the other"),
    ("inputs.ip == '192.0.2.1'", "P208", "convert one of them, such as string(…)"),
    ("alert.time > inputs.wait", "P208", None),
    ("run.started_at == run.id", "P208", "convert one of them, such as string(…)"),
    ("steps.verdict.output.bad[0] + 1", "P208", "write string(…) around the other"),
    ("steps.copies.approval.outcome == 1", "P208", "convert one of them, such as string(…)"),
    ("alert.entities.hosts.lowerAscii()", "P208", None),
    ("inputs.limit in inputs.names", "P208", "convert one of them, such as string(…)"),
)


@pytest.mark.parametrize(("expression", "code", "hint"), CERTAIN, ids=[source for source, *_ in CERTAIN])
def test_what_must_go_wrong_is_a_finding(expression: str, code: str, hint: str | None, catalog: Catalog) -> None:
    assert [(found.code, found.hint) for found in check(say(expression), catalog)] == [(code, hint)]


LOOPS = (
    ("  - foreach: inputs.names\n    set: {a: '${{ item.size() + item_index }}'}\n", []),
    ("  - foreach: {in: inputs.names, as: name}\n    set: {a: '${{ name + 1 }}'}\n", ["P208"]),
    ("  - foreach: inputs.thing\n    set: {a: '${{ item.anything }}'}\n", []),
    ("  - foreach: inputs.names\n    if: inputs.limit > 1\n    set: {a: '${{ item }}'}\n", []),
    (
        """  - foreach: inputs.names
    steps:
      - foreach: '[1, 2]'
        approve: {by: role:analyst, reason: 'About ${{ item + "a" }}'}
        set: {a: '${{ item + 1 }}'}
""",
        [],
    ),
    (
        """  - foreach: '[1, 2]'
    approve: {by: role:analyst, per: item, reason: 'About ${{ item + "a" }}'}
    set: {a: 1}
""",
        ["P208"],
    ),
    ("  - foreach: '[1, 2]'\n    set: {a: 1}\n    on_failure:\n      - set: {b: '${{ item + 1 }}'}\n", []),
    (
        """  - id: a
    set: {b: 1}
    on_failure:
      - set: {c: '${{ error.attempts + 1 }}', d: '${{ error.attempts + error.code }}'}
""",
        ["P208"],
    ),
)


@pytest.mark.parametrize(("steps", "expected"), LOOPS)
def test_an_element_has_the_type_of_its_list_where_it_stands(steps: str, expected: list[str], catalog: Catalog) -> None:
    assert [found.code for found in check(steps, catalog)] == expected


FITTING = (
    '{uses: exchange.search_messages, with: {internet_message_id: a, since: "${{ now() }}"}}',
    '{uses: exchange.search_messages, with: {internet_message_id: "${{ inputs.ip }}", sender: "${{ inputs.wait }}"}}',
    '{uses: exchange.search_messages, with: {internet_message_id: "${{ inputs.link }}"}}',
    '{uses: jira.search, with: {jql: a, limit: "${{ inputs.ratio }}"}}',
    '{uses: chat.dm, with: {user: "${{ secrets.name }}", text: "${{ inputs.limit }} of ${{ inputs.link }}"}}',
    '{approve: {by: role:a, quorum: "${{ case(inputs.limit > 1, 2, 1) }}"}}',
    '{foreach: "inputs.thing", set: {a: 1}}',
    '{foreach: "default(inputs.thing, [])", set: {a: 1}}',
)


@pytest.mark.parametrize("step", FITTING)
def test_what_fits_where_it_stands_is_no_finding(step: str, catalog: Catalog) -> None:
    assert [(found.code, found.message) for found in check(f"  - {step}\n", catalog)] == []


MISFITS = (
    (
        '{uses: exchange.purge_messages, with: {messages: "${{ [1] }}"}, undo: auto, approve: role:a}',
        "`exchange.purge_messages` wants a list in which each is a string, and this is a list in which each is an int",
    ),
    (
        '{uses: chat.dm, with: {user: ann, text: "${{ inputs.table }}"}}',
        "`chat.dm` wants a string, and this is a map",
    ),
    (
        '{uses: chat.dm, with: {user: ann, text: "${{ null }}"}}',
        "`chat.dm` wants a string, and this is null",
    ),
    (
        '{approve: {by: role:a, quorum: "${{ inputs.limit }} people"}}',
        "`quorum` wants an int, and this is a string",
    ),
)


@pytest.mark.parametrize(("step", "message"), MISFITS, ids=[step for step, _ in MISFITS])
def test_what_does_not_fit_where_it_stands_is_a_finding(step: str, message: str, catalog: Catalog) -> None:
    assert [(found.code, found.message) for found in check(f"  - {step}\n", catalog)] == [("P211", message)]


INPUTS = (
    ("{type: timestamp, from: alert.time}", []),
    ("{type: timestamp, from: alert.title}", []),
    ("{type: string, from: alert.time}", ["P211"]),
    ("{type: int, from: alert.title}", ["P211"]),
    ("{type: number, from: size(alert.title)}", []),
    ("{type: object, from: alert.labels}", []),
    ("{type: list<ip>, from: alert.entities.ips}", []),
    ("{type: list<int>, from: alert.entities.ips}", ["P211"]),
    ('{type: map<int>, from: \'{"a": "b"}\'}', ["P211"]),
    ("{type: string, default: {a: b}}", ["P211"]),
    ("{type: string, default: 1, required: false}", ["P211"]),
    ("{type: string, default: null, required: false}", []),
    ("{type: ip, default: 10.0.0.256}", ["P211"]),
    ("{type: timestamp, default: '2026-11-21T09:00:00'}", ["P211"]),
    ("{type: timestamp, default: '2026-11-21T09:00:00Z'}", []),
    ("{type: bool, default: '${{ 1 }}'}", ["P211"]),
    ("{type: list<duration>, default: [1h, '${{ duration(\"2h\") }}']}", []),
    ("{type: list<duration>, enum: [[1h], [soon]]}", ["P211"]),
)


@pytest.mark.parametrize(("declared", "expected"), INPUTS)
def test_an_inputs_values_are_held_against_its_type(declared: str, expected: list[str], catalog: Catalog) -> None:
    head = f"name: A\nowner: team:a\non: {{alert: {{source: a}}}}\ninputs:\n  x: {declared}\nsteps:\n"
    assert [found.code for found in check("  - stop: {}\n", catalog, head)] == expected


def test_steps_that_double_their_output_each_are_checked_all_the_same(catalog: Catalog) -> None:
    steps = ["  - id: a0\n    set: {x: 1}\n", "  - id: b0\n    set: {x: 1}\n"]
    for number in range(1, 90):
        for name in "ab":
            last = f"steps.{name}{number - 1}.output"
            steps.append(f'  - id: {name}{number}\n    set: {{x: "${{{{ {last} }}}}", y: "${{{{ {last} }}}}"}}\n')
    steps.append('  - stop: {reason: "${{ size([steps.a89.output, steps.b89.output]) }}"}\n')
    assert check("".join(steps), catalog) == []


def test_only_the_beginning_of_a_long_list_is_looked_at(catalog: Catalog) -> None:
    head = HEAD.replace("vars:\n", f"vars:\n  many: {[1] * 101}\n  few: {[1] * 100}\n")
    steps = "  - set: {a: '${{ vars.many[0] + \"a\" }}', b: '${{ vars.few[0] + \"a\" }}'}\n"
    assert [found.path for found in check(steps, catalog, head)] == ["steps[0].set.b"]


BROKEN = (
    "  - foreach: inputs.names +\n    set: {a: '${{ item.x }}'}\n",
    "  - id: a\n    set: {b: '${{ 1 + }}'}\n  - stop: {reason: '${{ steps.a.output.b + 1 }}'}\n",
    "  - stop: {}\noutputs: {a: '${{ 1 + }}'}\n",
)


@pytest.mark.parametrize("steps", BROKEN)
def test_what_cannot_be_read_is_told_once(steps: str, catalog: Catalog) -> None:
    assert [found.code for found in check(steps, catalog)] == ["P200"]


def test_an_input_whose_source_cannot_be_read_is_told_once(catalog: Catalog) -> None:
    head = HEAD.replace("from: alert.url", "from: alert.")
    assert [found.code for found in check("  - stop: {}\n", catalog, head)] == ["P200"]


def test_what_is_written_down_has_its_type(catalog: Catalog) -> None:
    head = HEAD.replace("vars:\n", "vars:\n  on: true\n  none: null\n  deep: {a: [{b: 1}]}\n")
    wrong = ("vars.on + 1", "vars.none + 1", "vars.deep.a[0].c", "vars.weights.high + 'a'")
    values = ", ".join(f'v{number}: "${{{{ {source} }}}}"' for number, source in enumerate(wrong))
    steps = f"  - set: {{{values}, v9: '${{{{ vars.on && vars.deep.a[0].b > 1 }}}}'}}\n"
    assert [found.code for found in check(steps, catalog, head)] == ["P208", "P208", "P209", "P208"]


def test_a_map_fits_where_its_values_do(catalog: Catalog) -> None:
    head = "name: A\nowner: team:a\non: {alert: {source: a}}\ninputs:\n"
    head += "  a: {type: map<int>, from: '{\"a\": 1}'}\n  b: {type: map<int>, from: alert.labels}\n"
    head += "  c: {type: 'map<list<int>>', default: {x: ['${{ 1 }}', '${{ \"a\" }}']}}\nsteps:\n"
    found = check("  - stop: {}\n", catalog, head)
    assert [(each.path, each.code) for each in found] == [
        ("inputs.b.from", "P211"),
        ("inputs.c.default.x[1]", "P211"),
    ]
