"""What of an identity provider is not trusted, so that the service does not start with it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from soar.access.roles import DEFAULT_ROLES
from soar.federation.discovery import parse_discovery
from soar.federation.keys import parse_keys
from soar.federation.provider import check_provider
from soar.model.errors import InputError
from tests.support.clock import SteppedClock
from tests.support.identity_provider import IdentityProvider, make_key

PROVIDER = IdentityProvider("https://id.test", SteppedClock()).provider
DOCUMENT: dict[str, Any] = {
    "issuer": "https://id.test",
    "authorization_endpoint": "https://id.test/authorize",
    "token_endpoint": "https://tokens.test/token",
    "jwks_uri": "https://id.test/keys",
    "id_token_signing_alg_values_supported": ["RS256", "none"],
}


def read(**changes: object) -> object:
    document = {name: value for name, value in {**DOCUMENT, **changes}.items() if value is not ...}
    return parse_discovery(json.dumps(document).encode(), PROVIDER)


def test_what_a_provider_says_of_itself_is_read() -> None:
    found = parse_discovery(json.dumps(DOCUMENT).encode(), PROVIDER)
    assert (found.token, found.algorithms, found.takes_basic) == ("https://tokens.test/token", {"RS256"}, True)
    assert (found.userinfo, found.end_session, found.names_issuer) == (None, None, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://id.test/"},
        {"issuer": "https://ID.test"},
        {"issuer": "https://evil.test"},
        {"id_token_signing_alg_values_supported": ["none"]},
        {"id_token_signing_alg_values_supported": ["HS256", "HS512", "RS512"]},
        {"id_token_signing_alg_values_supported": []},
        {"code_challenge_methods_supported": ["plain"]},
        {"token_endpoint": "http://id.test/token"},
        {"jwks_uri": "http://127.0.0.1/keys"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"end_session_endpoint": "http://id.test/logout"},
        {"userinfo_endpoint": "https://user:word@id.test/"},
    ],
)
def test_a_provider_that_cannot_be_trusted_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError) as caught:
        read(**changes)
    assert caught.value.code == "sign_on.insecure"
    assert caught.value.hint


@pytest.mark.parametrize("name", list(DOCUMENT))
def test_what_is_missing_or_of_another_type_is_named(name: str) -> None:
    for value in (..., None, 1, {}):
        with pytest.raises(InputError, match=name) as caught:
            read(**{name: value})
        assert caught.value.code == "sign_on.malformed"


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"issuer": "a", "issuer": "b"}', b"<html>"])
def test_what_is_no_document_is_refused(raw: bytes) -> None:
    for parse in (lambda: parse_discovery(raw, PROVIDER), lambda: parse_keys(raw)):
        with pytest.raises(InputError) as caught:
            parse()
        assert caught.value.code == "sign_on.malformed"


def dump_keys(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


RSA = make_key("RS256").as_dict(private=False)
CURVE = make_key("ES256").as_dict(private=False)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{**RSA, "use": "enc"}],
        [{**RSA, "alg": "RS512"}],
        [{**RSA, "key_ops": ["encrypt"]}],
        [{**RSA, "key_ops": "verify"}],
        [{**RSA, "kty": "DSA"}],
        [{**RSA, "kty": 1}],
        [{**RSA, "n": 5}],
        [{**RSA, "n": "AQAB"}],
        [{**CURVE, "crv": "P-384"}],
        [{**CURVE, "x": "AAAA"}],
        [{"kty": "oct", "k": "c2VjcmV0"}],
        [RSA, {"kty": "oct", "k": "c2VjcmV0"}],
        [RSA, make_key("RS256", "other").as_dict(private=True)],
    ],
)
def test_a_provider_without_a_sound_key_is_refused(keys: list[dict[str, Any]]) -> None:
    with pytest.raises(InputError) as caught:
        parse_keys(dump_keys(*keys))
    assert caught.value.code == "sign_on.insecure"


def test_a_key_is_found_by_its_id_and_for_its_algorithm_only() -> None:
    named, free = {**RSA}, {name: value for name, value in CURVE.items() if name not in {"alg", "kid"}}
    ring = parse_keys(dump_keys(named, free))
    assert ring.find(RSA["kid"], "RS256") is not None
    assert ring.find(None, "RS256") is not None
    assert ring.find(None, "ES256") is not None
    assert ring.find(RSA["kid"], "PS256") is None, "the key says what it is for"
    assert ring.find("other", "RS256") is None
    assert ring.find(RSA["kid"], "HS256") is None
    assert parse_keys(dump_keys(named, named)).find(RSA["kid"], "RS256") is None, "nobody can tell which"


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://id.test"},
        {"issuer": "id.test"},
        {"issuer": "https://id.test?a=b"},
        {"issuer": "https://id.test#a"},
        {"issuer": "https://user@id.test"},
        {"issuer": "https://id.test:port"},
        {"client_id": ""},
        {"scopes": ("profile",)},
        {"roles": {"soc": "king"}},
    ],
)
def test_settings_that_do_not_fit_are_named(changes: dict[str, Any]) -> None:
    check_provider(PROVIDER, DEFAULT_ROLES)
    with pytest.raises(InputError, match="sign_on") as caught:
        check_provider(replace(PROVIDER, **changes), DEFAULT_ROLES)
    assert (caught.value.code, len(caught.value.faults)) == ("sign_on.invalid", 1)
