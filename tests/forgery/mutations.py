"""Ways to change a genuine request so that it is genuine no more. What a change leaves genuine is no mutation."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from random import Random  # noqa: TID251 -- the same seed has to give the same changes
from typing import TypeAlias

from soar.ingest.authentication import Certificate, ClientState, Hmac, Request, Signed
from tests.forgery.genuine import KEY, Genuine

Mutation: TypeAlias = Callable[[Genuine, Random], tuple[Request, timedelta] | None]
"""Changes a request and the moment it comes at; None if this way has nothing of the kind to change."""

_HALF, _OFTEN = 0.5, 0.8
_NOT_LATER = timedelta()
_SCHEMES = ("bearer ", "basic ")


def change_body_byte(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """Another byte somewhere in the body."""
    body = genuine.request.body
    index = random.randrange(len(body))
    return _with_body(genuine, body[:index] + bytes([body[index] ^ random.randrange(1, 256)]) + body[index + 1 :])


def resize_body(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """A body with something more, or less."""
    body, index = genuine.request.body, random.randrange(len(genuine.request.body))
    longer = body[:index] + random.randbytes(random.randrange(1, 4)) + body[index:]
    return _with_body(genuine, longer if random.random() < _HALF else body[:index] + body[index + 1 :])


def reorder_body(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """The same bytes in another order."""
    body, at = genuine.request.body, random.randrange(1, len(genuine.request.body))
    return _with_body(genuine, body[at:] + body[:at])


def change_header_character(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """Another character in what proves it."""
    found = _choose(genuine, random)
    if found is None:
        return None
    name, value = found
    index = random.randrange(len(value))
    return _with_header(genuine, name, value[:index] + chr(random.randrange(33, 127)) + value[index + 1 :])


def resize_header(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """What proves it, with something more, or less."""
    found = _choose(genuine, random)
    if found is None:
        return None
    name, value = found
    index = random.randrange(len(value))
    longer = value[:index] + random.choice(" \t0=A,;\x00\u0661") + value[index:]
    return _with_header(genuine, name, longer if random.random() < _HALF else value[:index] + value[index + 1 :])


def change_case(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """Letters written large that are small, and the other way round."""
    found = _choose(genuine, random)
    if found is None:
        return None
    name, value = found
    index = random.randrange(len(value))
    return _with_header(genuine, name, value[:index] + value[index:].swapcase())


def reorder_header(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """The same characters in another order."""
    found = _choose(genuine, random)
    if found is None:
        return None
    name, value = found
    at = random.randrange(len(value))
    return _with_header(genuine, name, value[at:] + value[:at])


def change_encoding(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """The same signature, written in another way."""
    found = _choose(genuine, random)
    if found is None:
        return None
    name, value = found
    head, sign, tail = value.rpartition(random.choice("=, "))
    text = tail or value
    other = random.choice(
        (
            base64.b64encode(text.encode()).decode(),
            text.encode().hex(),
            "".join(f"%{byte:02x}" for byte in text.encode()),
            "-".join(text[index : index + 2] for index in range(0, len(text), 2)),
            text.encode().decode("utf-16-le", "replace"),
            text.replace("+", "-").replace("/", "_").rstrip("=") + "~",
            f"0x{text}",
        )
    )
    return _with_header(genuine, name, f"{head}{sign}{other}")


def exchange_headers(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """What proves it, in headers of other names; or one of them missing."""
    names = list(genuine.proof)
    if not names:
        return None
    headers = dict(genuine.request.headers)
    moved = random.choice(names)
    value = headers.pop(moved)
    other = random.choice([*names, f"x-{moved}", moved.upper(), "x-signature-none"])
    if other != moved:
        headers[other] = value
    return _keep_changed(genuine, replace(genuine.request, headers=headers))


def double_header(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """What proves it, twice; joined as headers of one name are."""
    found = _choose(genuine, random)
    if found is None:
        return None
    name, value = found
    return _with_header(genuine, name, f"{value}, {random.choice((value, 'x', ''))}")


def shift_moment(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """The same request, long after it was signed or long before."""
    if not isinstance(genuine.recipe, Signed) or genuine.recipe.timestamp is None:
        return None
    off = genuine.recipe.tolerance + timedelta(seconds=random.randrange(1, 10**9))
    return genuine.request, off if random.random() < _HALF else -off


def sign_with_another_key(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """Random bytes as long as a signature, written as it is."""
    if not isinstance(genuine.recipe, Hmac):
        return None
    name, prefix = genuine.recipe.header, genuine.recipe.prefix
    forged = random.randbytes(32)
    return _with_header(genuine, name, prefix + random.choice((forged.hex(), base64.b64encode(forged).decode())))


def change_state(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """Another text in one of the notifications of a body, or none."""
    if not isinstance(genuine.recipe, ClientState):
        return None
    notifications = json.loads(genuine.request.body)["value"]
    chosen = random.choice(notifications)
    state, index = chosen.pop("clientState"), random.randrange(len(KEY))
    other = state[:index] + random.choice(("", "a", "\u0061", " ", "\ud800")) + state[index + 1 :]
    if other != state and random.random() < _OFTEN:
        chosen["clientState"] = random.choice((other, [state], {"": state}, state.upper(), None, 0))
    return replace(genuine.request, body=json.dumps({"value": notifications}).encode()), _NOT_LATER


def come_from_elsewhere(genuine: Genuine, random: Random) -> tuple[Request, timedelta] | None:
    """What a proxy has said, from somebody who is none."""
    if not isinstance(genuine.recipe, Certificate):
        return None
    address = random.choice((str(IPv4Address(random.getrandbits(32))), str(IPv6Address(random.getrandbits(128))), ""))
    is_proxy = address == genuine.request.remote
    return None if is_proxy else (replace(genuine.request, remote=address), _NOT_LATER)


MUTATIONS: tuple[Mutation, ...] = (
    change_body_byte,
    resize_body,
    reorder_body,
    change_header_character,
    resize_header,
    change_case,
    reorder_header,
    change_encoding,
    exchange_headers,
    double_header,
    shift_moment,
    sign_with_another_key,
    change_state,
    come_from_elsewhere,
)


def _choose(genuine: Genuine, random: Random) -> tuple[str, str] | None:
    """Return one of the headers that the proof rests on."""
    if not genuine.proof:
        return None
    name = random.choice(genuine.proof)
    return name, genuine.request.headers[name]


def _with_body(genuine: Genuine, body: bytes) -> tuple[Request, timedelta] | None:
    return _keep_changed(genuine, replace(genuine.request, body=body)) if genuine.is_bound else None


def _with_header(genuine: Genuine, name: str, value: str) -> tuple[Request, timedelta] | None:
    return _keep_changed(genuine, replace(genuine.request, headers={**genuine.request.headers, name: value}))


def _keep_changed(genuine: Genuine, request: Request) -> tuple[Request, timedelta] | None:
    """Return a changed request; None if it says the same as the genuine one, by the standard's own words."""
    is_same = request.body == genuine.request.body and _fold(genuine, request.headers) == _fold(
        genuine, genuine.request.headers
    )
    return None if is_same else (request, _NOT_LATER)


def _fold(genuine: Genuine, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that the proof rests on, with what may be written in two ways written in one.

    A scheme is that in any case (RFC 9110, section 11.1), a fingerprint in either case and with colons; and what stands
    beside a signature in a list says nothing.
    """
    folded = {}
    for name in genuine.proof:
        value = headers.get(name, "")
        scheme = next((one for one in _SCHEMES if value.lower().startswith(one)), "")
        if genuine.name == "mtls":
            value = value.replace(":", "").lower()
        recipe = genuine.recipe
        if isinstance(recipe, Signed) and recipe.separator is not None and name == recipe.header:
            known = set(genuine.request.headers[name].split(recipe.separator))
            value = recipe.separator.join(sorted(set(value.split(recipe.separator)) & known))
        folded[name] = scheme + value[len(scheme) :]
    return folded
