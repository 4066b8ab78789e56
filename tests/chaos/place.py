"""The site that is besieged: signed alerts, a playbook that reads, acts unsafely, acts by key and tells."""

import shutil
import sys
from pathlib import Path

from tests.support.site import SiteFolder, write_site

_SOURCE = """
auth:
  hmac:
    header: X-Signature
    secret: probe_hook
    timestamp: X-Timestamp
    id: X-Delivery
    template: "{id}.{timestamp}.{body}"
alert:
  kind: '"probe.seen"'
  title: '"probe " + string(raw.n)'
  severity: '"low"'
"""
_PLAYBOOK = """
name: Look, act, note and tell
on: {alert: {source: probe, match: 'alert.kind == "probe.seen"'}}
inputs:
  n: {type: int, from: alert.raw.n}
steps:
  - id: look
    uses: http.get
    with: {url: "URL/look/${{ inputs.n }}"}
    timeout: 2s
    retry: {attempts: 4, delay: 1s}
    on_failure: continue
  - id: act
    uses: http.request
    with: {method: POST, url: "URL/act/${{ inputs.n }}", json: {n: "${{ inputs.n }}"}}
    timeout: 2s
    on_failure: continue
  - id: note
    uses: ledger.note
    with: {number: "${{ inputs.n }}"}
    timeout: 2s
    retry: {attempts: 4, delay: 1s}
    on_failure: continue
  - id: tell
    uses: chat.post
    with: {channel: "#probe", text: "did ${{ inputs.n }}"}
"""
ACT = "steps/1"
"""Path of the step whose effect is unsafe."""

_CONNECTIONS = """
connections:
  http: {hosts: ['127.0.0.1'], settings: {private: true}}
  ledger: {hosts: ['127.0.0.1'], settings: {private: true, url: 'URL'}}
  chat: {}
"""


def write_besieged_site(folder: Path, product_url: str, database: str | None = None) -> SiteFolder:
    """Write the files, the keys and the hook's credential; see `write_site`."""
    site = write_site(folder, product_url, database)
    (folder / "sources" / "probe.yaml").write_text(_SOURCE, "utf-8")
    (folder / "playbooks" / "probe.yaml").write_text(_PLAYBOOK.replace("URL", product_url), "utf-8")
    (folder / "connections.yaml").write_text(_CONNECTIONS.replace("URL", product_url), "utf-8")
    ledger = folder / "connectors" / "ledger"
    shutil.copytree(Path(__file__).with_name("ledger"), ledger)
    (ledger / "__init__.py").touch()
    return site


def build_environment(folder: Path) -> dict[str, str]:
    """Return what the server is started with: a place for compiled modules where there is none."""
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    return compiled if sys.dont_write_bytecode else {}
