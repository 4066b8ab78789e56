"""The schema is what the parser knows: it takes what is good, and refuses what a look at the shape can refuse."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from soar.model.catalog import Catalog
from soar.model.values import JsonValue
from soar.playbook import Mapping, grammar, read_document
from soar.playbook.parse import read_draft
from soar.playbook.schema import build_schema
from tests.support.examples import EXAMPLES, load_catalog

MISTAKES = Path(__file__).parent / "mistakes"
STRUCTURAL = (
    "action-without-connector",
    "channel-without-kind",
    "half-an-expression",
    "hyphen-in-id",
    "jinja-braces",
    "missing-parameter",
    "misspelt-from",
    "name-is-a-number",
    "no-attempts",
    "no-name",
    "nobody-decides",
    "nothing-to-do",
    "number-for-text",
    "other-major",
    "principal-without-kind",
    "quorum-of-nobody",
    "retries-under-retry",
    "silence-approves",
    "steps-is-a-map",
    "timeout-without-unit",
    "two-kinds",
    "unknown-action",
    "unknown-connector",
    "unknown-mode",
    "unknown-parameter",
    "unknown-type",
    "with-on-set",
    "yes-is-a-text",
)
DOUBTFUL = ("no-owner", "no-way-back", "write-fails-unseen")


def validate(schema: JsonValue, text: str) -> list[str]:
    root, _ = read_document(text, "a.yaml")
    assert root is not None
    assert isinstance(schema, dict)
    return [error.json_path for error in Draft202012Validator(schema).iter_errors(root.to_plain())]


@pytest.fixture(scope="module")
def schema(catalog: Catalog) -> JsonValue:
    return build_schema(catalog)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(build_schema(load_catalog()))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_a_good_playbook_fits(file: Path) -> None:
    assert validate(build_schema(load_catalog()), file.read_text("utf-8")) == []


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_doubtful_playbook_fits(name: str, schema: JsonValue) -> None:
    assert validate(schema, (MISTAKES / f"{name}.yaml").read_text("utf-8")) == []


@pytest.mark.parametrize("name", STRUCTURAL)
def test_a_mistake_of_shape_is_refused(name: str, schema: JsonValue) -> None:
    assert validate(schema, (MISTAKES / f"{name}.yaml").read_text("utf-8"))


@pytest.mark.parametrize("file", sorted(MISTAKES.glob("*.yaml")), ids=lambda file: file.stem)
def test_what_the_checker_takes_the_schema_takes(file: Path, schema: JsonValue) -> None:
    """No document is refused by the schema alone: where it finds something, so does the parser or the checker."""
    text = file.read_text("utf-8")
    root, findings = read_document(text, file.name)
    if root is None or findings or not isinstance(root, Mapping):
        return
    is_refused = bool(validate(schema, text))
    codes = {line[2:6] for line in text.splitlines() if line.startswith("# P")}
    assert not is_refused or any(not code.startswith("P5") for code in codes)


def list_objects(schema: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """Yield every map of known keys in a schema, but for the connectors' own."""
    if isinstance(schema, list):
        for inner in schema:
            yield from list_objects(inner)
    if not isinstance(schema, dict):
        return
    if schema.get("additionalProperties") is False and "properties" in schema:
        yield schema
    for inner in schema.values():
        yield from list_objects(inner)


TABLES = [table for name, table in vars(grammar).items() if name.isupper() and not isinstance(table, tuple)]


def test_the_schema_has_the_parsers_keys_and_none_besides() -> None:
    objects = list(list_objects(build_schema(Catalog({}))))
    found = {frozenset(each["properties"]) for each in objects if isinstance(each["properties"], dict)}
    parts = (grammar.STEP, grammar.KINDS, grammar.USES, grammar.PARALLEL, grammar.CHOOSE)
    step = frozenset(key for part in parts for key in part)
    assert found == {step, *(frozenset(table) for table in TABLES if not any(table is part for part in parts))}


def test_every_key_says_what_it_holds() -> None:
    for each in list_objects(build_schema(Catalog({}))):
        assert isinstance(each["properties"], dict)
        for value in each["properties"].values():
            assert isinstance(value, dict)
            assert str(value["description"]).endswith((".", "…"))


