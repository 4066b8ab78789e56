import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.access.permissions import Permission
from soar.access.tokens import check_networks, check_scopes, format_token, hash_token, is_from, parse_token

IDS = st.text("0123456789abcdefghjkmnpqrstvwxyz_-", min_size=1, max_size=40)


@given(token_id=IDS, secret=st.binary(min_size=32, max_size=32))
def test_the_public_part_is_read_back_whatever_the_secret_holds(token_id: str, secret: bytes) -> None:
    text = format_token(token_id, secret)
    assert parse_token(text) == token_id
    assert len(text) == len("soar_pat_") + len(token_id) + 1 + 43


def test_a_token_looks_as_documented() -> None:
    assert format_token("t_7k2m", bytes(32)) == "soar_pat_t_7k2m_" + "A" * 43


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(33)])
def test_a_secret_of_another_length_is_refused(secret: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        format_token("t_1", secret)


@pytest.mark.parametrize("token_id", ["", "a b", "é", "x" * 41, "a\n"])
def test_a_public_part_that_could_not_be_read_back_is_refused(token_id: str) -> None:
    with pytest.raises(ValueError, match="cannot be the public part"):
        format_token(token_id, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soar_pat_",
        "soar_pat_t_1",
        "soar_pat__" + "A" * 43,
        "SOAR_PAT_t_1_" + "A" * 43,
        "soar_pat_t_1_" + "A" * 42 + "=",
        "soar_pat_t_1_" + "A" * 43 + "\n",
        " soar_pat_t_1_" + "A" * 43,
        "soar_pat_t_1_" + "é" * 43,
    ],
)
def test_anything_else_is_no_token(text: str) -> None:
    assert parse_token(text) is None


def test_the_stored_hash_covers_the_whole_text() -> None:
    text = format_token("t_1", bytes(32))
    assert hash_token(text) == hashlib.sha256(text.encode()).hexdigest()
    assert hash_token(text) != hash_token(format_token("t_2", bytes(32)))


def test_hostile_text_has_a_hash_too() -> None:
    assert len(hash_token("\ud800")) == 64


def test_scopes_beyond_the_owner_are_named() -> None:
    held = frozenset({Permission.ALERT_READ})
    assert check_scopes(["alert:read"], held) == []
    assert check_scopes(["alert:read", "run:cancel", "x"], held) == [
        "`run:cancel` is more than the token's owner may do",
        "`x` is no permission",
    ]


@pytest.mark.parametrize("networks", [["192.0.2.1/24"], ["corp.example"], ["192.0.2.0/33"], [""]])
def test_a_network_that_is_none_is_named(networks: list[str]) -> None:
    (reason,) = check_networks(["192.0.2.0/24", *networks, "::1"])
    assert reason == f"`{networks[0]}` is no address or network; write 192.0.2.7 or 192.0.2.0/24"


@pytest.mark.parametrize(
    ("networks", "address"),
    [
        ([], None),
        (["192.0.2.0/24"], "192.0.2.7"),
        (["2001:db8::/32", "192.0.2.7"], "2001:db8::1"),
        (["192.0.2.0/24"], "::ffff:192.0.2.7"),
        (["fe80::/10"], "fe80::1%eth0"),
    ],
)
def test_a_token_may_come_from_its_networks_and_from_anywhere_without(networks: list[str], address: str | None) -> None:
    assert check_networks(networks) == []
    assert is_from(networks, address)


@pytest.mark.parametrize("address", [None, "", "somewhere", "192.0.3.7", "::1", "::ffff:192.0.3.7"])
def test_a_token_may_come_from_nowhere_else(address: str | None) -> None:
    assert not is_from(["192.0.2.0/24"], address)
