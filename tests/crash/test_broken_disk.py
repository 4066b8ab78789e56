"""A disk that fails under a write, and one that can only be read: no false 202, and a start finds everything."""

import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from soar.app.process import EXIT_DISK
from tests.support.server import Client, Server, wait_for
from tests.support.site import SiteFolder, open_product, post_alert, write_site

pytestmark = pytest.mark.crash

PADDING = "x" * 20_000
ROOM = 100_000
"""Bytes that the database may still grow by."""


def post_until_it_ends(client: Client) -> tuple[set[int], int]:
    """Post alerts until nobody answers; return the accepted numbers and the one that got no answer."""
    accepted = set[int]()
    for number in range(100):
        try:
            status = post_alert(client, number, PADDING)
        except OSError:
            return accepted, number
        assert status in {202, 503}
        if status == 202:
            accepted.add(number)
    raise AssertionError("the disk never failed")


def check_recovered(site: SiteFolder, accepted: set[int], unanswered: int) -> None:
    """Start the service again, send what got no answer once more, and look for what was accepted."""
    server, client = site.serve()
    try:
        assert post_alert(client, unanswered, PADDING) == 202
        site.sign_in(client)
        stored = [alert["title"] for alert in client.send("GET", "/api/v1/alerts?limit=200").json["items"]]
        assert sorted(stored) == sorted({f"probe {number}" for number in {*accepted, unanswered}})
        wait_for(lambda: all_ended(client, len(stored)))
        assert client.send("POST", "/api/v1/audit/verify", {}).json["is_sound"] is True
    finally:
        server.stop()
    check_integrity(site.database)


def all_ended(client: Client, count: int) -> bool:
    runs = client.send("GET", "/api/v1/runs?limit=200").json["items"]
    return len(runs) == count and all(run["finished_at"] is not None for run in runs)


def check_integrity(database: Path) -> None:
    connection = sqlite3.connect(database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


def test_a_write_that_fails_ends_the_process_and_a_start_goes_on(tmp_path: Path) -> None:
    with open_product() as product:
        site = write_site(tmp_path, product.url)
        server, client = site.serve()
        try:
            assert post_alert(client, 0, PADDING) == 202
            size = site.database.with_name(f"{site.database.name}-wal").stat().st_size
            # write(2) fails with EFBIG, which SQLite cannot tell from EIO
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size + ROOM, resource.RLIM_INFINITY))
            accepted, unanswered = post_until_it_ends(client)
            assert accepted
            assert server.process.wait(30) == EXIT_DISK
            wait_for(lambda: "the disk failed: disk I/O error" in server.output)
        finally:
            server.kill()
        check_recovered(site, accepted, unanswered)
        twice = {path: times for path, times in product.seen.items() if path.startswith("/act/") and times > 1}
        assert not twice


def test_a_disk_that_can_only_be_read_is_named_and_once_it_can_be_written_the_service_goes_on(
    tmp_path: Path, small_disk: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    with open_product() as product:
        site = write_site(folder, product.url, f"sqlite:///{small_disk / 'soar.db'}")
        server, client = site.serve()
        assert post_alert(client, 1) == 202
        server.kill()
        remount(small_disk, "ro")
        try:
            assert f"the database {site.database} can only be read" in start_in_vain(site)
            other = small_disk / "other.db"
            said = start_in_vain(site, {"SOAR_DATABASE__URL": f"sqlite:///{other}"})
            assert f"the database {other} cannot be made: Read-only file system" in said
        finally:
            remount(small_disk, "rw")
        check_recovered(site, {1}, 2)


def start_in_vain(site: SiteFolder, environment: Mapping[str, str] | None = None) -> str:
    """Start a service that does not come up, and return what it says."""
    arguments = ["serve", "--config", str(site.settings_file)]
    server = Server(arguments, cwd=site.folder, environment=environment)
    assert server.process.wait(60) != 0
    server.kill()
    return server.output


def remount(folder: Path, mode: str) -> None:
    subprocess.run([shutil.which("mount") or "mount", "-o", f"remount,{mode}", str(folder)], check=True)
