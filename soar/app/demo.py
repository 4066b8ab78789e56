"""`soar demo`: the product itself, on simulated connections, with nothing to set up."""

import os
import shutil
import sys
from pathlib import Path

from soar.app.ids import SystemRandomness
from soar.app.lifecycle import serve_site
from soar.app.log import configure_log
from soar.app.people import DEMO_PEOPLE, create_people, make_password
from soar.app.settings import (
    AuditSettings,
    DatabaseSettings,
    LogSettings,
    PathSettings,
    Settings,
    VaultSettings,
    build_settings,
    find_bundled,
)
from soar.app.site import read_site
from soar.app.wiring import Service
from soar.audit.keyfile import create_key_file
from soar.lists.service import Keeper, NewEntry, add_entry, make_list
from soar.model.audit import Actor
from soar.model.errors import NotFoundError
from soar.model.secret import Secret
from soar.store import Unit

_HOOK = "phish_report_hook"
_PARTNERS = "partner-addresses"
_PARTNER = "192.0.2.64/26"
_SETUP = Actor(kind="system", id="setup", name="soar demo", via="engine")


def demo(folder: Path, listen: str | None = None) -> int:
    """Run the demo and return the exit code.

    Args:
        folder: where its database, keys and simulated products live; it is made, and used again the next time.
        listen: `host:port`; None is 127.0.0.1:8600.

    Raises:
        InputError: the folder holds something that does not fit.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = write_settings(folder, listen)
    configure_log(settings.log.level)
    for key_file in (settings.vault.key_file, settings.audit.key_file):
        if not key_file.exists():
            create_key_file(key_file, SystemRandomness())
    settings.paths.ledgers.mkdir(exist_ok=True)
    return serve_site(read_site(settings), _prepare)


def write_settings(folder: Path, listen: str | None) -> Settings:
    """Return the demo's settings.

    Raises:
        InputError: `listen` is no `host:port`.
    """
    config = find_bundled("config")
    return build_settings(
        {
            "server": {"listen": listen} if listen else {},
            "database": DatabaseSettings(url=f"sqlite:///{folder / 'soar.db'}"),
            "vault": VaultSettings(key_file=folder / "vault.key"),
            "audit": AuditSettings(
                key_file=folder / "audit.key", origin="soar.demo/audit", anchors=(folder / "anchor.txt",)
            ),
            "paths": PathSettings(
                playbooks=find_bundled("playbooks"),
                connectors=find_bundled("connectors"),
                sources=config / "sources",
                policy=config / "policy.yaml",
                roles=config / "roles.yaml",
                connections=folder / "connections.yaml",
                ledgers=folder / "simulated",
            ),
            "log": LogSettings(level="warning"),
            "is_demo": True,
        }
    )


async def _prepare(service: Service) -> None:
    await _set_hook_key(service)
    await _make_list(service)
    made = await create_people(
        service.store,
        service.workspace,
        DEMO_PEOPLE,
        passwords=service.passwords,
        clock=service.clock,
        ids=service.ids,
        randomness=service.randomness,
    )
    lines = [f"soar demo: {service.url}", ""]
    if made:
        lines += ["People, with their passwords, shown this once:"]
        lines += [f"  {name:<6} {DEMO_PEOPLE[name].value:<19} {password}" for name, password in made.items()]
    else:
        lines += ["The people and passwords are those of the first start; delete the folder to begin anew."]
    first_alert = await service.find_first_alert()
    if first_alert is not None:
        lines += ["", "Send your first alert:", "", f"  {first_alert.curl}", ""]
    lines += ["Then approve what it asks, as bob: in the browser, or", ""]
    soar = _find_command()
    lines += [f"  export SOAR_URL={service.url}", f"  {soar} login --name bob && {soar} approval list", ""]
    lines += ["And check the record of it all, as olga:", "", f"  {soar} login --name olga && {soar} audit verify", ""]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _find_command() -> str:
    """Return how a person in this shell calls us."""
    return "soar" if shutil.which("soar") else os.path.relpath(sys.argv[0])


async def _set_hook_key(service: Service) -> None:
    """Give the demo's source a key of its own, once."""
    try:
        await service.vault.resolve(service.workspace, _HOOK)
    except NotFoundError:
        value, now = Secret(make_password(service.randomness)), service.clock.now()
        await service.vault.set_credential(service.workspace, _HOOK, value, actor=_SETUP, now=now)


async def _make_list(service: Service) -> None:
    """Give the demo an allow-list for playbooks to look addresses up in, once."""
    now, ids = service.clock.now(), service.ids
    keeper = Keeper(by=f"{_SETUP.kind}:{_SETUP.id}", actor=_SETUP, context={})
    entry = NewEntry(id=ids.new("le"), list=_PARTNERS, value=_PARTNER, note="The offices of a partner")

    def make_once(unit: Unit) -> None:
        if unit.lists.get(_PARTNERS) is None:
            make_list(unit, _PARTNERS, keeper=keeper, ids=ids, at=now)
            add_entry(unit, entry, keeper=keeper, ids=ids, at=now)

    await service.store.write(service.workspace, make_once)
