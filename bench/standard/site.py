"""The site of the standard work: a playbook, a source that signs, and one private HTTP connection."""

import json
from pathlib import Path

from bench.standard.bombed import BOMBED
from soar.app.ids import SystemRandomness
from soar.app.settings import (
    AuditSettings,
    DatabaseSettings,
    LogSettings,
    PathSettings,
    ServerSettings,
    Settings,
    VaultSettings,
    build_settings,
    find_bundled,
)
from soar.audit.keyfile import create_key_file

RISKY = 80

_SOURCE = """\
description: The load generator
auth:
  hmac: {header: X-Signature, secret: bench_hook, tolerance: 5m}
rate: RATE
alert:
  kind: '"net.beacon"'
  title: raw.title
  severity: '"high"'
  entities: {ips: "[raw.ip]", users: "[raw.user]", hosts: "[raw.host]"}
"""

LOUD_RATE = 200.0
_RATE = 100_000.0
"""Requests a second of the standard work: it is not held back."""

_BOMBED_SOURCE = """\
description: Sends bodies that are made to cost much
format: {rule.format}
auth:
  hmac: {{header: X-Signature, secret: bench_hook, tolerance: 5m}}
alert:
  guess: true
  kind: '"bomb"'
"""

_CONNECTIONS = """\
connections:
  http:
    hosts: ["127.0.0.1"]
    settings: {private: true}
"""

_PLAYBOOK = """\
name: Standard work
description: Weigh an address, block it, and say so.
owner: team:bench

on:
  - alert:
      source: {sources}
      match: alert.raw.risk.score >= 70

steps:
  - id: facts
    name: Note the facts
    set:
      ip: ${{{{ alert.raw.ip }}}}
      user: ${{{{ alert.raw.user.lowerAscii() }}}}
      text: ${{{{ alert.title }}}} on ${{{{ alert.raw.host }}}}

  - id: reputation
    name: Weigh the address
    uses: http.get
    with:
      url: {url}/reputation/${{{{ steps.facts.output.ip }}}}

  - id: block
    name: Block it
    if: steps.reputation.output.json.score >= {risky}
    uses: http.request
    with:
      url: {url}/firewall
      json:
        address: ${{{{ steps.facts.output.ip }}}}
        reason: ${{{{ steps.facts.output.text }}}}

  - name: Say so
    uses: http.request
    with:
      url: {url}/chat
      json:
        number: ${{{{ alert.raw.number }}}}
        text: ${{{{ steps.facts.output.user }}}} met ${{{{ steps.facts.output.ip }}}}, and it is blocked
"""


def write_site(folder: Path, stubs: str, database: str | None = None, *, loud_rate: float = LOUD_RATE) -> Settings:
    """Write the site's files, with the settings as `soar.yaml` among them, and return its settings.

    Args:
        folder: where everything goes.
        stubs: where the products are, as a URL without a slash at the end.
        database: its URL; a file in the folder by default. With one there is the source of the standard work alone:
            workers refuse sources that share a key, as those of storms and bombs do.
        loud_rate: requests a second of the source that storms.
    """
    for name in ("playbooks", "sources", "ledgers"):
        (folder / name).mkdir()
    rates = {"bench": _RATE} if database else {"bench": _RATE, "quiet": LOUD_RATE, "loud": loud_rate}
    playbook = _PLAYBOOK.format(url=stubs, risky=RISKY, sources=json.dumps([*rates]))
    (folder / "playbooks" / "standard-work.yaml").write_text(playbook, "utf-8")
    for name, rate in rates.items():
        (folder / "sources" / f"{name}.yaml").write_text(_SOURCE.replace("RATE", str(rate)), "utf-8")
    for rule, name in BOMBED.items() if database is None else ():
        more = (f"field: {rule.field}\n" if rule.field else "") + ("gzip: true\n" if rule.may_gzip else "")
        (folder / "sources" / f"{name}.yaml").write_text(_BOMBED_SOURCE.format(rule=rule) + more, "utf-8")
    (folder / "connections.yaml").write_text(_CONNECTIONS, "utf-8")
    for key in ("vault.key", "audit.key"):
        create_key_file(folder / key, SystemRandomness())
    config = find_bundled("config")
    settings = build_settings(
        {
            "server": ServerSettings(listen="127.0.0.1:0"),
            "database": DatabaseSettings(url=database or f"sqlite:///{folder / 'soar.db'}"),
            "vault": VaultSettings(key_file=folder / "vault.key"),
            "audit": AuditSettings(key_file=folder / "audit.key", anchors=(folder / "anchor.txt",)),
            "paths": PathSettings(
                playbooks=folder / "playbooks",
                connectors=find_bundled("connectors"),
                sources=folder / "sources",
                policy=config / "policy.yaml",
                roles=config / "roles.yaml",
                connections=folder / "connections.yaml",
                ledgers=folder / "ledgers",
            ),
            "log": LogSettings(level="warning"),
        }
    )
    (folder / "soar.yaml").write_text(settings.model_dump_json(), "utf-8")  # JSON is YAML, too
    return settings
