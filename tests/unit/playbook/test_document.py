import pytest

from soar.playbook import (
    Mapping,
    Scalar,
    Sequence,
    Style,
    join_path,
    print_path,
    read_document,
    walk_spots,
)
from soar.playbook.document import MAX_BYTES

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
