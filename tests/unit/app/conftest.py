"""A site in a folder of its own, with real keys and a real database file."""

from pathlib import Path

import pytest

from soar.app.passwords import Passwords
from soar.app.settings import (
    AuditSettings,
    DatabaseSettings,
    PathSettings,
    ServerSettings,
    Settings,
    VaultSettings,
)
from soar.audit.keyfile import create_key_file
from tests.support.randomness import SeededRandomness

PLAYBOOK = "name: Tried\non: {manual: {}}\nsteps:\n  - set: {answer: 42}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A site with its keys and one playbook, and no other file."""
    for seed, name in enumerate(("vault.key", "audit.key")):
        create_key_file(tmp_path / name, SeededRandomness(seed))
    for folder in ("playbooks", "connectors", "sources", "simulated"):
        (tmp_path / folder).mkdir()
    (tmp_path / "playbooks" / "tried.yaml").write_text(PLAYBOOK, "utf-8")
    return Settings(
        server=ServerSettings(listen="127.0.0.1:0", drain=5),
        database=DatabaseSettings(url=f"sqlite:///{tmp_path / 'soar.db'}"),
        vault=VaultSettings(key_file=tmp_path / "vault.key"),
        audit=AuditSettings(key_file=tmp_path / "audit.key", interval=0.01, anchors=(tmp_path / "anchor.txt",)),
        paths=PathSettings(
            playbooks=tmp_path / "playbooks",
            connectors=tmp_path / "connectors",
            sources=tmp_path / "sources",
            policy=tmp_path / "policy.yaml",
            roles=tmp_path / "roles.yaml",
            connections=tmp_path / "connections.yaml",
            ledgers=tmp_path / "simulated",
        ),
    )


@pytest.fixture
def passwords() -> Passwords:
    return Passwords()
