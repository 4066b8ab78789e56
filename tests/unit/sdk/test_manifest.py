from typing import Any

import pytest
from pydantic import ValidationError

from soar.sdk.errors import ActionInputError
from soar.sdk.manifest import Manifest

PLAIN: dict[str, Any] = {
    "id": "sample",
    "title": "Sample",
    "version": "1.2.3",
    "docs": "https://docs.sample.example",
    "owner": "team:tests",
    "hosts": ["api.sample.example"],
    "settings": {
        "token": {"secret": True, "description": "The token."},
        "depth": {"type": "integer", "default": 3, "description": "How deep."},
        "rooms": {"type": "strings", "description": "Which rooms."},
        "servers": {"type": "map", "default": {}, "description": "Which servers."},
    },
}


@pytest.mark.parametrize(
    "change",
    [
        {"id": "Sample"},
        {"version": "1"},
        {"docs": "http://docs.sample.example"},
        {"owner": "somebody"},
        {"hosts": ["API.sample.example"]},
        {"hosts": ["api.sample.example."]},
        {"hosts": ["https://api.sample.example"]},
        {"hosts": ["*.sample.example"]},
        {"unknown": 1},
        {"oauth2": {"token": "depth"}},
        {"oauth2": {"token": "none"}},
        {"settings": {"token": {"secret": True, "description": "x", "default": "hunter2!"}}},
        {"settings": {"token": {"secret": True, "description": "x", "type": "integer"}}},
        {"settings": {"token": {"type": "float", "description": "x"}}},
        {"settings": {"token": {"type": "string"}}},
        {"limit": {"requests": 0, "seconds": 1}},
    ],
)
def test_a_manifest_that_is_not_as_it_must_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Manifest.model_validate(PLAIN | change)


def test_settings_get_their_defaults() -> None:
    settings = Manifest.model_validate(PLAIN).read_settings({"rooms": ["a", "b"]})
    assert dict(settings) == {"depth": 3, "rooms": ["a", "b"], "servers": {}}
    assert settings.texts("rooms") == ["a", "b"]
    assert settings.map("servers") == {}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "rooms"),
        ({"rooms": ["a"], "depth": "3"}, "depth"),
        ({"rooms": ["a"], "colour": "red"}, "colour"),
        ({"rooms": ["a"], "token": "a-secret-in-plain-sight"}, "token"),
    ],
)
def test_settings_that_do_not_fit_are_named_and_not_quoted(values: dict[str, Any], named: str) -> None:
    with pytest.raises(ActionInputError, match=named) as caught:
        Manifest.model_validate(PLAIN).read_settings(values)
    assert "plain-sight" not in caught.value.message


def test_secret_fields_are_no_settings() -> None:
    manifest = Manifest.model_validate(PLAIN)
    assert manifest.secrets == ("token",)
    properties = manifest.describe_settings()["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == ["depth", "rooms", "servers"]


def test_a_connection_adds_hosts_only_where_the_manifest_leaves_them_open() -> None:
    closed = Manifest.model_validate(PLAIN)
    opened = Manifest.model_validate(PLAIN | {"hosts": ["api.sample.example", "*"]})
    assert closed.find_hosts(("own.example",)) == {"api.sample.example"}
    assert opened.find_hosts(("own.example",)) == {"api.sample.example", "own.example"}
