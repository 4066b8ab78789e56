import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from soar.model.catalog import Catalog
from soar.playbook import (
    Mapping,
    Scalar,
    Sequence,
    Style,
    join_path,
    parse_playbook,
    print_path,
    read_document,
    validate_text,
    walk_spots,
)
from soar.playbook.document import MAX_BYTES
from soar.policy import DEFAULT_POLICY

SHIPPED = Path(__file__).parents[3] / "playbooks" / "phishing-triage.yaml"

SCALARS = {
    "true": True,
    "false": False,
    "null": None,
    "": None,
    "0": 0,
    "-7": -7,
    "1.5": 1.5,
    "1e3": 1000.0,
    "9223372036854775807": 2**63 - 1,
    '"true"': "true",
    "'12'": "12",
    "yes": "yes",
    "on": "on",
    "NO": "NO",
    "True": "True",
    "~": "~",
    "010": "010",
    "0x1F": "0x1F",
    "1_000": "1_000",
    "12:30": "12:30",
    ".5": ".5",
    ".inf": ".inf",
    "2026-11-21": "2026-11-21",
    "=": "=",
}


@pytest.mark.parametrize(("written", "meant"), SCALARS.items())
def test_a_scalar_means_what_yaml_1_2_says(written: str, meant: object) -> None:
    root, findings = read_document(f"x: {written}\n", "a.yaml")
    assert findings == []
    assert root is not None
    plain = root.to_plain()
    assert plain == {"x": meant}
    assert isinstance(plain, dict)
    assert type(plain["x"]) is type(meant)


def test_a_key_that_yaml_1_1_takes_for_true_stays_a_text() -> None:
    root, _ = read_document("on: 1\nyes: 2\n12: 3\n", "a.yaml")
    assert root is not None
    assert root.to_plain() == {"on": 1, "yes": 2, "12": 3}


def test_every_node_knows_where_it_stands() -> None:
    text = "a:\n  - b\n  - {é: 'c'}\nd: >-\n  e\n  f\n"
    root, findings = read_document(text, "a.yaml")
    assert findings == []
    assert isinstance(root, Mapping)
    places = {print_path(spot.path): (spot.line, spot.column) for spot in walk_spots(root)}
    assert places == {"a": (1, 1), "a[0]": (2, 5), "a[1]": (3, 5), "a[1].é": (3, 6), "d": (4, 1)}
    sequence = root.entries[0].value
    assert isinstance(sequence, Sequence)
    folded = root.entries[1].value
    assert folded == Scalar("e f", "e f", Style.BLOCK, 4, 4, 7, 1)


def test_a_path_is_written_so_that_a_slash_in_a_key_is_no_level() -> None:
    assert join_path(("steps", 2, "evidence", "SPF/DKIM", "a~b")) == "steps/2/evidence/SPF~1DKIM/a~0b"


def test_a_root_that_comes_with_findings_can_still_be_looked_at() -> None:
    root, findings = read_document("a: 1\na: 2\nb: 3\n", "a.yaml")
    assert [found.code for found in findings] == ["P014"]
    assert root is not None
    assert root.to_plain() == {"a": 1, "b": 3}


SIZE = MAX_BYTES
BOMBS = {
    "open lists": "[" * SIZE,
    "open maps": "{" * SIZE,
    "open dashes": "- " * (SIZE // 2),
    "many items": "- a\n" * (SIZE // 4),
    "one wide list": f"[{'a,' * (SIZE // 2 - 1)}]",
    "one long text": "x" * SIZE,
    "escapes": '"' + r"\x41" * (SIZE // 4 - 1) + '"',
    "one key again and again": "a: 1\n" * (SIZE // 5),
    "anchors": "- &a x\n" * (SIZE // 7),
    "tags": "- !a x\n" * (SIZE // 7),
    "keys without a name": "- : a\n" * (SIZE // 6),
    "maps as keys": "- {{a}}\n" * (SIZE // 8),
    "wide below deep": "{a: " * 60 + "[x," * (SIZE // 3 - 80),
    "blank lines in a block": "a: |\n" + " \n" * (SIZE // 2 - 3),
    "one comment": "#" * SIZE,
    "more than fits": "a" * (SIZE + 1),
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_ends_within_200_milliseconds(text: str) -> None:
    durations = []
    for _ in range(3):
        start = time.process_time()
        _, findings = read_document(text, "bomb.yaml")
        durations.append(time.process_time() - start)
        assert len(findings) <= 200
    assert min(durations) < (0.2 if sys.gettrace() is None else 2.0)  # a coverage tracer slows it manyfold


def test_an_alias_bomb_is_never_built() -> None:
    levels = "".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 9)}]\n" for level in range(1, 10))
    _, findings = read_document(f"l0: &l0 [x]\n{levels}", "bomb.yaml")
    assert {found.code for found in findings} == {"P011"}


@pytest.mark.parametrize("limit", [MAX_BYTES - 1, MAX_BYTES])
def test_a_document_may_be_as_large_as_the_limit(limit: int) -> None:
    _, findings = read_document("a: " + "x" * (limit - 3), "a.yaml")
    assert findings == []


def test_size_is_counted_in_bytes() -> None:
    _, findings = read_document("a: " + "é" * (MAX_BYTES // 2), "a.yaml")
    assert [found.code for found in findings] == ["P002"]


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
    ]
)


@given(st.one_of(st.text(), st.lists(FRAGMENTS, max_size=30).map("".join)))
@example("on: {alert: [")
@example("{0")
@example("steps: [{approve: {on_deny: [{}]}}]")
@example("name: a\non: {manual: {}}\nsteps:\n  - foreach: {in: '[]', as: 7}\n    needs: {a: b}\n    uses: {}\n")
@example("name: a\non: {manual: {}}\nsteps: [{set: {a: '${{ ' }}, {stop: [${{]}]\n")
def test_any_text_gives_a_playbook_or_findings(text: str) -> None:
    playbook, findings = parse_playbook(text, playbook_id="any", file="any.yaml")
    _, all_findings = validate_text(
        text, playbook_id="any", file="any.yaml", catalog=Catalog({}), policy=DEFAULT_POLICY, known_sources=()
    )
    assert playbook is not None or findings
    assert {(found.code, found.line) for found in findings} <= {(found.code, found.line) for found in all_findings}


@given(st.data())
def test_a_playbook_with_something_cut_out_gives_a_playbook_or_findings(data: st.DataObject) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 200))
    put = data.draw(FRAGMENTS)
    broken = text[:start] + put + text[start + length :]
    playbook, findings = validate_text(
        broken, playbook_id="any", file="any.yaml", catalog=Catalog({}), policy=DEFAULT_POLICY
    )
    assert playbook is None  # no connector is installed
    assert all(1 <= found.line <= broken.count("\n") + 2 for found in findings)
