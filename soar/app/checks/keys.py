"""Are the keys ours alone, apart from what they protect, and each for one thing?"""

import shlex
from collections.abc import Iterator
from pathlib import Path

from soar.app.checks.check import Check, bad, doubtful, good
from soar.app.checks.facts import Facts, KeyFile


def check_keys(facts: Facts) -> Iterator[Check]:
    """Look at the key files, and at where else their keys could be had."""
    for key in facts.keys:
        yield _check_use(key)
        yield from _check_place(key, facts)
    yield from _check_reuse(facts.keys)
    yield from _check_environment(facts)
    for place in facts.secrets:
        if place.mode & 0o077:
            yield bad(
                f"the {place.what}, {place.path}, can be read or written by others (mode {place.mode:04o})",
                name="secret file",
                code="secret_file_open",
                hint=f"chmod 600 {shlex.quote(str(place.path))}",
            )


def _check_use(key: KeyFile) -> Check:
    if key.fault is not None:
        return bad(key.fault.message, name=key.name, code=key.fault.code, hint=key.fault.hint)
    return good(f"{key.path} is ours alone", name=key.name)


def _check_place(key: KeyFile, facts: Facts) -> Iterator[Check]:
    quoted = shlex.quote(str(key.path))
    for what, folder in facts.folders.items():
        if _is_beneath(key.resolved, folder):
            yield bad(
                f"the {key.name} {key.path} is among the {what}, which are read, served and copied about",
                name="key places",
                code="key_misplaced",
                hint=f"move it to a folder of its own, and name it in {_setting_of(key)}",
            )
    if key.folder is not None and key.folder.is_open:
        yield bad(
            f"anybody may put another file in the place of the {key.name} {key.path}",
            name="key places",
            code="key_folder_open",
            hint=f"chmod o-w {shlex.quote(str(key.folder.path))}",
        )
    for place in facts.lookups:
        if _is_beneath(key.resolved, place.path.resolve()):
            yield bad(
                f"a credential could name the {key.name} {key.path}, and a connector would send it",
                name="key places",
                code="key_referable",
                hint=f"mv {quoted} out of {place.path}, or take that folder out of vault.references.folders",
            )
    if facts.database_folder is not None and key.resolved.parent == facts.database_folder.path:
        yield doubtful(
            f"the {key.name} {key.path} is in the folder of the database; one copy of it takes both",
            name="key places",
            code="key_beside_database",
            hint=f"move it to a folder of its own, and name it in {_setting_of(key)}",
        )


def _check_reuse(keys: tuple[KeyFile, ...]) -> Iterator[Check]:
    audit = {key.fingerprint for key in keys if key.name == "audit key"} - {""}
    for key in keys:
        if key.name != "audit key" and key.fingerprint in audit:
            yield bad(
                f"the vault key {key.path} is the audit's key, too: who seals credentials could sign the record",
                name="key places",
                code="key_shared",
                hint="make a key for the newer of the two: (umask 077 && head -c 32 /dev/urandom | base64 > FILE)",
            )


def _check_environment(facts: Facts) -> Iterator[Check]:
    vault = facts.settings.vault
    for name in sorted({*vault.environment} & {*vault.references.environment}):
        yield bad(
            f"a credential could name the variable {name}, which holds the vault's key",
            name="key places",
            code="key_referable",
            hint=f"take {name} out of vault.references.environment",
        )
    if vault.provider == "env":
        yield doubtful(
            "the vault's key is in the environment, where children and dumps of the process show it",
            name="vault provider",
            code="key_in_environment",
            hint="put it into a file: vault.key_file",
        )


def _setting_of(key: KeyFile) -> str:
    return "audit.key_file" if key.name == "audit key" else "vault.key_file"


def _is_beneath(path: Path, folder: Path) -> bool:
    return folder in path.parents
