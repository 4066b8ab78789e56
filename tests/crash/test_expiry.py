"""A server that is down when a change expires: the change is taken back once it is there again, and only once."""

import time
from pathlib import Path

import pytest

from tests.support.server import Client, wait_for
from tests.support.site import Product, SiteFolder, open_product, post_alert, write_site

pytestmark = pytest.mark.crash

PROMISED = 60.0
HELD = """
name: Hold something for a moment
on: {alert: {source: probe, match: 'alert.kind == "probe.seen"'}}
steps:
  - uses: http.request
    with: {method: POST, url: "URL/hold"}
    undo: {uses: http.request, with: {method: POST, url: "URL/let-go"}}
    expires: 1s
"""


def start(site: SiteFolder, product: Product) -> None:
    (site.folder / "playbooks" / "probe.yaml").write_text(HELD.replace("URL", product.url), "utf-8")


def list_responses(client: Client) -> list[dict[str, object]]:
    return list(client.send("GET", "/api/v1/responses").json["items"])


def count_events(client: Client) -> dict[str, int]:
    events = client.send("GET", "/api/v1/audit?limit=200").json["items"]
    kinds = [str(event["type"]) for event in events]
    return {kind: kinds.count(kind) for kind in ("response.expired", "response.lift_requested", "response.lifted")}


def test_what_expired_while_the_server_was_down_is_lifted_within_a_minute_and_once(tmp_path: Path) -> None:
    with open_product() as product:
        site = write_site(tmp_path, product.url)
        start(site, product)
        server, client = site.serve()
        site.sign_in(client)
        assert post_alert(client, 1) == 202
        wait_for(lambda: list_responses(client))
        server.kill()
        expired_at = product.list_moments("/hold")[0] + 1.0
        wait_for(lambda: time.monotonic() > expired_at + 0.5)
        was_let_go = product.count("/let-go")
        server, client = site.serve()
        back_at = time.monotonic()
        try:
            site.sign_in(client)
            wait_for(lambda: list_responses(client)[0]["status"] == "lifted", PROMISED)
            (let_go,) = product.list_moments("/let-go")
            assert was_let_go == 0
            assert let_go - back_at < PROMISED
            assert set(count_events(client).values()) == {1}
        finally:
            server.stop()
        server, client = site.serve()
        try:
            site.sign_in(client)
            assert post_alert(client, 2) == 202
            wait_for(lambda: product.count("/let-go") == 2)
            wait_for(lambda: {each["status"] for each in list_responses(client)} == {"lifted"})
            assert set(count_events(client).values()) == {2}
        finally:
            server.stop()
