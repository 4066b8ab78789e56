import pytest

from tests.unit.cli.fakes import FakeApi, Soar

KEY = "file:1f3a5b7c9d0e2f4a"
VIEW = {"id": KEY, "status": "wrapping", "changed_at": "2024-03-01T10:00:00Z", "condemned_by": None}


def test_the_keys_are_listed_with_what_is_under_each(soar: Soar, api: FakeApi) -> None:
    unused = {"id": "file:2", "status": None, "changed_at": None, "condemned_by": None}
    uses = [
        VIEW | {"is_here": True, "keys": 1, "credentials": 3},
        unused | {"is_here": True, "keys": 0, "credentials": 0},
    ]
    api.answer("GET", "/api/v1/vault", {"keys": uses, "credentials": 4, "current": 3})
    outcome = soar("vault", "status")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[1].split()[:4] == [KEY, "wrapping", "yes", "3"]
    assert lines[2].split()[:4] == ["file:2", "unused", "yes", "0"]
    assert lines[-1] == "3 of 4 versions of credentials are under the current key"


def test_a_new_key_is_made_or_one_named(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/vault/keys", VIEW)
    assert soar("vault", "rotate").out == f"✔ {KEY} is current\nnext: soar vault status\n"
    soar("vault", "rotate", "--key", KEY)
    assert [asked.body for asked in api.asked] == [{}, {"key": KEY}]


def test_what_does_not_open_is_told(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/vault/rewrap", {"credentials": 7, "damaged": ["cred_1"]})
    assert soar("vault", "rewrap").out == "✔ 7 versions were sealed again\n  does not open: cred_1\n"


@pytest.mark.parametrize(
    ("verb", "status", "said"),
    [
        ("retire", "retired", f"✔ {KEY} is retired\nnext: soar vault destroy {KEY}\n"),
        ("destroy", "condemned", f"✔ {KEY} is condemned; somebody else has to confirm it\n"),
        ("destroy", "destroyed", f"✔ {KEY} is destroyed\n"),
    ],
)
def test_a_key_is_retired_and_its_end_is_asked_for_and_confirmed(
    soar: Soar, api: FakeApi, verb: str, status: str, said: str
) -> None:
    api.answer("POST", f"/api/v1/vault/keys/{KEY.replace(':', '%3A')}/{verb}", VIEW | {"status": status})
    assert soar("vault", verb, KEY).out == said
