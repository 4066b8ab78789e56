import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.model.ids import ALPHABET, derive_effect_key, derive_id, encode_crockford, normalize_code


def test_the_alphabet_has_no_letter_that_can_be_taken_for_another() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ilou") & set(ALPHABET)


@pytest.mark.parametrize(
    ("data", "length", "text"),
    [
        (b"\x00\x00\x00\x00\x00", 8, "00000000"),
        (b"\xff\xff\xff\xff\xff", 8, "zzzzzzzz"),
        (b"\x08\x42\x10\x84\x21", 8, "11111111"),
        (b"\x08\x42\x10\x84\x21", 3, "111"),
        (b"\xf8", 1, "z"),
    ],
)
def test_each_character_holds_the_next_five_bits(data: bytes, length: int, text: str) -> None:
    assert encode_crockford(data, length) == text


@given(st.binary(min_size=8, max_size=40))
def test_no_bit_is_lost(data: bytes) -> None:
    length = len(data) * 8 // 5
    number = 0
    for character in encode_crockford(data, length):
        number = number * 32 + ALPHABET.index(character)
    assert number == int.from_bytes(data, "big") >> (len(data) * 8 - length * 5)


@pytest.mark.parametrize(("typed", "meant"), [("ab12", "AB12"), (" AB12\n", "AB12"), ("oilu", "011V"), ("OIL", "011")])
def test_a_code_is_read_as_people_type_it(typed: str, meant: str) -> None:
    assert normalize_code(typed) == meant


@given(st.text(alphabet=ALPHABET))
def test_a_code_that_we_made_is_found_again(code: str) -> None:
    assert normalize_code(code) == code.upper()
    assert normalize_code(code.upper()) == code.upper()


def test_a_derived_id_is_the_same_for_the_same_parts_in_every_release() -> None:
    assert derive_id("ap", "run_1", "steps/0") == derive_id("ap", "run_1", "steps/0")
    assert re.fullmatch(rf"ap_[{ALPHABET}]{{12}}", derive_id("ap", "run_1", "steps/0"))
    assert derive_id("ap", "run_1", "steps/0") == "ap_hzpfch2xq0af"


def test_where_one_part_ends_and_the_next_begins_matters() -> None:
    assert derive_id("ap", "run_1", "2") != derive_id("ap", "run_", "12")
    assert derive_id("ap", "run_1", "") != derive_id("ap", "run_1")


def test_an_effect_key_is_a_uuid_of_version_5() -> None:
    key = uuid.UUID(derive_effect_key("run_1", "steps/0", None, 0))
    assert (key.version, key.variant) == (5, uuid.RFC_4122)
    assert str(key) == "a66b8cff-93bf-5f7b-915d-be61a6ca9627"


def test_an_effect_key_tells_every_intended_effect_from_every_other() -> None:
    intents = [
        (run, path, iteration, group)
        for run in ("run_1", "run_2")
        for path in ("steps/0", "steps/1")
        for iteration in (None, 0, 1)
        for group in (0, 1)
    ]
    assert len({derive_effect_key(*intent) for intent in intents}) == len(intents)
