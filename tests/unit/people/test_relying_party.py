import pytest

from soar.model.errors import InputError
from soar.people.relying_party import RelyingParty, find_relying_party, read_challenge


@pytest.mark.parametrize(
    ("url", "party"),
    [
        ("https://SOAR.example/", RelyingParty("soar.example", "https://soar.example")),
        ("https://soar.example:8443", RelyingParty("soar.example", "https://soar.example:8443")),
        ("http://localhost:8600", RelyingParty("localhost", "http://localhost:8600")),
    ],
)
def test_a_security_key_is_bound_to_our_host(url: str, party: RelyingParty) -> None:
    assert find_relying_party(url) == party


@pytest.mark.parametrize(
    "url", ["http://soar.example", "https://192.0.2.7", "https://[::1]:8600", "http://127.0.0.1:1", ""]
)
def test_where_browsers_offer_no_security_key_that_is_said(url: str) -> None:
    with pytest.raises(InputError) as caught:
        find_relying_party(url)
    assert caught.value.code == "passkey_address"


@pytest.mark.parametrize(
    "data", [None, 7, "", "%", "e30", "W10", "bnVsbA", "eyJjaGFsbGVuZ2UiOjd9", "eyJjaGFsbGVuZ2UiOm51bGx9", "\u00e9"]
)
def test_a_challenge_is_read_from_anything_without_a_fault(data: object) -> None:
    assert read_challenge({"response": {"clientDataJSON": data}}) is None
