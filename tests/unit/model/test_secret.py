"""A secret cannot be shown by accident."""

import copy
import io
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass

import orjson
import pytest
from rich.console import Console

from soar.model.secret import Secret

CANARY = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Login:
    name: str
    password: Secret


def _print_with_rich(secret: Secret) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(secret, Login("ada", secret), {"password": secret})
    return console.file.getvalue()


SHOWN: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "f-string": lambda secret: f"{secret} {secret!r} {secret!s} {secret:>40}",
    "format": "{0} {0!r} {0:30}".format,
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 -- old formatting must not leak either
    "dataclass": lambda secret: repr(Login("ada", secret)),
    "containers": lambda secret: str([secret, {"password": secret}, (secret,)]),
    "pprint": lambda secret: pprint.pformat({"password": secret}),
    "rich": _print_with_rich,
    "logging": lambda secret: logging.LogRecord("x", 10, "x", 1, "%s %r", (secret, secret), None).getMessage(),
    "exception": lambda secret: repr(ValueError(secret)) + "".join(traceback.format_exception(ValueError(secret))),
    "dir": lambda secret: str([getattr(secret, name, None) for name in dir(secret) if name.startswith("__")]),
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_whoever_shows_a_secret_shows_nothing(show: Callable[[Secret], str]) -> None:
    shown = show(Secret(CANARY))
    assert CANARY not in shown
    assert shown


@pytest.mark.parametrize(
    "serialize",
    [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        orjson.dumps,
        lambda secret: orjson.dumps(Login("ada", secret)),
        lambda secret: pickle.dumps(Login("ada", secret)),
        lambda secret: asdict(Login("ada", secret)),
    ],
    ids=["pickle", "copy", "deepcopy", "json", "orjson", "orjson-dataclass", "pickle-dataclass", "asdict"],
)
def test_whoever_serialises_a_secret_fails(serialize: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError):
        serialize(Secret(CANARY))


def test_a_secret_has_no_attributes_to_look_into() -> None:
    with pytest.raises(TypeError):
        vars(Secret(CANARY))


def test_comparing_tells_nothing_about_the_text() -> None:
    secret = Secret(CANARY)
    assert secret == secret  # noqa: PLR0124 -- identity is all there is to compare
    assert secret != Secret(CANARY)
    assert secret != CANARY
    assert len({secret, Secret(CANARY)}) == 2


def test_a_secret_is_revealed_only_by_name() -> None:
    assert Secret(CANARY).reveal() == CANARY