@pytest.mark.parametrize("key", sorted(grammar.PLAYBOOK))
def test_a_key_of_the_schema_is_known_to_the_parser(key: str) -> None:
    draft = read_draft(f"{key}: 1\nzzz: 1\n", playbook_id="a", file="a.yaml")
    unknown = [finding.message for finding in draft.findings if finding.code == "P101"]
    assert unknown == ["unknown key `zzz`"]


@pytest.mark.parametrize("key", sorted({*grammar.STEP, *grammar.KINDS, *grammar.USES, "fail_fast", "else"}))
def test_a_key_of_a_step_is_known_to_the_parser(key: str) -> None:
    draft = read_draft(f"steps: [{{{key}: 1, zzz: 1}}]\n", playbook_id="a", file="a.yaml")
    unknown = [finding.message for finding in draft.findings if finding.code == "P101"]
    assert unknown == ["unknown key `zzz`"]


HEAD = "name: A\non: {manual: {}}\nsteps:\n"


@pytest.mark.parametrize(
    "step",
    [
        "{uses: chat.dm, with: {user: '${{ inputs.x }}', text: a}}",
        "{uses: chat.dm@1, with: {user: a, text: a}, x-mine: [1]}",
        "{uses: playbook.other, with: {anything: 1}}",
        "{uses: exchange.purge_messages, with: {messages: '${{ x }}', mode: soft_delete}, approve: role:analyst}",
        "{uses: exchange.purge_messages, with: {messages: [a, '${{ x }}']}, undo: auto, expires: '${{ x }}'}",
        "{uses: exchange.purge_messages, with: {messages: [a]}, verify: auto}",
        "{uses: exchange.purge_messages, with: {messages: [a]}, verify: {attempts: 3, every: 1m, timeout: 1h}}",
        "{uses: chat.dm, with: {user: a, text: a}, verify: {uses: jira.search, with: {jql: a}, until: output.x}}",
        "{parallel: {a: [{stop: {}}], b: []}, fail_fast: true}",
        "{choose: [{when: 'true', steps: []}], else: []}",
        "{wait: 5m}",
        "{wait: {until: now()}}",
        "{wait: {for: {event: run.failed}, timeout: 1h}}",
        "{ask: {to: role:analyst, question: Why?, fields: {a: {}}}}",
        "{fail: no}",
        "{approve: {by: [role:a, 'user:a@b.example'], quorum: '${{ x }}'}}",
        "{if: true, foreach: inputs.x, set: {a: 1}}",
    ],
)
def test_a_step_that_the_parser_takes_fits(step: str, schema: JsonValue) -> None:
    text = f"{HEAD}  - {step}\n"
    assert not [found for found in read_draft(text, playbook_id="a", file="a.yaml").findings if found.code < "P200"]
    assert validate(schema, text) == []


@pytest.mark.parametrize(
    "step",
    [
        "{uses: chat.dm, with: {user: a}}",
        "{uses: chat.dm, with: {user: 1, text: a}}",
        "{uses: chat.dm}",
        "{uses: chat.dm@7, with: {user: a, text: a}}",
        "{uses: exchange.purge_messages, with: {messages: [], mode: fast}}",
        "{uses: exchange.purge_messages, with: {messages: []}, undo: {uses: chat.dm, with: {}}}",
        "{uses: exchange.purge_messages, with: {messages: []}, verify: {until: output.x}}",
        "{uses: exchange.purge_messages, with: {messages: []}, verify: {uses: jira.search, with: {jql: a}}}",
        "{uses: playbook.other, verify: auto}",
        "{uses: playbook.other, retry: 3}",
        "{stop: {}, retry: 3}",
        "{stop: {}, else: []}",
        "{wait: {until: now(), for: {event: run.failed}, timeout: 1h}}",
        "{wait: {until: now(), timeout: 1h}}",
        "{wait: 5}",
        "{parallel: {}}",
        "{approve: {by: []}}",
        "{if: '${{ a }} == ${{ b }}', stop: {}}",
        "{needs: null, stop: {}}",
    ],
)
def test_a_step_that_is_refused_is_refused_by_the_schema(step: str, schema: JsonValue) -> None:
    assert validate(schema, f"{HEAD}  - {step}\n")


def test_an_action_says_what_it_is_and_does(schema: JsonValue) -> None:
    assert isinstance(schema, dict)
    uses = schema["$defs"]["uses"]["anyOf"]
    purge = next(each for each in uses if each.get("const") == "exchange.purge_messages")
    assert purge["description"] == "purge_messages (destructive)."
