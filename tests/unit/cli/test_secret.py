import pytest

from tests.unit.cli.documents import page
from tests.unit.cli.fakes import FakeApi, Soar

VALUE = "s3cr3t value"
SET = {"name": "vt_key", "version": 2, "hosts": ["www.virustotal.com"], "created_at": "2024-03-01T10:00:00Z"}


@pytest.fixture
def vault(api: FakeApi) -> FakeApi:
    api.answer("PUT", "/api/v1/credentials/vt_key", SET)
    return api


def test_a_value_is_piped_in_without_its_last_line_end(soar: Soar, vault: FakeApi) -> None:
    outcome = soar("secret", "set", "vt_key", "--host", "www.virustotal.com", stdin=f"{VALUE}\n")
    assert outcome.out == "✔ vt_key is set, version 2, for www.virustotal.com\n"
    assert vault.asked[0].body == {"value": VALUE, "hosts": ["www.virustotal.com"]}


def test_a_value_of_several_lines_stays_whole(soar: Soar, vault: FakeApi) -> None:
    soar("secret", "set", "vt_key", stdin="-----BEGIN\nx\n-----END\n\n")
    assert vault.asked[0].body == {"value": "-----BEGIN\nx\n-----END\n", "hosts": []}


def test_where_a_value_is_kept_is_an_argument(soar: Soar, vault: FakeApi) -> None:
    assert soar("secret", "set", "vt_key", "--from", "env:VT_KEY").code == 0
    assert vault.asked[0].body == {"reference": "env:VT_KEY", "hosts": []}


def test_a_value_is_never_an_argument(soar: Soar, vault: FakeApi) -> None:
    outcome = soar("secret", "set", "vt_key", VALUE)
    assert outcome.code == 2
    assert vault.asked == []


def test_no_value_is_refused(soar: Soar, vault: FakeApi) -> None:
    outcome = soar("secret", "set", "vt_key", stdin="\n")
    assert (outcome.code, outcome.err) == (2, "error: nothing was given\nhint: pipe the value in\n")
    assert vault.asked == []


def test_at_a_terminal_a_value_is_asked_for_without_echo(terminal: Soar, vault: FakeApi) -> None:
    outcome = terminal("secret", "set", "vt_key", answers=[("value of vt_key:", VALUE)])
    assert outcome.code == 0, outcome.err
    assert vault.asked[0].body == {"value": VALUE, "hosts": []}
    assert VALUE not in outcome.out + outcome.err


def test_the_list_names_credentials_and_no_values(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/credentials", page(SET))
    heading, line = soar("secret", "list").out.splitlines()
    assert heading.split() == ["NAME", "VERSION", "HOSTS", "SET"]
    assert line.split()[:3] == ["vt_key", "2", "www.virustotal.com"]
