"""A site of its own in a folder: keys, settings, a source, a playbook, and a product that counts what is done to it."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from soar.app.ids import SystemRandomness
from soar.app.settings import load_settings
from soar.app.site import read_site
from soar.app.wiring import open_service
from soar.audit.keyfile import create_key_file
from soar.model.audit import Actor
from soar.model.secret import Secret
from tests.support.server import Client, Server, wait_for

HOOK_TOKEN = "a-token-that-only-the-test-knows"
FIRST_ADMIN = "ada"
PASSWORD = "seven-wet-herons-in-a-row"
SOURCE = """
auth: {bearer: {secret: probe_hook}}
alert:
  kind: '"probe.seen"'
  title: '"probe " + string(raw.n)'
  severity: '"low"'
"""
PLAYBOOK = """
name: Look, act and tell
on: {alert: {source: probe, match: 'alert.kind == "probe.seen"'}}
inputs:
  n: {type: int, from: alert.raw.n}
steps:
  - id: look
    uses: http.get
    with: {url: "URL/look/${{ inputs.n }}"}
  - id: act
    uses: http.request
    with: {method: POST, url: "URL/act/${{ inputs.n }}", json: {n: "${{ inputs.n }}"}}
  - id: tell
    uses: chat.post
    with: {channel: "#probe", text: "did ${{ inputs.n }}"}
"""


@dataclass
class Product:
    """What a real HTTP product was asked to do, counted by path.

    Attributes:
        arrivals: when each request came, by the clock that only goes forward, and its path.
    """

    url: str
    seen: Counter[str] = field(default_factory=Counter)
    arrivals: list[tuple[float, str]] = field(default_factory=list)
    slowly: threading.Event = field(default_factory=threading.Event)
    under_way: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def count(self, prefix: str) -> int:
        return sum(times for path, times in self.seen.items() if path.startswith(prefix))

    def list_moments(self, prefix: str) -> list[float]:
        """Return when requests came whose path begins so."""
        return [moment for moment, path in self.arrivals if path.startswith(prefix)]


@contextmanager
def open_product() -> Iterator[Product]:
    """Serve a product on a loopback port; while `slowly` is set, writes wait for `go_on` before they answer."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    product = Product(f"http://127.0.0.1:{server.server_address[1]}")
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self._answer()

        def _answer(self) -> None:
            with lock:
                product.seen[self.path] += 1
                product.arrivals.append((time.monotonic(), self.path))
            if self.command == "POST" and product.slowly.is_set():
                product.under_way.set()
                product.go_on.wait(30)
            body = b'{"ok": true}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the library's name
            """Say nothing."""

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield product
    finally:
        product.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class SiteFolder:
    """A folder with everything `soar serve` needs."""

    folder: Path
    url: str

    @property
    def settings_file(self) -> Path:
        return self.folder / "soar.yaml"

    @property
    def database(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.url.removeprefix("sqlite:///"))

    def work(self, *flags: str, environment: Mapping[str, str] | None = None) -> Server:
        """Start a worker and wait until it drives runs."""
        arguments = ["worker", "--config", str(self.settings_file), *flags]
        worker = Server(arguments, cwd=self.folder, environment=environment)
        worker.find(r"(work\.started)")
        return worker

    def serve(self, *flags: str, environment: Mapping[str, str] | None = None) -> tuple[Server, Client]:
        """Start the server and wait until it is ready."""
        arguments = ["serve", "--config", str(self.settings_file), *flags]
        server = Server(arguments, cwd=self.folder, environment=environment)
        url = server.find(r'"url":"(http[^"]+)"')
        client = Client(url)
        wait_for(lambda: client.send("GET", "/readyz").status == 200)
        return server, client

    def sign_in(self, client: Client) -> None:
        """Sign in as the first administrator, who sets a password with the code in a file if they have none yet."""
        file = self.folder / "first-admin.invitation"
        if file.exists():
            _, code = file.read_text("utf-8").split()
            answer = client.send("POST", "/api/v1/invitations", {"code": code, "password": PASSWORD})
            assert answer.status == 200, answer.body
            file.unlink()
        client.sign_in(FIRST_ADMIN, PASSWORD)


def post_alert(client: Client, number: int, padding: str = "") -> int:
    """Post an alert to the hook and return the status."""
    body = {"n": number, "padding": padding}
    return client.send("POST", "/hooks/probe", body, {"Authorization": f"Bearer {HOOK_TOKEN}"}).status


def write_site(folder: Path, product_url: str, database: str | None = None) -> SiteFolder:
    """Write the files, the keys and the hook's credential.

    Args:
        folder: where.
        product_url: what the playbook acts on.
        database: its URL; a file in the folder by default.
    """
    url = database or f"sqlite:///{folder / 'soar.db'}"
    (folder / "playbooks").mkdir()
    (folder / "sources").mkdir()
    (folder / "simulated").mkdir()
    (folder / "sources" / "probe.yaml").write_text(SOURCE, "utf-8")
    (folder / "playbooks" / "probe.yaml").write_text(PLAYBOOK.replace("URL", product_url), "utf-8")
    (folder / "connections.yaml").write_text(
        "connections:\n  http: {hosts: ['127.0.0.1'], settings: {private: true}}\n  chat: {}\n", "utf-8"
    )
    (folder / "soar.yaml").write_text(
        f"""
server: {{listen: "127.0.0.1:0", drain: 20, settle_within: 0}}
database: {{url: "{url}"}}
worker: {{lease: 2}}
vault: {{key_file: "{folder}/vault.key"}}
audit: {{key_file: "{folder}/audit.key", anchors: ["{folder}/anchor.txt"]}}
first_admin: {{name: {FIRST_ADMIN}}}
paths:
  playbooks: "{folder}/playbooks"
  sources: "{folder}/sources"
  connections: "{folder}/connections.yaml"
  policy: "{folder}/policy.yaml"
  roles: "{folder}/roles.yaml"
  ledgers: "{folder}/simulated"
""",
        "utf-8",
    )
    for key in ("vault.key", "audit.key"):
        create_key_file(folder / key, SystemRandomness())
    asyncio.run(keep_credential(folder / "soar.yaml", "probe_hook", HOOK_TOKEN))
    return SiteFolder(folder, url)


async def keep_credential(settings_file: Path, name: str, value: str) -> None:
    """Keep a secret in the vault of a site that is not served at the moment."""
    settings = load_settings(settings_file)
    actor = Actor(kind="system", id="test", via="engine")
    async with open_service(read_site(settings), "http://127.0.0.1") as service:
        await service.vault.set_credential(
            settings.workspace, name, Secret(value), actor=actor, now=service.clock.now()
        )
