"""Values that go into queries, and into the reasons that approvers read."""

import pytest

from soar.model.catalog import ActionSpec, Catalog, ConnectorSpec, Effect, Language, Repeat
from soar.model.values import JsonValue
from soar.playbook import Finding, Severity, validate_text
from soar.policy import DEFAULT_POLICY

HEAD = """name: A
owner: team:soc
on: {alert: {source: wazuh}}
inputs:
  host: {type: hostname}
  hosts: {type: list<string>}
  limit: {type: int}
  query: {type: string}
  title: {type: string, from: alert.title}
  address: {type: ip, from: alert.raw.ip}
  digest: {type: list<sha256>, from: alert.raw.digests}
  level: {type: string, from: alert.raw.level, enum: [low, high]}
vars:
  index: main
  said: Somebody said ${{ alert.title }}
steps:
"""


def find(steps: str, catalog: Catalog) -> list[Finding]:
    _, findings = validate_text(HEAD + steps, playbook_id="a", file="a.yaml", catalog=catalog, policy=DEFAULT_POLICY)
    return findings


def search(query: str) -> str:
    return f"  - uses: jira.search\n    with:\n      jql: >-\n        {query}\n"


HARMLESS = (
    "project = CHG",
    'text ~ "${{ jql(inputs.host) }}"',
    'text ~ "${{ jql(inputs.host + inputs.title) }}" AND size > ${{ inputs.limit }}',
    'ip = ${{ inputs.address }} AND created > "${{ now() }}"',
    'text ~ "${{ default(jql(inputs.host), "none") }}"',
    'text ~ "${{ case(inputs.limit > 1, jql(inputs.host), "a" + jql(inputs.title)) }}"',
    'host in ("${{ inputs.hosts.map(h, jql(h)).join("\\", \\"") }}")',
    'host in ("${{ [jql(inputs.host), "a"].join(", ") }}")',
    "${{ inputs.query }}",
    "${{ default(inputs.query, vars.index) }}",
)


@pytest.mark.parametrize("query", HARMLESS)
def test_what_is_harmless_in_a_query_is_no_finding(query: str, catalog: Catalog) -> None:
    assert [(found.code, found.message) for found in find(search(query), catalog)] == []


HARMFUL = (
    ('text ~ "${{ inputs.host }}"', "`inputs.host` goes into a JQL text unquoted", "write jql(…)"),
    ('text ~ "${{ jql(inputs.host) + inputs.title }}"', "`jql(inputs.host) + inputs.title` goes", "write jql(…)"),
    (
        'text ~ "${{ default(jql(inputs.host), vars.index) }}"',
        "`default(jql(inputs.host), vars.index)`",
        "write jql(…)",
    ),
    ('host in (${{ inputs.hosts.join(", ") }})', '`inputs.hosts.join(", ")` goes', "write jql(…)"),
    ('${{ "text ~ " + inputs.host }}', '`"text ~ " + inputs.host` goes', "write the query down with jql(…)"),
    ("${{ inputs.title }}", "`inputs.title` goes", "write the query down with jql(…)"),
)


@pytest.mark.parametrize(("query", "message", "hint"), HARMFUL, ids=[query for query, *_ in HARMFUL])
def test_what_breaks_out_of_a_query_is_a_warning(query: str, message: str, hint: str, catalog: Catalog) -> None:
    (found,) = find(search(query), catalog)
    assert (found.code, found.severity) == ("P504", Severity.WARNING)
    assert found.message.startswith(message)
    assert (found.hint or "").startswith(hint)


def install(schema: JsonValue) -> Catalog:
    """Return a catalog with one action, whose parameter `query` has this schema."""
    action = ActionSpec(
        connector="siem",
        name="search",
        title="Search",
        effect=Effect.READ,
        repeat=Repeat.SAFE,
        parameters={"type": "object", "properties": {"query": schema}},
        result={},
    )
    spec = ConnectorSpec(
        id="siem",
        title="SIEM",
        version="1.0.0",
        digest="sha256:00",
        docs="",
        hosts=(),
        secrets=(),
        settings={},
        actions={"search": action},
        has_simulator=False,
        is_channel=False,
    )
    return Catalog({"siem": spec})


def ask(value: str, catalog: Catalog) -> list[str]:
    steps = f"  - uses: siem.search\n    with: {{query: 'a = ${{{{ {value} }}}}'}}\n"
    return [found.code for found in find(steps, catalog)]


@pytest.mark.parametrize("language", [one for one in Language if one is not Language.QUERY_STRING])
def test_each_language_has_its_own_function(language: Language) -> None:
    catalog = install({"type": "string", "x-language": language.value})
    other = Language.KQL if language is Language.JQL else Language.JQL
    assert ask(f"{language}(inputs.host)", catalog) == []
    assert ask(f"{other}(inputs.host)", catalog) == ["P504"]
    assert ask("inputs.host", catalog) == ["P504"]


def test_no_function_makes_a_value_harmless_in_a_query_string() -> None:
    catalog = install({"type": "string", "x-language": "query_string"})
    assert ask("jql(inputs.host)", catalog) == ["P504"]
    assert ask("inputs.limit", catalog) == []


@pytest.mark.parametrize("schema", [{"type": "string", "x-language": "cypher"}, {"type": "string"}, True])
def test_of_a_language_that_is_not_known_nothing_is_said(schema: JsonValue) -> None:
    assert ask("inputs.host", install(schema)) == []


def test_a_language_may_be_that_of_one_form_of_a_parameter() -> None:
    text: JsonValue = {"type": "string", "x-language": "kql"}
    assert ask("inputs.host", install({"anyOf": [text, {"type": "null"}]})) == ["P504"]
    steps = "  - uses: siem.search\n    with: {query: ['a', 'b = ${{ inputs.host }}']}\n"
    assert [found.path for found in find(steps, install({"type": "array", "items": text}))] == [
        "steps[0].with.query[1]"
    ]


REASONS = (
    ("${{ inputs.title }}", ["P505"]),
    ("'${{ inputs.title }} / ${{ alert.raw.user }}'", ["P505"]),
    ("${{ vars.said }}", ["P505"]),
    ("${{ steps.said.output.text }}", ["P505"]),
    ("${{ inputs.title }} on ${{ inputs.host }}", []),
    ("'${{ inputs.title }}: ${{ inputs.host }}'", []),
    ("${{ alert.kind }}", []),
    ("${{ alert.received_at }}", []),
    ("${{ inputs.address }}", []),
    ("${{ inputs.digest }}", []),
    ("${{ inputs.level }}", []),
    ("${{ size(inputs.title) }}", []),
    ("${{ inputs.query }}", []),
    ("${{ run.id }}", []),
)


@pytest.mark.parametrize(("reason", "expected"), REASONS)
def test_a_reason_needs_a_word_of_its_author(reason: str, expected: list[str], catalog: Catalog) -> None:
    steps = f"""  - id: said
    set: {{text: "${{{{ alert.raw.text }}}}"}}
  - approve:
      by: role:analyst
      reason: {reason}
"""
    findings = find(steps, catalog)
    assert [found.code for found in findings] == expected
    assert all(found.severity is Severity.WARNING for found in findings)


def test_the_reason_of_a_stop_is_read_by_nobody_who_decides(catalog: Catalog) -> None:
    assert find("  - stop: {reason: '${{ inputs.title }}'}\n", catalog) == []
