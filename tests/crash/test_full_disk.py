"""A full disk: 503, no false 202, and it goes on by itself when there is room."""

from pathlib import Path

import pytest

from tests.support.server import wait_for
from tests.support.site import open_product, post_alert, write_site

pytestmark = pytest.mark.crash

PADDING = "x" * 200_000


def test_a_full_disk_gives_503_and_no_false_202(tmp_path: Path, small_disk: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    with open_product() as product:
        site = write_site(folder, product.url, f"sqlite:///{small_disk / 'soar.db'}")
        server, client = site.serve()
        try:
            filler = small_disk / "filler"
            filler.write_bytes(b"x" * 3_000_000)
            statuses = [post_alert(client, number, PADDING) for number in range(60)]
            assert set(statuses) <= {202, 503}, statuses
            assert 503 in statuses
            assert 202 in statuses
            filler.unlink()
            wait_for(lambda: post_alert(client, 100) == 202)
        finally:
            server.kill()
        server, client = site.serve()
        try:
            site.sign_in(client)
            stored = {alert["title"] for alert in client.send("GET", "/api/v1/alerts?limit=200").json["items"]}
            acknowledged = {f"probe {number}" for number, status in enumerate(statuses) if status == 202}
            assert stored >= acknowledged
            assert "probe 100" in stored
            assert client.send("POST", "/api/v1/audit/verify", {}).json["is_sound"] is True
        finally:
            server.stop()
