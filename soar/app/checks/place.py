"""Who else on this machine may read what is kept, or change what decides? And how does the process run?"""

import shlex
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from soar.app.checks.check import Check, bad, doubtful, good
from soar.app.checks.facts import Facts, Place, Process, find_open_secrets
from soar.app.settings import Settings
from soar.store import is_shared


def check_places(facts: Facts) -> Iterator[Check]:
    """Look at the database's files, the site's files and the process."""
    yield from _check_database(facts)
    opened = [place for place in (*facts.site, *facts.lookups) if place.is_open]
    for place in opened:
        yield bad(
            f"anybody on this machine may change {place.path} ({place.what}), and it decides what is done",
            name="site files",
            code="site_open",
            hint=f"chmod o-w {_quote(place)}",
        )
    if not opened:
        yield good("nobody else may change what decides", name="site files")
    yield from check_process(facts.process)
    yield from _check_settings(facts.settings)


def check_process(process: Process) -> Iterator[Check]:
    """Look at how the process runs."""
    if process.debug:
        yield bad(
            f"{process.debug} is on: it slows the service down, and shows what it works on",
            name="process",
            code="debug_on",
            hint=f"start without {process.debug}",
        )
    if process.key_log:
        yield bad(
            f"the key of every TLS connection would be written to {process.key_log}",
            name="process",
            code="tls_keys_logged",
            hint="start without the variable SSLKEYLOGFILE",
        )
    if process.has_core_dumps:
        yield doubtful(
            "a crash may write the memory to a file, with the keys in it",
            name="process",
            code="core_dumps",
            hint="ulimit -c 0, or LimitCORE=0 in the unit",
        )
    if process.is_root:
        yield doubtful(
            "it would run as root, and so would every connector",
            name="process",
            code="root",
            hint="let a user of its own run it: User=soar in the unit",
        )


def _check_database(facts: Facts) -> Iterator[Check]:
    url, folder = facts.settings.database.url, facts.database_folder
    if folder is None and not is_shared(url):
        yield bad(
            "the database is in memory: runs, approvals and the audit record would be gone with the process",
            name="database files",
            code="database_fleeting",
            hint="name a file: sqlite:///soar.db",
        )
    if folder is not None and folder.is_open:
        yield bad(
            f"anybody may put another file in the place of the database in {folder.path}",
            name="database files",
            code="database_folder_open",
            hint=f"chmod o-w {_quote(folder)}",
        )
    for place in facts.database:
        if place.mode & 0o007:
            yield bad(
                f"anybody on this machine may read or change {place.path} (mode {place.mode:04o})",
                name="database files",
                code="database_open",
                hint=f"chmod 600 {_quote(place)}",
            )
        elif place.mode & 0o070:
            yield doubtful(
                f"a group may read or change {place.path} (mode {place.mode:04o})",
                name="database files",
                code="database_shared",
                hint=f"chmod 600 {_quote(place)}",
            )


def _check_settings(settings: Settings) -> Iterator[Check]:
    if settings.is_demo:
        yield bad(
            "these are the settings of the demo, which gives the key of its source to everybody who is logged in",
            name="settings",
            code="demo_served",
            hint="take is_demo out of the settings, or run `soar demo`",
        )
    if settings.log.level == "debug":
        yield doubtful(
            "the log has everything in it, down to single requests",
            name="settings",
            code="log_debug",
            hint="set log.level to info",
        )
    for name in find_open_secrets(settings.config):
        yield doubtful(
            f"config.{name} sounds like a secret, and every playbook and its runs may show it",
            name="settings",
            code="config_secret",
            hint=f"soar secret set {name.replace('.', '_').lower()}, and name that credential where it is needed",
        )
    yield _check_anchors(settings)


def _check_anchors(settings: Settings) -> Check:
    if settings.audit.anchors:
        where = ", ".join(one.kind if isinstance(one, BaseModel) else str(one) for one in settings.audit.anchors)
        return good(f"checkpoints go to {where}", name="audit anchors")
    return doubtful(
        "checkpoints stay in the database that they vouch for",
        name="audit anchors",
        code="anchors_missing",
        hint="set audit.anchors to a file on another machine's storage",
    )


def _quote(place: Place) -> str:
    return shlex.quote(str(Path(place.path)))
