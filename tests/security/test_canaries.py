"""No secret comes out anywhere, whatever its shape and whatever a product makes of it."""

import asyncio
import base64
import os
import re
import socket
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from soar.app.ids import SystemRandomness
from soar.app.people import create_people
from soar.app.settings import load_settings
from soar.app.site import read_site
from soar.app.wiring import open_service
from soar.audit.format import Format
from soar.model.identity import Role
from tests.security.hostile_product import MARKER, open_hostile_product
from tests.support.canaries import CANARIES, FORMS, find_canary, pack
from tests.support.server import SOAR, Client, Server, wait_for
from tests.support.site import SiteFolder, write_site

pytestmark = pytest.mark.timeout(600)  # one installation does it all, with a second process beside the test's own

HOOK_KEYS = ("hook-canary-'Aa11'-\"quoted\"-key", "hook-canary-Ünï-Bb22-🔐-key")
TOO_SHORT = "sh0rt%7"
PEOPLE = {"root": Role.ADMIN, "ann": Role.ANALYST, "bob": Role.ANALYST, "olga": Role.AUDITOR}
STEPS = ("body", "json", "header", "line", "error", "denied", "gzip", "redirect")
ENDS = ("fault", "reset", "garbage", "hang", "refused")
SOURCE = "auth: {%s: {secret: %s, header: X-Sign}}\nalert: {kind: raw.kind}\n"
BEARER = "auth: {bearer: {secret: %s}}\nalert: {kind: raw.kind}\n"
SECRETS = {f"canary_{number:02}": secret for number, secret in enumerate(CANARIES)}
_PATIENCE = 240.0
_UNDER_WAY = frozenset({"queued", "running"})


@dataclass
class Spilled:
    """Everything that came out of an installation, by where it came out."""

    places: dict[str, bytes]

    def find(self, secret: str) -> dict[str, list[str]]:
        """Return in which forms a secret stands where."""
        return {place: found for place, data in self.places.items() if (found := find_canary(secret, data))}


def write_playbook(name: str, url: str) -> str:
    """Return a playbook that shows a secret to the product in every way, asks, tells, and then gives up."""
    calls = "\n".join(write_call(step, f"{url}/{step}", name) for step in STEPS)
    return f"""
name: Show {name}
on: {{manual: {{}}}}
steps:
{calls}
  - id: open
    uses: http.get
    with: {{url: "{url}/x", headers: {{X-Key: "${{{{ secrets.{name} }}}}"}}}}
    on_failure: continue
  - id: tell
    uses: chat.post
    with: {{channel: "#soc", text: "said ${{{{ default(steps.body.output.text, 0) }}}}"}}
    on_failure: continue
  - id: asked
    uses: http.request
    with: {{url: "{url}/json", json: {{key: "${{{{ secrets.{name} }}}}"}}}}
    approve:
      by: role:analyst
      reason: "the product said ${{{{ json(default(steps.header.output.headers, {{}})) }}}}"
    on_failure: continue
outputs:
  said: ${{{{ default(steps.json.output.json, 0) }}}}
"""


def write_end(name: str, url: str, step: str) -> str:
    return f"name: End {name}\non: {{manual: {{}}}}\nsteps:\n{write_call(step, f'{url}/{step}', name, '2s')}\n"


def write_call(step: str, url: str, name: str, timeout: str = "20s") -> str:
    return (
        f'  - {{id: {step}, uses: http.request, with: {{url: "{url}", json: {{key: "${{{{ secrets.{name} }}}}"}}}}, '
        f"timeout: {timeout}, on_failure: continue}}"
    )


def find_closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


async def make_people(folder: Path) -> Mapping[str, str]:
    settings = load_settings(folder / "soar.yaml")
    async with open_service(read_site(settings), "http://127.0.0.1") as service:
        return await create_people(
            service.store,
            service.workspace,
            PEOPLE,
            passwords=service.passwords,
            clock=service.clock,
            ids=service.ids,
            randomness=SystemRandomness(),
        )


def write_canary_site(folder: Path, url: str) -> SiteFolder:
    site = write_site(folder, url)
    closed = find_closed_port()
    for name in SECRETS:
        id_ = name.replace("_", "-")
        (folder / "playbooks" / f"show-{id_}.yaml").write_text(write_playbook(name, url), "utf-8")
        for step in ENDS:
            text = write_end(name, closed if step == "refused" else url, step)
            (folder / "playbooks" / f"{step}-{id_}.yaml").write_text(text, "utf-8")
    (folder / "sources" / "signed.yaml").write_text(SOURCE % ("hmac", "hook_0"), "utf-8")
    (folder / "sources" / "borne.yaml").write_text(BEARER % "hook_1", "utf-8")
    with (folder / "soar.yaml").open("a", encoding="utf-8") as file:
        file.write("log: {level: debug}\nlimits: {failures: 1000}\n")
    return site


