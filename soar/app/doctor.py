"""`soar doctor`: says beforehand what would keep an installation from being trusted."""

import asyncio
import os
from collections.abc import Iterator

from soar.app.checks.check import Check, bad, doubtful, good
from soar.app.checks.facts import Process, gather_facts, look_at_process
from soar.app.checks.keys import check_keys
from soar.app.checks.network import check_network
from soar.app.checks.place import check_places
from soar.app.checks.rules import check_site
from soar.app.checks.sources import check_sources
from soar.app.checks.stored import check_stored, look_into_store
from soar.app.clock import SystemClock
from soar.app.ids import SystemRandomness
from soar.app.settings import Settings, VaultSettings
from soar.app.site import Site, read_site
from soar.app.vault import make_keyring
from soar.app.wiring import Service
from soar.approvals.decide import is_meant
from soar.model.errors import SoarError
from soar.model.step import walk_steps
from soar.playbook import list_files
from soar.sdk.egress import HttpEgress
from soar.store import find_file, is_shared
from soar.vault.providers.local import FileKeyProvider


def doctor(settings: Settings, process: Process | None = None) -> list[Check]:
    """Look at everything an installation needs, without starting it.

    Args:
        settings: of the installation.
        process: that would serve; None means this one.
    """
    checks = list(check_settings(settings, process))
    if settings.vault.provider != FileKeyProvider.scheme:
        checks.append(_check_provider(settings.vault))
    try:
        site = read_site(settings)
    except SoarError as error:
        return [*checks, bad(error.message, name="site", code=error.code, hint=error.hint)]
    checks.append(good(_describe(site), name="site"))
    checks.extend(check_site(site, SystemClock().now()))
    checks.extend(check_sources(site.sources, settings.server))
    checks.extend(_check_playbooks(site))
    if all(check.is_good for check in checks if check.name.endswith("key")):
        checks.extend(_check_store(site))
    return checks


def check_settings(settings: Settings, process: Process | None = None) -> Iterator[Check]:
    """Look at all that can be judged before the site's files are read; the start refuses what is bad among it.

    Args:
        settings: of the installation.
        process: that would serve; None means this one.

    Raises:
        InputError: the database's URL names none that we know.
    """
    facts = gather_facts(settings, process or look_at_process(os.environ))
    yield from check_keys(facts)
    yield from check_network(settings)
    yield from check_places(facts)


def _check_provider(settings: VaultSettings) -> Check:
    try:
        asyncio.run(_reach_key(settings))
    except SoarError as error:
        return bad(error.message, name="vault key", code=error.code, hint=error.hint)
    return good(f"the provider {settings.provider} has a key", name="vault key")


async def _reach_key(settings: VaultSettings) -> None:
    egress = HttpEgress()
    try:
        await make_keyring(settings, egress=egress, randomness=SystemRandomness()).find_first()
    finally:
        await egress.close()


def _describe(site: Site) -> str:
    return f"{len(site.connectors)} connectors, {len(site.connections)} connections, {len(site.sources)} sources"


def _check_playbooks(site: Site) -> Iterator[Check]:
    for file in list_files(site.settings.paths.playbooks):
        checked = site.checker.check_file(file)
        if checked.playbook is None:
            hint = f"soar playbook validate {file}"
            yield bad(f"{file.name} has errors", name="playbook", code="playbook_invalid", hint=hint)


def _check_store(site: Site) -> list[Check]:
    url = site.settings.database.url
    path = find_file(url)
    if not is_shared(url) and (path is None or not path.exists()):
        return [good(f"{path or url} is made at the first start", name="database")]
    return asyncio.run(_look_into_store(site))


async def _look_into_store(site: Site) -> list[Check]:
    """Look at the store as it is, and see that somebody holds each role that a gate names."""
    service = Service(site, site.settings.server.url)
    try:
        faults = await service.find_unready()
        if faults:
            return [bad(fault, name="database", code="database_unready", hint="soar migrate") for fault in faults]
        weak = await service.store.find_weaknesses()
        checks = [bad(fault, name="database", code="database_weak", hint="switch it on") for fault in weak]
        if not checks:
            checks = [good("it opens and its schema is current", name="database")]
        return [*checks, *check_stored(await look_into_store(service)), *await _check_approvers(service)]
    finally:
        await service.close()


async def _check_approvers(service: Service) -> list[Check]:
    wanted, at = sorted(set(_find_principals(service.site))), service.clock.now()
    voters = await service.store.read(service.workspace, lambda unit: service.approvals.list_voters(unit, at))
    empty = [principal for principal in wanted if not any(is_meant(principal, voter) for voter in voters)]
    return [_describe_empty(*principal.split(":", 1)) for principal in empty]


def _describe_empty(kind: str, name: str) -> Check:
    match kind:
        case "role":
            told, hint = f"nobody holds the role {name}", "give somebody the role, or name another in the playbook"
        case "group":
            told, hint = f"nobody is in the group {name}", "put somebody into it, or name another in the playbook"
        case _:
            told, hint = f"nobody is on call by the rota {name} now", "see: soar oncall show; config/oncall.yaml"
    return doubtful(f"{told}, and gates ask for it", name="approvers", code=f"{kind}_empty", hint=hint)


def _find_principals(site: Site) -> Iterator[str]:
    for file in list_files(site.settings.paths.playbooks):
        playbook = site.checker.check_file(file).playbook
        lists = playbook.steps + playbook.on_failure + playbook.finally_ if playbook else ()
        for step in walk_steps(lists):
            if step.gate is not None:
                named = (*step.gate.by, *(level.to for level in step.gate.escalate))
                yield from (principal for principal in named if not principal.startswith("user:"))
