"""Queues of others hand out messages, the service is killed in the middle, and every message is an alert once.

The servers are Debian's packages; what is missing is skipped. `make e2e` runs it.
"""

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.e2e.queues import Queue, run_mosquitto, run_nats, run_rabbitmq
from tests.support.server import Client, wait_for
from tests.support.site import SiteFolder, keep_credential, write_site

pytestmark = [
    pytest.mark.skipif("SOAR_E2E" not in os.environ, reason="it starts other programs; `make e2e` runs it"),
    pytest.mark.timeout(300),
]

SOURCE = """
poll:
  uses: {uses}
  with: {with}
  every: 1s
alert:
  kind: '"door.opened"'
  title: '"door " + string(raw.n)'
"""
PLAYBOOK = """
name: Tell of it
on: {alert: {source: queue}}
inputs:
  title: {type: string, from: alert.title}
steps:
  - id: tell
    uses: chat.post
    with: {channel: "#soc", text: "${{ inputs.title }}"}
"""
COUNT, BEFORE = 200, 160
PATIENCE = 120.0  # seconds: a lease of the killed process ends, and what was not acknowledged is handed out again


def write_queue_site(folder: Path, queue: Queue) -> SiteFolder:
    """Write a site with one source, which is polled from a queue."""
    folder.mkdir()
    site = write_site(folder, "http://127.0.0.1:1")
    field, secret = queue.connection["secret"]
    asyncio.run(keep_credential(site.settings_file, "queue_secret", secret))
    connection = {
        "hosts": ["127.0.0.1"],
        "settings": queue.connection["settings"],
        "credentials": {field: "queue_secret"},
    }
    lines = ["connections:", "  chat: {}", "  http: {}", f"  {queue.connector}: {connection}"]
    text = "\n".join(lines).replace("True", "true").replace("False", "false")
    (folder / "connections.yaml").write_text(f"{text}\n", "utf-8")
    (folder / "sources" / "queue.yaml").write_text(SOURCE.format(**queue.poll), "utf-8")
    (folder / "playbooks" / "tell.yaml").write_text(PLAYBOOK, "utf-8")
    (folder / "playbooks" / "probe.yaml").unlink()
    return site


def count_all(client: Client, path: str) -> Counter[str]:
    """Return how often each title is among the alerts, or each alert among the runs."""
    found: Counter[str] = Counter()
    cursor = ""
    while True:
        page = client.send("GET", f"{path}limit=200{cursor}").json
        found.update(str(one["title" if "alerts" in path else "alert"]) for one in page["items"])
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def count_titles(client: Client) -> Counter[str]:
    return count_all(client, "/api/v1/alerts?source=queue&")


def find_poll(client: Client) -> dict[str, object]:
    (source,) = [one for one in client.send("GET", "/api/v1/sources").json["items"] if one["id"] == "queue"]
    poll: dict[str, object] = source["poll"]
    return poll


@pytest.mark.parametrize("run", [run_nats, run_mosquitto, run_rabbitmq])
def test_every_message_is_an_alert_once_though_the_service_is_killed_in_the_middle(
    tmp_path: Path, run: Callable[[Path], AbstractContextManager[Queue]]
) -> None:
    (tmp_path / "queue").mkdir()
    with run(tmp_path / "queue") as queue:
        site = write_queue_site(tmp_path / "site", queue)
        server, client = site.serve()
        try:
            site.sign_in(client)
            if queue.connector == "mqtt":  # the session has to be there before what is published waits in it
                wait_for(lambda: find_poll(client)["stored_at"])
            publisher = threading.Thread(target=queue.publish, args=[range(BEFORE)])
            publisher.start()
            wait_for(lambda: sum(count_titles(client).values()) >= BEFORE // 4)
        finally:
            server.kill()
        publisher.join()
        queue.publish(range(BEFORE, COUNT))
        server, client = site.serve()
        try:
            site.sign_in(client)
            wait_for(lambda: len(count_titles(client)) == COUNT, PATIENCE)
            queue.publish([COUNT])  # behind which nothing comes that was handed out before
            wait_for(lambda: f"door {COUNT}" in count_titles(client), PATIENCE)
            wait_for(lambda: queue.count_waiting() == 0, PATIENCE)
            assert count_titles(client) == Counter(f"door {number}" for number in range(COUNT + 1))
            wait_for(lambda: len(count_all(client, "/api/v1/runs?")) == COUNT + 1, PATIENCE)
            assert set(count_all(client, "/api/v1/runs?").values()) == {1}
            assert find_poll(client)["fault"] is None
            assert server.stop() == 0, server.output
        finally:
            server.kill()