def sign_in(client: Client, name: str, password: str) -> Client:
    own = Client(client.url)
    own.sign_in(name, password)
    return own


def set_secrets(root: Client) -> list[bytes]:
    """Set every credential over the API, also in ways that are refused, and return what was answered."""
    hooks = {f"hook_{number}": key for number, key in enumerate(HOOK_KEYS)}
    answers = [
        root.send("PUT", f"/api/v1/credentials/{name}", {"value": value})
        for name, value in {**SECRETS, **hooks}.items()
    ]
    assert {answer.status for answer in answers} == {200}
    refused: list[tuple[str, object]] = [("short", {"value": TOO_SHORT})]
    for value in SECRETS.values():
        refused += [
            ("Bad Name", {"value": value}),
            ("listed", {"value": [value]}),
            ("more", {"value": value, "hosts": ["not a host"]}),
            ("named", {"secret": value}),
            ("broken", f'{{"value": {value!r}'.encode()),
        ]
    told = [root.send("PUT", f"/api/v1/credentials/{name.replace(' ', '%20')}", body) for name, body in refused]
    assert {answer.status for answer in told} <= {400, 422}
    return [answer.body for answer in (*answers, *told)]


def act(root: Client, ann: Client, bob: Client) -> list[str]:
    """Run every playbook to where it rests, answer what is asked, and return the runs."""
    playbooks = [item["id"] for item in root.send("GET", "/api/v1/playbooks").json["items"] if item["id"] != "probe"]
    assert len(playbooks) == len(SECRETS) * (1 + len(ENDS))
    runs = []
    for playbook in playbooks:
        answer = bob.send("POST", f"/api/v1/playbooks/{playbook}/runs", {})
        assert answer.status == 202, answer.body
        runs.append(answer.json["id"])
    wait_for(lambda: len(list_all(ann, "approvals?status=pending")) == len(SECRETS) or None, _PATIENCE)
    for number, approval in enumerate(list_all(ann, "approvals?status=pending")):
        shown = ann.send("GET", f"/api/v1/approvals/{approval['id']}").json
        choice = "approve" if number % 2 else "deny"
        vote = {"vote": choice, "digest": shown["digest"], "comment": "seen"}
        answer = ann.send("POST", f"/api/v1/approvals/{approval['id']}/votes", vote)
        assert answer.status == 200, answer.body
    wait_for(lambda: not [run for run in list_all(ann, "runs") if run["status"] in _UNDER_WAY] or None, _PATIENCE)
    for key in HOOK_KEYS:
        headers = {"Authorization": f"Bearer {key.encode().decode('latin-1')}", "X-Sign": "00"}
        for source in ("signed", "borne"):
            root.send("POST", f"/hooks/{source}", {"kind": "x"}, headers)
    return runs


def list_all(client: Client, path: str) -> list[dict[str, str]]:
    """Return every entry of a list."""
    found, cursor = [], ""
    while True:
        mark = "&" if "?" in path else "?"
        page = client.send("GET", f"/api/v1/{path}{mark}limit=100{cursor}").json
        found += page["items"]
        if not page["next"]:
            return found
        cursor = f"&cursor={page['next']}"


def dump(clients: Mapping[str, Client], runs: list[str]) -> dict[str, bytes]:
    """Return what every GET route says to everybody."""
    root = clients["root"]
    paths = [path for path, methods in root.send("GET", "/api/openapi.json").json["paths"].items() if "get" in methods]
    ids = {
        "runs": runs,
        "approvals": [item["id"] for item in list_all(root, "approvals")],
        "playbooks": [f"show-{name.replace('_', '-')}" for name in SECRETS],
    }
    sequences = [str(number) for number in range(len(list_all(root, "audit")))][::50]
    said: dict[str, bytes] = {}
    for path in paths:
        if path.endswith("/stream"):
            continue
        resource = path.split("/")[3] if path.count("/") > 3 else ""
        chosen = sequences if "{sequence}" in path else ids.get(resource, ["probe"])
        for id_ in chosen if "{" in path else [""]:
            filled = re.sub(r"\{\w+\}", id_, path)
            for name, client in clients.items():
                mark = (
                    "?limit=200" if "{" not in path and resource in {"runs", "approvals", "audit", "messages"} else ""
                )
                answer = client.send("GET", filled + mark)
                said[f"{name} GET {filled}"] = answer.body + str(answer.headers).encode()
    return said


