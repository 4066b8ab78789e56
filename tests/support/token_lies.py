"""Ways to lie in an ID token: each turns the claims of an honest one into a text that must not be accepted."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

from joserfc.jws import JWSRegistry

from tests.support.identity_provider import CLIENT, Claims, IdentityProvider, encode, hash_half, make_key, sign

Lie = Callable[[Claims], str]

NO_TEXT = (None, 1, True, 1.5, [], {}, ["text"], {"a": 1})
NO_DATE = (None, "1772355600", True, [], {}, "now", -1, 1e300)
NO_LIST = ("text", 1, True, {}, [1], [None], [["nested"]])
HOUR = 3600


def list_lies(there: IdentityProvider) -> dict[str, Lie]:
    """Return every lie by its name."""
    return {
        **{f"claims: {name}": _lie_in_claims(there, changes) for name, changes in _list_claims(there)},
        **{f"header: {name}": _lie_in_header(header) for name, header in _list_headers()},
        **{f"signature: {name}": lie for name, lie in _list_signatures(there)},
        **{f"shape: {name}": lie for name, lie in _list_shapes(there)},
    }


def _list_claims(there: IdentityProvider) -> Iterator[tuple[str, Claims]]:
    now = there.now()
    for claim in ("iss", "aud", "exp", "iat", "nonce", "sub"):
        yield f"no {claim}", {claim: ...}
    values: dict[str, tuple[Any, ...]] = {
        "iss": (
            *NO_TEXT,
            "",
            "https://evil.test",
            f"{there.url}/",
            there.url.upper(),
            f"{there.url} ",
            f"{there.url}#a",
        ),
        "aud": (
            *NO_TEXT,
            "",
            "other",
            f"{CLIENT} ",
            CLIENT.upper(),
            [CLIENT, "other"],
            ["other", CLIENT],
            [CLIENT, CLIENT],
        ),
        "nonce": (*NO_TEXT, "", "wrong", "\ud83d\ude00"),
        "sub": (*NO_TEXT, "", "a b", "é", "a" * 256, "a\n", "a\x00"),
        "exp": (*NO_DATE, 0, now - 60, now - HOUR, now - 60.5),
        "iat": (*NO_DATE, 0, now + 61, now + HOUR, now - 600, now - HOUR),
        "nbf": (*NO_DATE, now + 61, now + HOUR),
        "azp": (*NO_TEXT, "", "other", f"{CLIENT} "),
        "at_hash": (*NO_TEXT, "", "wrong", hash_half("another token"), hash_half("another token")[:10]),
        "auth_time": (*NO_DATE, now + 61, now + HOUR),
        "acr": NO_TEXT,
        "amr": (None, *NO_LIST),
        "sid": (*NO_TEXT[1:], "", "a b", "a" * 256),
        "groups": NO_LIST,
        "email": NO_TEXT,
        "email_verified": (None, 1, 0, "true", "false", []),
        "preferred_username": (*NO_TEXT, "a" * 1_001),
        "name": (*NO_TEXT, "a" * 1_001),
    }
    for claim, lies in values.items():
        for value in lies:
            yield f"{claim} {json.dumps(value)[:40]}", {claim: value}


def _list_headers() -> Iterator[tuple[str, Claims]]:
    other = make_key("RS256", "other")
    injected: dict[str, tuple[Any, ...]] = {
        "jku": ("https://evil.test/keys", ""),
        "x5u": ("https://evil.test/chain",),
        "x5c": (["MIIB"], []),
        "jwk": (other.as_dict(private=False), {}),
        "crit": (["exp"], ["b64"], [], ["alg"]),
        "b64": (True, False),
        "cty": ("JWT",),
        "zip": ("DEF",),
        "enc": ("A128GCM",),
        "nonce": ("a",),
        "exp": (1,),
        "typ": ("logout+jwt", "at+jwt", "JWE", None, 1, [], ""),
        "kid": (1, True, [], {}, "", "unknown", "../keys", "key-ES256"),
        "alg": (
            None,
            1,
            [],
            {},
            "",
            "rs256",
            "RS256 ",
            "RS384",
            "RS512",
            "ES256",
            "PS256",
            "EdDSA",
            "ES256K",
            "Ed25519",
        ),
    }
    for field, values in injected.items():
        for value in values:
            yield f"{field} {json.dumps(value)[:40]}", {field: value}
    for name in ("none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "dir", "A128KW"):
        yield f"alg {name}", {"alg": name}


def _list_signatures(there: IdentityProvider) -> Iterator[tuple[str, Lie]]:
    honest, other = make_key("RS256"), make_key("RS256", "other")
    head = {"alg": "RS256", "kid": honest.kid, "typ": "JWT"}
    yield "another key under our id", lambda claims: sign(head, _dump(claims), other)
    yield "another key under its own id", lambda claims: sign({**head, "kid": other.kid}, _dump(claims), other)
    yield "another key without an id", lambda claims: sign({"alg": "RS256"}, _dump(claims), other)
    for algorithm in ("PS256", "ES256", "EdDSA"):
        yield f"a key that is not published, {algorithm}", _sign_with(algorithm, make_key(algorithm).kid)
        yield f"the published id, {algorithm}", _sign_with(algorithm, honest.kid)
    secrets = {
        "pem": honest.as_pem(private=False),
        "der": honest.as_der(private=False),
        "jwk": json.dumps(honest.as_dict(private=False)).encode(),
        "modulus": honest.as_dict(private=False)["n"].encode(),
        "empty": b"\x00",
    }
    for name, secret in secrets.items():
        for algorithm in ("HS256", "HS384", "HS512"):
            yield f"{algorithm} with the public key as {name}", _sign_shared(algorithm, honest.kid, secret)
    for name in ("none", "None", "NONE"):
        for signature in ("", "AA"):
            yield f"{name} with {signature!r}", _sign_not({**head, "alg": name}, signature)
    yield "none at all", lambda claims: there.sign(claims).rpartition(".")[0] + "."
    yield "zeros", lambda claims: f"{there.sign(claims).rpartition('.')[0]}.{encode(bytes(256))}"
    yield "of other claims", lambda claims: _swap(there.sign(claims), there.sign({**claims, "sub": "other"}), 1)
    yield "of another header", lambda claims: _swap(there.sign(claims), there.sign(claims, typ="jwt"), 0)
    for place in (0, 100, 255):
        yield f"flipped at {place}", _flip(there, place)


def _list_shapes(there: IdentityProvider) -> Iterator[tuple[str, Lie]]:
    yield "empty", lambda _: ""
    yield "dots", lambda _: ".."
    yield "two parts", lambda claims: there.sign(claims).rpartition(".")[0]
    yield "four parts", lambda claims: there.sign(claims) + ".AA"
    yield "five parts", lambda claims: there.sign(claims) + ".AA.AA"
    yield "padded", lambda claims: there.sign(claims) + "="
    yield "a space before", lambda claims: " " + there.sign(claims)
    yield "a line end after", lambda claims: there.sign(claims) + "\n"
    yield "a line end within", lambda claims: there.sign(claims).replace(".", ".\n", 1)
    yield "other characters within", lambda claims: there.sign(claims).replace(".", "!.", 1)
    yield "half a byte too many", lambda claims: there.sign(claims)[:-1] + "_"
    yield "letters beyond ASCII", lambda claims: there.sign(claims) + "é"
    yield "as JSON", lambda claims: _to_json(there.sign(claims))
    yield "huge", lambda claims: there.sign({**claims, "padding": "x" * 70_000})
    for name, payload in {
        "no JSON": b"{",
        "a list": b"[]",
        "a text": b'"text"',
        "null": b"null",
        "nothing": b"",
        "no UTF-8": b"\xff\xfe",
        "NaN": b'{"exp": NaN}',
    }.items():
        yield f"payload {name}", _sign_payload(lambda _, payload=payload: payload)
    yield "payload with a key twice", _sign_payload(lambda claims: _dump(claims)[:-1] + b', "sub": "other"}')
    yield "payload with garbage after", _sign_payload(lambda claims: _dump(claims) + b"{}")
    yield "payload too deep", _sign_payload(lambda claims: _dump({**claims, "x": _nest(40)}))
    yield "a key twice in the header", lambda claims: _twice(there.sign(claims))


def _lie_in_claims(there: IdentityProvider, changes: Claims) -> Lie:
    def lie(claims: Claims) -> str:
        merged = {**claims, **changes}
        return there.sign({name: value for name, value in merged.items() if value is not ...})

    return lie


def _lie_in_header(header: Claims) -> Lie:
    """Sign what the header really says, by the honest key, so that nothing but the header can be at fault."""
    key = make_key("RS256")

    def lie(claims: Claims) -> str:
        head = {"alg": "RS256", "kid": key.kid, "typ": "JWT", **header}
        signed = f"{encode(json.dumps(head).encode())}.{encode(_dump(claims))}"
        return f"{signed}.{encode(_sign_bytes(signed.encode()))}"

    return lie


def _sign_bytes(signed: bytes) -> bytes:
    return JWSRegistry.algorithms["RS256"].sign(signed, make_key("RS256"))


def _sign_with(algorithm: str, kid: str | None) -> Lie:
    key = make_key(algorithm)
    return lambda claims: sign({"alg": algorithm, "kid": kid, "typ": "JWT"}, _dump(claims), key)


def _sign_shared(algorithm: str, kid: str | None, secret: bytes) -> Lie:
    return lambda claims: _sign_hmac({"alg": algorithm, "kid": kid, "typ": "JWT"}, claims, secret)


def _sign_hmac(header: Claims, claims: Claims, secret: bytes) -> str:
    signed = f"{encode(json.dumps(header).encode())}.{encode(_dump(claims))}"
    name = header["alg"].replace("HS", "sha")
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), name))}"


def _sign_not(header: Claims, signature: str) -> Lie:
    return lambda claims: f"{encode(json.dumps(header).encode())}.{encode(_dump(claims))}.{signature}"


def _sign_payload(make: Callable[[Claims], bytes]) -> Lie:
    key = make_key("RS256")
    return lambda claims: sign({"alg": "RS256", "kid": key.kid, "typ": "JWT"}, make(claims), key)


def _flip(there: IdentityProvider, place: int) -> Lie:
    def lie(claims: Claims) -> str:
        head, payload, signature = there.sign(claims).split(".")
        raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
        raw[place] ^= 1
        return f"{head}.{payload}.{encode(bytes(raw))}"

    return lie


def _swap(taken: str, other: str, place: int) -> str:
    parts = taken.split(".")
    parts[place] = other.split(".")[place]
    return ".".join(parts)


def _twice(token: str) -> str:
    _, payload, _ = token.split(".")
    head = encode(b'{"alg":"none","alg":"RS256","kid":"key-RS256"}')
    return f"{head}.{payload}.{encode(_sign_bytes(f'{head}.{payload}'.encode()))}"


def _to_json(token: str) -> str:
    head, payload, signature = token.split(".")
    return json.dumps({"protected": head, "payload": payload, "signature": signature})


def _nest(levels: int) -> list[Any]:
    return [] if levels == 0 else [_nest(levels - 1)]


def _dump(claims: Claims) -> bytes:
    return json.dumps(claims).encode()
