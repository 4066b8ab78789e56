"""`soar doctor`: says beforehand what would keep an installation from being trusted."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from pydantic import BaseModel

from soar.app.ids import SystemRandomness
from soar.app.settings import Settings, VaultSettings
from soar.app.site import Site, read_site
from soar.app.vault import make_keyring
from soar.app.wiring import Service
from soar.audit.keyfile import read_key_file
from soar.model.errors import SoarError
from soar.model.step import walk_steps
from soar.playbook import list_files
from soar.sdk.egress import HttpEgress
from soar.store import find_file, is_exposed, is_shared
from soar.vault.providers.local import EnvironmentKeyProvider, FileKeyProvider


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        is_good: nothing to do.
        is_warning: it works, but somebody should look at it before relying on it.
        hint: what to do.
    """

    name: str
    is_good: bool
    is_warning: bool
    message: str
    hint: str | None = None


def doctor(settings: Settings) -> list[Check]:
    """Look at everything an installation needs, without starting it."""
    checks = [
        *_check_vault(settings.vault),
        *_check_key("audit key", settings.audit.key_file),
        _check_address(settings),
        *_check_sharing(settings),
        _check_anchors(settings),
    ]
    try:
        site = read_site(settings)
    except SoarError as error:
        return [*checks, Check("site", is_good=False, is_warning=False, message=error.message, hint=error.hint)]
    checks.append(Check("site", is_good=True, is_warning=False, message=_describe(site)))
    checks.extend(_check_playbooks(site))
    if all(check.is_good for check in checks if check.name.endswith("key")):
        checks.extend(_check_store(site))
    return checks


def _check_vault(settings: VaultSettings) -> Iterator[Check]:
    if settings.provider == FileKeyProvider.scheme:
        yield _try(
            "vault key",
            lambda: FileKeyProvider(settings.key_file, SystemRandomness()),
            f"{settings.key_file} is ours alone",
        )
        return
    yield _try("vault key", lambda: asyncio.run(_reach_key(settings)), f"the provider {settings.provider} has a key")
    if settings.provider == EnvironmentKeyProvider.scheme:
        yield Check(
            "vault provider",
            is_good=False,
            is_warning=True,
            message="the vault's key is in the environment, where children and dumps of the process show it",
            hint="put it into a file: vault.key_file",
        )


async def _reach_key(settings: VaultSettings) -> None:
    egress = HttpEgress()
    try:
        await make_keyring(settings, egress=egress, randomness=SystemRandomness()).find_first()
    finally:
        await egress.close()


def _check_key(name: str, path: Path) -> Iterator[Check]:
    yield _try(name, lambda: read_key_file(path), f"{path} is ours alone")


def _try(name: str, look: Callable[[], object], good: str) -> Check:
    try:
        look()
    except SoarError as error:
        return Check(name, is_good=False, is_warning=False, message=error.message, hint=error.hint)
    return Check(name, is_good=True, is_warning=False, message=good)


def _check_address(settings: Settings) -> Check:
    url, host = settings.server.url, settings.server.host
    if _is_loopback(host) or url.startswith("https://"):
        return Check("address", is_good=True, is_warning=False, message=f"listens on {settings.server.listen}")
    return Check(
        "address",
        is_good=False,
        is_warning=True,
        message=f"listens on {settings.server.listen} without TLS in front of it",
        hint="put a TLS proxy in front and set server.url to its https address",
    )


def _check_sharing(settings: Settings) -> Iterator[Check]:
    if is_exposed(settings.database.url):
        yield Check(
            "database",
            is_good=False,
            is_warning=True,
            message="what is said to the database can be read and changed on its way",
            hint="add ?sslmode=verify-full to database.url",
        )
    if is_shared(settings.database.url) and not settings.server.url:
        yield Check(
            "url",
            is_good=False,
            is_warning=True,
            message="several processes may share the database, and workers do not know how people reach us",
            hint="set server.url, to the same on every machine",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name, which may lead anywhere
        return host == "localhost"


def _check_anchors(settings: Settings) -> Check:
    if settings.audit.anchors:
        where = ", ".join(one.kind if isinstance(one, BaseModel) else str(one) for one in settings.audit.anchors)
        return Check("audit anchors", is_good=True, is_warning=False, message=f"checkpoints go to {where}")
    return Check(
        "audit anchors",
        is_good=False,
        is_warning=True,
        message="checkpoints stay in the database that they vouch for",
        hint="set audit.anchors to a file on another machine's storage",
    )


def _describe(site: Site) -> str:
    return f"{len(site.connectors)} connectors, {len(site.connections)} connections, {len(site.sources)} sources"


def _check_playbooks(site: Site) -> Iterator[Check]:
    for file in list_files(site.settings.paths.playbooks):
        checked = site.checker.check_file(file)
        if checked.playbook is None:
            hint = f"soar playbook validate {file}"
            message = f"{file.name} has errors"
            yield Check("playbook", is_good=False, is_warning=False, message=message, hint=hint)


def _check_store(site: Site) -> list[Check]:
    url = site.settings.database.url
    path = find_file(url)
    if not is_shared(url) and (path is None or not path.exists()):
        return [Check("database", is_good=True, is_warning=False, message=f"{path or url} is made at the first start")]
    return asyncio.run(_look_into_store(site))


async def _look_into_store(site: Site) -> list[Check]:
    """Look at the store as it is, and see that somebody holds each role that a gate names."""
    service = Service(site, site.settings.server.url)
    try:
        faults = await service.find_unready()
        if faults:
            return [Check("database", is_good=False, is_warning=False, message=fault) for fault in faults]
        weak = await service.store.find_weaknesses()
        checks = [
            Check("database", is_good=False, is_warning=False, message=fault, hint="switch it on") for fault in weak
        ]
        if not checks:
            message = "it opens and its schema is current"
            checks = [Check("database", is_good=True, is_warning=False, message=message)]
        return [*checks, *await _check_approvers(service)]
    finally:
        await service.close()


async def _check_approvers(service: Service) -> list[Check]:
    wanted = sorted(set(_find_gate_roles(service.site)))
    empty = await service.store.read(
        service.workspace, lambda unit: [role for role in wanted if not unit.users.with_role(role)]
    )
    return [
        Check(
            "approvers",
            is_good=False,
            is_warning=True,
            message=f"nobody holds the role {role}, and gates ask for it",
            hint="give somebody the role, or name another in the playbook",
        )
        for role in empty
    ]


def _find_gate_roles(site: Site) -> Iterator[str]:
    for file in list_files(site.settings.paths.playbooks):
        playbook = site.checker.check_file(file).playbook
        lists = playbook.steps + playbook.on_failure + playbook.finally_ if playbook else ()
        for step in walk_steps(lists):
            for principal in step.gate.by if step.gate else ():
                if principal.startswith("role:"):
                    yield principal.removeprefix("role:")
