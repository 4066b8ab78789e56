"""Whatever text comes, the checker answers with a playbook or with findings, soon and in little memory."""

import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from soar.expr import compile_expression
from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.playbook import Finding, load_file, parse_playbook, validate_text
from soar.playbook.document import MAX_BYTES
from soar.policy import DEFAULT_POLICY
from tests.support.bombs import BOMBS, READABLE
from tests.support.cpu import measure_cpu

ROOT = Path(__file__).parents[3]
SEEDS = [
    file.read_text("utf-8") for folder in ("playbooks", "tests") for file in sorted((ROOT / folder).rglob("*.yaml"))
]
SECONDS = 0.2 if sys.gettrace() is None else 2.0  # a coverage tracer slows it manyfold
MEMORY = 64 * 2**20
ROUNDS = 3
FRAGMENTS = st.sampled_from(
    [
        "name: a\n",
        "on: {manual: {}}\n",
        "on:\n  alert: {source: a, match: alert.kind}\n",
        "inputs:\n  a: {type: string}\n",
        "steps:\n",
        "  - ",
        "    ",
        "uses: chat.dm\n",
        "with: {text: ${{ inputs.a }}}\n",
        "if: ",
        "approve: role:analyst\n",
        "approve:\n",
        "on_deny:\n",
        "foreach: {in: a, as: b}\n",
        "set: {a: 1}\n",
        "stop:\n",
        "${{ ",
        " }}",
        "steps.a.output",
        "&a ",
        "*a",
        "!b ",
        ": ",
        "\n",
        "'",
        '"',
        "[",
        "{",
        "- ",
        "| \n",
        "# c\n",
        "<<: ",
        "---\n",
        "x-a: 1\n",
        "30",
        "1h",
        "\t",
        "é",
        "\u2028",
        "\x85",
        "\ufeff",
        "\0",
        "\r",
        "\ud800",
        "? ",
        "foreach: {in: '${{', max_items: 1e9}\n",
        "matches(alert.raw, '((')",
        "on_failure: continue\n",
        "undo: auto\n",
    ]
)


def check(text: str, catalog: Catalog) -> tuple[Playbook | None, list[Finding]]:
    return validate_text(
        text, playbook_id="any", file="any.yaml", catalog=catalog, policy=DEFAULT_POLICY, known_sources=("wazuh",)
    )


def assert_is_answer(text: str, playbook: Playbook | None, findings: list[Finding]) -> None:
    """Hold an answer to what its readers rely on."""
    assert playbook is not None or findings
    assert findings == sorted(findings, key=lambda found: (found.line, found.column, found.code))
    for found in findings:
        assert 1 <= found.line <= len(text) + 2
        assert found.column >= 1
        assert "\n" not in found.message + (found.hint or "")


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_no_text_keeps_the_checker_busy(text: str, catalog: Catalog) -> None:
    assert len(text.encode("utf-8", "surrogatepass")) <= MAX_BYTES
    durations: list[float] = []
    while len(durations) < ROUNDS and min(durations, default=SECONDS) >= SECONDS:
        compile_expression.cache_clear()
        (playbook, findings), duration = measure_cpu(lambda: check(text, catalog))
        durations.append(duration)
        assert_is_answer(text, playbook, findings)
        assert len(findings) <= 400
    assert min(durations) < SECONDS


@pytest.mark.parametrize("text", READABLE.values(), ids=READABLE.keys())
def test_no_text_takes_much_memory(text: str, catalog: Catalog) -> None:
    compile_expression.cache_clear()
    tracemalloc.start()
    try:
        check(text, catalog)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY


@given(st.one_of(st.text(), st.lists(FRAGMENTS, max_size=30).map("".join)))
@example("on: {alert: [")
@example("{0")
@example("steps: [{approve: {on_deny: [{}]}}]")
@example("name: a\non: {manual: {}}\nsteps:\n  - foreach: {in: '[]', as: 7}\n    needs: {a: b}\n    uses: {}\n")
@example("name: a\non: {manual: {}}\nsteps: [{set: {a: '${{ ' }}, {stop: [${{]}]\n")
def test_any_text_gives_a_playbook_or_findings(catalog: Catalog, text: str) -> None:
    _, findings = parse_playbook(text, playbook_id="any", file="any.yaml")
    checked, all_findings = check(text, catalog)
    assert_is_answer(text, checked, all_findings)
    assert {(found.code, found.line) for found in findings} <= {(found.code, found.line) for found in all_findings}


@given(st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-16", "surrogatepass"))))
@example(b"\xff\xfen\x00")
@example(b"\xef\xbb\xbfname: a\n")
@example(b"name: \xed\xa0\x80\n")
def test_any_bytes_give_a_playbook_or_findings(
    catalog: Catalog, tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any-bytes.yaml"
    file.write_bytes(content)
    loaded = load_file(file, catalog=catalog, policy=DEFAULT_POLICY)
    assert_is_answer(content.decode("latin-1"), loaded.playbook, [*loaded.findings])


@given(st.data())
def test_a_playbook_with_something_cut_out_or_put_in_gives_a_playbook_or_findings(
    catalog: Catalog, data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from(SEEDS), label="playbook")
    for _ in range(data.draw(st.integers(1, 3), label="changes")):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 200))
        text = text[:start] + data.draw(FRAGMENTS) + text[start + length :]
    assert_is_answer(text, *check(text, catalog))


@given(st.sampled_from(SEEDS), st.sampled_from(SEEDS), st.integers(0, 100), st.integers(0, 100))
def test_two_playbooks_joined_line_by_line_give_a_playbook_or_findings(
    catalog: Catalog, one: str, other: str, end: int, start: int
) -> None:
    text = "\n".join((*one.split("\n")[:end], *other.split("\n")[start:]))
    assert_is_answer(text, *check(text, catalog))
