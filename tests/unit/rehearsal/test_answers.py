"""The products of a backtest: nothing gets out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from soar.app.connections import simulate_all
from soar.app.demo import write_settings
from soar.app.site import Site, read_site
from soar.model.catalog import Connection
from soar.model.errors import ActionCode
from soar.model.network import EgressRequest
from soar.model.process import ActionAnswer
from soar.rehearsal.answers import AnsweringHost, ClosedEgress, Origin, UnansweredError, simulate
from soar.rehearsal.clock import run_virtual
from soar.rehearsal.history import History
from soar.sdk.errors import EgressRefusedError
from tests.support.builders import build_action_call
from tests.support.clock import START


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    return read_site(write_settings(folder, None))


def call(site: Site, connections: Mapping[str, Connection], action: str, **arguments: object) -> ActionAnswer:
    made = build_action_call(action=action, connection=action.partition(".")[0], arguments=arguments, secrets=())
    host = AnsweringHost(History(), simulate(site.connectors, connections, START), site.catalog, START)
    answer = run_virtual(host.call(made))
    assert [answered.origin for answered in host.answered] == [Origin.SIMULATED]
    return answer


async def test_the_way_out_is_closed() -> None:
    request = EgressRequest(
        method="POST", url="https://evil.example/", headers=(), body=b"", hosts=frozenset({"evil.example"})
    )
    egress = ClosedEgress()
    with pytest.raises(EgressRefusedError, match="POST was refused"):
        await egress.send(request)
    await egress.close()


def test_a_live_connection_is_simulated_and_its_credentials_are_left_alone(site: Site) -> None:
    live = Connection(id="virustotal", connector="virustotal", simulate=False, credentials={"api_key": "real"})
    answer = call(site, {"virustotal": live}, "virustotal.url_report", url="https://evil.example/pay")
    assert answer.code is None
    assert isinstance(answer.output, dict)
    assert answer.output["malicious"] == 8


def test_a_connector_without_a_simulator_reaches_nothing(site: Site) -> None:
    """Behind the host's own question the walls hold: the loaded connector refuses, and so would the way out."""
    bare = {**site.connectors, "whois": replace(site.connectors["whois"], simulator=None)}
    host = simulate(bare, simulate_all(site.catalog), START)
    made = build_action_call(
        action="whois.domain_age", connection="whois", arguments={"domain": "evil.example"}, secrets=()
    )
    answer = run_virtual(host.call(made))
    assert (answer.code, answer.message) == (ActionCode.INVALID, "whois cannot be simulated")


def test_what_is_said_in_the_chat_is_said_to_nobody(site: Site) -> None:
    answer = call(site, simulate_all(site.catalog), "chat.dm", user="ann@corp.example", text="hello")
    assert answer.code is None


def test_nobody_knowing_the_answer_ends_the_run(site: Site) -> None:
    whois = replace(site.catalog.connectors["whois"], has_simulator=False)
    catalog = replace(site.catalog, connectors={**site.catalog.connectors, "whois": whois})
    host = AnsweringHost(History(), simulate(site.connectors, {}, START), catalog, START)
    with pytest.raises(UnansweredError, match=r"whois\.domain_age"):
        run_virtual(host.call(build_action_call(action="whois.domain_age", connection="whois")))
    assert [answered.origin for answered in host.answered] == [None]
