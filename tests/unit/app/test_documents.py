from pathlib import Path

import pytest

from soar.app.documents import read_yaml, read_yaml_file
from soar.model.errors import InputError


def test_a_document_becomes_plain_data() -> None:
    assert read_yaml("a: [1, two, true]\n", "a.yaml") == {"a": [1, "two", True]}


def test_an_error_is_shown_with_its_line_and_a_caret() -> None:
    with pytest.raises(InputError) as caught:
        read_yaml("fine: 1\nbroken: [1, 2}\nmore: 3\n", "site.yaml")
    first, source, caret, *_ = caught.value.message.splitlines()
    assert first.startswith("site.yaml:2:14: P010 ")
    assert source.endswith("| broken: [1, 2}")
    assert caret.index("^") - source.index("broken") == 13
    assert caught.value.code == "invalid_document"


def test_a_key_that_stands_twice_is_refused_where_it_stands() -> None:
    with pytest.raises(InputError, match=r"site\.yaml:2:1") as caught:
        read_yaml("key: 1\nkey: 2\n", "site.yaml")
    assert "key: 2" in caught.value.message


def test_a_file_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_yaml_file(tmp_path / "none.yaml") is None


def test_a_file_is_read_with_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("gates: []\n", "utf-8")
    assert read_yaml_file(file) == {"gates": []}
    file.write_text("gates: [\n", "utf-8")
    with pytest.raises(InputError, match=r"policy\.yaml:"):
        read_yaml_file(file)


def test_what_is_no_text_says_at_which_byte(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(b"name: \xff\n")
    with pytest.raises(InputError, match=r"policy\.yaml is not UTF-8 at byte 6"):
        read_yaml_file(file)


def test_what_cannot_be_read_is_told_and_not_taken_for_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: ") as caught:
        read_yaml_file(tmp_path)
    assert caught.value.hint
