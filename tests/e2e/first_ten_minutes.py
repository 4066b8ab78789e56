"""The first ten minutes of somebody new: from `soar demo` to an approved, undone and audited action.

Run it by hand with `python tests/e2e/first_ten_minutes.py`; `make test` runs it, too.
"""

import hmac
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support.server import SOAR, Client, Server, wait_for  # noqa: E402 -- the script runs from anywhere


def run_cli(demo: Server, url: str, folder: Path, *arguments: str, stdin: str | None = None) -> str:
    """Run `soar` as a person would, and return what it printed."""
    done = subprocess.run(
        [SOAR, *arguments],
        cwd=ROOT,
        env={**os.environ, "SOAR_URL": url, "XDG_CONFIG_HOME": str(folder / "home"), "NO_COLOR": "1"},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"soar {' '.join(arguments)}: {done.stdout}{done.stderr}\n{demo.output}"
    return done.stdout


def post_first_alert(line: str) -> str:
    """Run the printed line in a shell, as it stands, and return the alert's id.

    Where there is no curl or openssl, the same request is signed and sent from here.
    """
    if shutil.which("curl") and shutil.which("openssl"):
        done = subprocess.run(
            ["/bin/bash", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
        )
        return str(json.loads(done.stdout)["alert"])
    found = re.search(r"-hmac (?P<key>\S+) -r .*--data-binary @(?P<file>\S+) (?P<url>\S+)$", line)
    assert found is not None, line
    key, url = found["key"], urlsplit(found["url"])
    body, moment = (ROOT / found["file"]).read_bytes(), str(int(time.time()))  # noqa: TID251 -- the server is another process, on the real clock
    signature = hmac.digest(key.encode(), f"{moment}.".encode() + body, "sha256").hex()
    headers = {"X-Soar-Timestamp": moment, "X-Soar-Signature": f"sha256={signature}"}
    answer = Client(f"{url.scheme}://{url.netloc}").send("POST", url.path, body, headers)
    assert answer.status == 202, answer.body
    return str(answer.json["alert"])


def find_run(client: Client, alert: str, status: str) -> dict[str, object]:
    """Wait until the alert's run has this status."""

    def look() -> dict[str, object] | None:
        runs = client.send("GET", f"/api/v1/runs?alert={alert}").json["items"]
        return runs[0] if runs and runs[0]["status"] == status else None

    return wait_for(look)


def walk_through(folder: Path) -> dict[str, str]:
    """Do it all against a demo in this folder; return what was seen."""
    demo = Server(["demo", "--folder", str(folder / "demo"), "--listen", "127.0.0.1:0"], cwd=ROOT)
    try:
        url = demo.find(r"^soar demo: (\S+)$")
        password = demo.find(r"^\s+bob\s+analyst\s+(\S+)$")
        line = demo.find(r"^\s+((?:ts=|curl).+)$")
        client = Client(url)
        wait_for(lambda: client.send("GET", "/readyz").status == 200)
        client.sign_in("bob", password)

        alert = post_first_alert(line)
        run = find_run(client, alert, "waiting")
        run_cli(demo, url, folder, "login", "--name", "bob", "--password-stdin", stdin=password)
        (asked,) = json.loads(run_cli(demo, url, folder, "approval", "list", "--json"))["items"]
        assert asked["run"] == run["id"]
        run_cli(demo, url, folder, "approval", "approve", asked["code"], "--confirm", asked["confirm"], "-m", "seen")
        done = find_run(client, alert, "succeeded")
        assert done["outputs"] == {"purged": True, "copies": 12}, done

        run_cli(demo, url, folder, "run", "undo", str(run["id"]), "--yes")
        lifted = wait_for(lambda: client.send("GET", "/api/v1/responses?status=lifted").json["items"])
        assert lifted[0]["run"] == run["id"]
        auditor = demo.find(r"^\s+olga\s+auditor\s+(\S+)$")
        run_cli(demo, url, folder, "login", "--name", "olga", "--password-stdin", stdin=auditor)
        verified = run_cli(demo, url, folder, "audit", "verify")
        assert verified.startswith("✔"), verified
        assert demo.stop() == 0, demo.output
        return {"alert": alert, "run": str(run["id"]), "code": asked["code"], "verified": verified.strip()}
    finally:
        demo.kill()


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="soar-first-"))
    try:
        for name, seen in walk_through(folder).items():
            sys.stdout.write(f"{name:>9}  {seen}\n")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
