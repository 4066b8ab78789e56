"""A real attack, a real sensor, a person in a real chat, and a real firewall: the whole loop, once.

It needs root, Suricata, rsyslog, nftables, and Synapse and matrix-nio (`make matrix`); what is missing is said, and the
test skipped. `make e2e` runs it.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.homeserver import Room, find_interpreter, open_room
from tests.e2e.sending import KEY, Receiver, find_program, run_program
from tests.e2e.sensor import ATTACKED, ATTACKING, RULE, open_two_hosts, run_rsyslog
from tests.support.repository import ROOT
from tests.support.server import Client, wait_for
from tests.support.site import keep_credential, write_site

pytestmark = [
    pytest.mark.skipif("SOAR_E2E" not in os.environ, reason="it starts other programs; `make e2e` runs it"),
    pytest.mark.timeout(300),
]

AGENT_KEY = "a-key-that-the-agent-and-the-service-know"
PLAYBOOK = """
name: Block who attacks
on: {alert: {source: suricata, match: alert.raw.alert.signature_id == 1000001}}
inputs:
  ip: {type: ip, from: alert.raw.src_ip}
  what: {type: string, from: alert.title}
dedupe: {key: inputs.ip, window: 1h}
steps:
  - id: block
    uses: nftables.block
    with: {ip: "${{ inputs.ip }}", lasts: 1h}
    approve:
      by: role:analyst
      channel: "matrix:#soc"
      reason: ${{ inputs.what }}
      impact: Nobody behind ${{ inputs.ip }} reaches the web server.
      timeout: 15m
    undo: auto
    expires: 10s
"""


@dataclass
class Stages:
    """How long each stage took."""

    began: float = field(default_factory=time.monotonic)
    took: list[tuple[str, float]] = field(default_factory=list)

    def end(self, name: str) -> None:
        now = time.monotonic()
        self.took.append((name, now - self.began))
        self.began = now

    def describe(self) -> str:
        return "".join(f"  {seconds:7.2f} s  {name}\n" for name, seconds in self.took)


@contextmanager
def open_victim(folder: Path) -> Iterator[tuple[Callable[[], bool], int]]:
    """Run a web server, a sensor and an agent on a host of their own; yield an attack on it, and the agent's port.

    The agent answers at the service's loopback address: it inherits the socket, as from systemd.
    """
    suricata, ip, curl = (find_program(name) for name in ("suricata", "ip", "curl"))
    find_program("nft")
    for name in ("web", "sensor", "agent"):
        (folder / name).mkdir(parents=True)
    (folder / "own.rules").write_text(RULE, "utf-8")
    (folder / "agent.key").write_text(AGENT_KEY, "utf-8")
    with ExitStack() as stack:
        attacker, victim = stack.enter_context(open_two_hosts(ip))
        inside = [ip, "netns", "exec", victim]
        serve = [*inside, sys.executable, "-u", "-m", "http.server", "8000", "--bind", ATTACKED]
        stack.enter_context(run_program(serve, folder / "web")).wait_to_say("Serving HTTP")
        sensor = [suricata, "-c", "/etc/suricata/suricata.yaml", "-S", folder / "own.rules", "-l", folder, "-k", "none"]
        more = ["--set", "unix-command.enabled=no", "-i", "cable"]
        stack.enter_context(run_program([*inside, *sensor, *more], folder / "sensor")).wait_to_say("Engine started")
        heard = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        program = ROOT / "examples" / "nft-agent" / "nft_agent.py"
        agent = [*inside, sys.executable, program, "--key-file", folder / "agent.key", "--socket", str(heard.fileno())]
        running = run_program(agent, folder / "agent", sockets=[heard.fileno()])
        stack.enter_context(running).wait_to_say("ready")

        def attack() -> bool:
            command = [curl, "--silent", "--output", "/dev/null", "--max-time", "1", "--user-agent", "sqlmap/1.7"]
            outside = [ip, "netns", "exec", attacker, *command, f"http://{ATTACKED}:8000/"]
            return subprocess.run(outside, timeout=20, check=False).returncode == 0

        yield attack, heard.getsockname()[1]


@contextmanager
def serve(tmp_path: Path, agent: int) -> Iterator[tuple[Room, Client]]:
    """Serve a site that hears Suricata, asks in Matrix and blocks over the agent."""
    folder = tmp_path / "site"
    folder.mkdir()
    site = write_site(folder, "http://127.0.0.1:1")
    shutil.copy(ROOT / "config" / "sources" / "suricata.yaml", folder / "sources")
    (folder / "playbooks" / "block.yaml").write_text(PLAYBOOK, "utf-8")
    firewall = f"""
  nftables:
    hosts: ["127.0.0.1"]
    settings: {{url: "http://127.0.0.1:{agent}", private: true}}
    credentials: {{key: nft_key}}
"""
    for name, value in (("suricata_hook", KEY), ("nft_key", AGENT_KEY)):
        asyncio.run(keep_credential(site.settings_file, name, value))
    with open_room(site, tmp_path / "homeserver", more=firewall) as room:
        server, client = site.serve()
        try:
            room.url = client.url
            room.link()
            client.sign_in("ann", room.passwords["ann"])
            yield room, client
            assert server.stop() == 0, server.output
        finally:
            server.kill()


def test_an_attack_is_seen_asked_about_blocked_and_let_in_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    find_interpreter()
    with ExitStack() as stack:
        attack, agent = stack.enter_context(open_victim(tmp_path / "victim"))
        room, client = stack.enter_context(serve(tmp_path, agent))
        (tmp_path / "shipper").mkdir()
        eve = {"/var/log/suricata/eve.json": str(tmp_path / "victim" / "eve.json")}
        stack.enter_context(
            run_rsyslog(Receiver(client, "suricata"), tmp_path / "shipper", "rsyslog-suricata.conf", eve)
        )
        stages = Stages()

        assert attack(), "nothing is blocked yet"
        stages.end("the attack came through")
        alert = wait_for(lambda: client.send("GET", "/api/v1/alerts?source=suricata").json["items"])[-1]
        stages.end("Suricata saw it, and the alert is there")
        assert (alert["title"], alert["entities"]["ips"]) == ("sqlmap looks for a way in", [ATTACKING, ATTACKED])
        card = room.wait_for_card("nftables.block")
        stages.end("alice sees the card")
        assert attack(), "nobody has said yes"
        stages.end("the attack still came through")
        code = card["content"]["body"].split(" ", 1)[0]
        room.alice.say(room.id, f"!approve {code} an attack")
        wait_for(lambda: not attack())
        stages.end("alice said yes, and the attack failed")
        room.wait_for_edit(card["event_id"], "approved by ann")
        (held,) = client.send("GET", "/api/v1/responses?status=active").json["items"]
        stages.end("the card says so, and the block is held")
        assert held["action"] == "nftables.block"
        wait_for(attack)
        stages.end("the block fell away by itself")
        lifted = wait_for(lambda: client.send("GET", "/api/v1/responses?status=lifted").json["items"])
        assert [one["id"] for one in lifted] == [held["id"]]
        room.log_in("olga")
        verified = room.run_cli("audit", "verify")
        stages.end("the record was verified")
        assert verified.startswith("✔"), verified
        with capsys.disabled():
            sys.stdout.write(f"\n{stages.describe()}  {verified}")