def export(clients: Mapping[str, Client]) -> dict[str, bytes]:
    """Return the whole record as files, in every format and as each who may export it."""
    said: dict[str, bytes] = {}
    for name in ("root", "olga"):
        for format_ in Format:
            answer = clients[name].send("GET", f"/api/v1/audit/export?format={format_}")
            assert answer.status == 200, answer.body
            said[f"export {format_} of {name}"] = answer.body
    return said


def run_commands(client: Client, run: str, approval: str, folder: Path) -> dict[str, bytes]:
    """Return what the command line says, for people and for programs."""
    token = client.send(
        "POST",
        "/api/v1/tokens",
        {"name": "cli", "scopes": client.send("GET", "/api/v1/session").json["permissions"], "days": 1},
    )
    assert token.status == 200, token.body
    environment = {**os.environ, "SOAR_URL": client.url, "SOAR_TOKEN": token.json["token"], "NO_COLOR": "1"}
    commands = (
        ("run", "show", run),
        ("run", "show", run, "--json"),
        ("approval", "show", approval),
        ("secret", "list"),
        ("audit", "list", "--json"),
        ("message", "list", "#soc"),
        ("doctor", "--config", str(folder / "soar.yaml")),
    )
    return {
        f"soar {' '.join(command[:2])} {number}": subprocess.run(
            [SOAR, *command], check=False, capture_output=True, env=environment, cwd=folder, timeout=120
        ).stdout
        for number, command in enumerate(commands)
    }


def read_files(folder: Path) -> dict[str, bytes]:
    """Return every file of the site but those that hold keys, and a backup of the database."""
    backup = folder / "backup.db"
    connection = sqlite3.connect(folder / "soar.db")
    connection.execute("VACUUM INTO ?", (str(backup),))
    connection.close()
    return {
        f"file {path.relative_to(folder)}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".key" and "sources" not in path.parts
    }


@pytest.fixture(scope="module")
def spilled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spilled]:
    """Give everything that came out of an installation after it worked with every canary."""
    folder = tmp_path_factory.mktemp("canaries")
    with open_hostile_product() as url:
        site = write_canary_site(folder, url)
        passwords = asyncio.run(make_people(folder))
        server, client = site.serve()
        try:
            yield Spilled(use(site, server, client, passwords))
        finally:
            server.stop()


def use(site: SiteFolder, server: Server, client: Client, passwords: Mapping[str, str]) -> dict[str, bytes]:
    clients = {name: sign_in(client, name, password) for name, password in passwords.items()}
    said = set_secrets(clients["root"])
    runs = act(clients["root"], clients["ann"], clients["bob"])
    places = dump(clients, runs)
    approval = list_all(clients["ann"], "approvals")[0]["id"]
    places |= run_commands(clients["root"], runs[-1], approval, site.folder)
    places |= export(clients)
    places |= read_files(site.folder)
    places["answers to PUT credentials"] = b"\n".join(said)
    places["log"] = server.output.encode()
    return places


@pytest.mark.parametrize("name", SECRETS)
def test_a_credential_comes_out_nowhere(spilled: Spilled, name: str) -> None:
    assert spilled.find(SECRETS[name]) == {}


@pytest.mark.parametrize("key", [*HOOK_KEYS, TOO_SHORT])
def test_a_hook_key_and_what_was_refused_come_out_nowhere(spilled: Spilled, key: str) -> None:
    assert spilled.find(key) == {}


def test_what_is_no_secret_is_found_in_the_same_places(spilled: Spilled) -> None:
    """Otherwise nothing would have been looked through."""
    found = spilled.find(MARKER)
    assert {place.split()[0] for place in found} >= {"root", "ann", "file", "soar"}
    assert {"file soar.db", "file backup.db"} <= set(found)


@pytest.mark.parametrize("format_", Format)
def test_exports_hold_the_whole_record(spilled: Spilled, format_: Format) -> None:
    for name in ("root", "olga"):
        data = spilled.places[f"export {format_} of {name}"]
        assert data.count(b"credential.set") >= len(SECRETS)
        assert len(data.splitlines()) > len(SECRETS) * len(STEPS)


@pytest.mark.parametrize("secret", [*CANARIES, *HOOK_KEYS])
def test_a_canary_is_found_in_every_form(secret: str) -> None:
    for name, write in FORMS.items():
        assert name in find_canary(secret, b"before " + write(secret) + b" after"), name
    for offset in range(3):
        assert f"base64 at {offset}" in find_canary(secret, base64.b64encode(b"x" * offset + secret.encode() + b"yz"))
    assert "raw" in find_canary(secret, pack(secret))
    assert find_canary(secret, b"nothing of the kind") == []
