import pytest

from soar.app.connections import parse_connections, parse_credential_rules, simulate_all
from soar.model.catalog import Allow, OAuth2
from soar.model.errors import InputError
from soar.model.rate import Rate
from soar.model.values import JsonValue
from tests.support.builders import build_action_spec, build_catalog, build_connector_spec

CATALOG = build_catalog(
    build_connector_spec(
        token_field="token", settings={"type": "object", "properties": {"region": {"type": "string"}}}
    ),
    build_connector_spec(build_action_spec(connector="mail"), has_simulator=False),
)


def test_a_connection_is_called_after_its_connector_unless_it_says_otherwise() -> None:
    found = parse_connections(
        {
            "connections": {
                "edr": {"credentials": {"token": "edr-token"}},
                "edr-west": {"connector": "edr", "settings": {"region": "west"}, "hosts": ["west.edr.test"]},
            }
        },
        CATALOG,
    )
    assert found["edr"].connector == "edr"
    assert found["edr"].credentials == {"token": "edr-token"}
    assert found["edr"].simulate is False
    assert found["edr-west"].connector == "edr"
    assert found["edr-west"].settings == {"region": "west"}
    assert found["edr-west"].hosts == ("west.edr.test",)


def test_a_connection_that_simulates_says_so() -> None:
    assert parse_connections({"connections": {"edr": {"mode": "simulate"}}}, CATALOG)["edr"].simulate is True


def test_a_connection_says_how_it_gets_its_tokens() -> None:
    entry: dict[str, JsonValue] = {"token_url": "https://x/token", "client_id": "c", "client_secret": "s"}
    found = parse_connections({"connections": {"edr": {"oauth2": entry}}}, CATALOG)
    assert found["edr"].oauth2 == OAuth2(token_url="https://x/token", client_id="c", client_secret="s")


def test_a_connection_says_how_much_its_product_takes() -> None:
    entry = {"calls": 3, "limit": {"requests": 4, "seconds": 60}}
    found = parse_connections({"connections": {"edr": entry, "edr-west": {"connector": "edr"}}}, CATALOG)
    assert (found["edr"].calls, found["edr"].rate) == (3, Rate(requests=4, seconds=60))
    assert (found["edr-west"].calls, found["edr-west"].rate) == (None, None)


def test_a_connector_that_is_not_installed_is_named_beside_those_that_are() -> None:
    with pytest.raises(InputError, match=r"connections\.siem: no connector `siem` is installed") as caught:
        parse_connections({"connections": {"siem": {}}}, CATALOG)
    assert caught.value.code == "connections.unknown_connector"
    assert caught.value.hint == "installed: edr, mail"


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"conections": {}}, "/conections"),
        ({"connections": {"edr": {"host": ["edr.test"]}}}, "/connections/edr/host"),
        ({"connections": {"edr": {"mode": "dry"}}}, "/connections/edr/mode"),
        ({"connections": {"edr": {"calls": 0}}}, "/connections/edr/calls"),
        ({"connections": {"edr": {"limit": {"requests": 4}}}}, "/connections/edr/limit/seconds"),
        ({"connections": {"edr": {"limit": {"requests": 4, "seconds": 0}}}}, "/connections/edr/limit/seconds"),
        (
            {"connections": {"edr": {"oauth2": {"token_url": "ftp://x", "client_id": "c"}}}},
            "/connections/edr/oauth2/token_url",
        ),
        (
            {"connections": {"edr": {"oauth2": {"token_url": "https://x/", "client_id": "c"}}}},
            "/connections/edr/oauth2",
        ),
        (
            {"connections": {"mail": {"oauth2": {"token_url": "https://x/", "client_id": "c", "client_secret": "s"}}}},
            "/connections/mail/oauth2",
        ),
        ({"connections": {"mail": {"mode": "simulate"}}}, "/connections/mail/mode"),
        ({"connections": {"edr": {"settings": {"reigon": "west"}}}}, "/connections/edr/settings/reigon"),
        ({"connections": {"edr": {"credentials": {"tokn": "edr-token"}}}}, "/connections/edr/credentials/tokn"),
        ({"connections": {"edr": {"credentials": "edr-token"}}}, "/connections/edr/credentials"),
        ([], "/"),
        (False, "/"),
    ],
)
def test_what_does_not_fit_is_pointed_at(document: object, pointer: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_connections(document, CATALOG)
    assert caught.value.code == "connections.invalid"
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_the_demo_simulates_everything_that_can_be_simulated() -> None:
    found = simulate_all(CATALOG)
    assert set(found) == {"edr"}
    assert found["edr"].simulate is True


def test_connections_and_credentials_say_which_playbooks_they_are_for() -> None:
    document = {
        "connections": {"edr": {"allow": {"playbooks": ["isolate-*"], "teams": ["soc"]}}, "mail": {}},
        "credentials": {"edr_key": {"allow": {"teams": ["soc"]}}},
    }
    found = parse_connections(document, CATALOG)
    assert found["edr"].allow == Allow(playbooks=("isolate-*",), teams=("soc",))
    assert found["mail"].allow is None
    assert parse_credential_rules(document) == {"edr_key": Allow(teams=("soc",))}


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"connections": {"edr": {"allow": {"people": ["ann"]}}}}, "/connections/edr/allow/people"),
        ({"credentials": {"edr_key": {}}}, "/credentials/edr_key/allow"),
        ({"credentials": {"edr_key": {"allow": {"teams": "soc"}}}}, "/credentials/edr_key/allow/teams"),
    ],
)
def test_an_allowance_that_does_not_fit_is_pointed_at(document: object, pointer: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_credential_rules(document)
    assert [fault.pointer for fault in caught.value.faults] == [pointer]
