"""The agent beside the connector `nftables`, with an nft that writes down what it is told."""

import importlib.util
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.repository import ROOT
from tests.support.server import Answer, Client

KEY = "a-key-of-the-test-alone"
PLACE = "/v1/blocks/203.0.113.7"
BARE = {"family": "inet", "table": "soar", "name": "blocked4", "elem": ["203.0.113.7"]}
NFT = """
import json, sys
asked = json.load(sys.stdin)["nftables"]
open("LOG", "a").write(json.dumps(asked) + "\\n")
if "list" in asked[0]:
    print(json.dumps({"nftables": [{"metainfo": {}}, {"set": {"elem": [LISTED]}}]}))
"""


class Agent:
    """A started agent; `said` is what its nft was told so far."""

    def __init__(self, module: ModuleType, url: str, log: Path) -> None:
        self.module, self.client, self._log = module, Client(url), log

    @property
    def said(self) -> list[Any]:
        return [json.loads(line) for line in self._log.read_text("utf-8").splitlines()] if self._log.exists() else []

    def ask(self, method: str, place: str = PLACE, body: object = None, key: str = KEY) -> Answer:
        return self.client.send(method, place, body, {"Authorization": f"Bearer {key}"})


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    spec = importlib.util.spec_from_file_location("nft_agent", ROOT / "examples" / "nft-agent" / "nft_agent.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    listed = '{"elem": {"val": "203.0.113.7", "timeout": 60, "expires": 59}}, "2001:db8::1"'
    program = NFT.replace("LOG", str(tmp_path / "nft.log")).replace("LISTED", listed)
    module.NFT = (sys.executable, "-S", "-c", program)
    module.Handler.key = KEY.encode()
    server = module.open_server("127.0.0.1:0", None)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Agent(module, f"http://127.0.0.1:{server.server_address[1]}", tmp_path / "nft.log")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_block_begins_anew_in_one_transaction(agent: Agent) -> None:
    answer = agent.ask("PUT", body={"seconds": 60})
    assert answer.json == {"ip": "203.0.113.7", "is_blocked": True, "seconds_left": 59}
    timed = {**BARE, "elem": [{"elem": {"val": "203.0.113.7", "timeout": 60}}]}
    changed, _ = agent.said
    assert changed == [{"add": {"element": BARE}}, {"delete": {"element": BARE}}, {"add": {"element": timed}}]


def test_what_is_not_blocked_can_be_let_in_all_the_same(agent: Agent) -> None:
    answer = agent.ask("DELETE", PLACE.replace("203.0.113.7", "2001%3adb8::2"))
    assert answer.json == {"ip": "2001:db8::2", "is_blocked": False, "seconds_left": None}
    bare = {**BARE, "name": "blocked6", "elem": ["2001:db8::2"]}
    assert agent.said[0] == [{"add": {"element": bare}}, {"delete": {"element": bare}}]
    assert agent.ask("GET", "/v1/blocks/2001:db8::1").json["is_blocked"]


def test_without_the_key_nothing_is_asked_of_nft(agent: Agent) -> None:
    for key in ("", "x", KEY + "x", KEY[:-1]):
        assert agent.ask("PUT", body={"seconds": 1}, key=key).status == 401
    assert agent.client.send("DELETE", PLACE).status == 401
    assert agent.said == []


@pytest.mark.parametrize(
    "place",
    ["/", "/v1/blocks/", "/v1/blocks/any", "/v1/blocks/203.0.113.0/24", f"{PLACE};x", f"{PLACE}%0a", "/v1/blocks/1:2"],
)
def test_what_is_no_address_is_not_asked_of_nft(agent: Agent, place: str) -> None:
    assert agent.ask("DELETE", place).status == 404
    assert agent.said == []


@pytest.mark.parametrize(
    "body",
    [None, b"{", {}, [], {"seconds": 0}, {"seconds": True}, {"seconds": "60"}, {"seconds": 10**9}, b" " * 2_000],
)
def test_what_is_no_time_is_not_asked_of_nft(agent: Agent, body: object) -> None:
    assert agent.ask("PUT", body=body).status == 400
    assert agent.said == []


def test_what_nft_does_not_do_is_said(agent: Agent) -> None:
    agent.module.NFT = (sys.executable, "-S", "-c", "import sys; sys.exit('Error: no such set')")  # type: ignore[attr-defined]
    answer = agent.ask("PUT", body={"seconds": 1})
    assert (answer.status, answer.json) == (502, {"error": "nft: Error: no such set"})
