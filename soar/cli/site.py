"""Where the settings and the playbooks of the site are that commands without a server work on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from soar.app.settings import Settings, load_settings
from soar.model.errors import InputError
from soar.model.values import JsonValue
from soar.playbook import list_files

_USUAL = Path("config/soar.yaml")


def find_settings(
    config: Path | None,
    listen: str | None = None,
    concurrency: int | None = None,
    health: str | None = None,
    first_admin: Mapping[str, JsonValue] | None = None,
) -> Settings:
    """Return the site's settings.

    Args:
        config: the settings' file; None means the usual one, if it is there.
        listen: `host:port` from the command line, which wins.
        concurrency: how many runs are driven at once, from the command line.
        health: `host:port` where a worker says how it is, from the command line.
        first_admin: what the command line says of the first administrator.

    Raises:
        InputError: the file is missing, or a setting does not fit.
    """
    file = config or (_USUAL if _USUAL.exists() else None)
    flags: dict[str, JsonValue] = {}
    if listen:
        flags["server"] = {"listen": listen}
    worker: dict[str, JsonValue] = {"concurrency": concurrency, "health": health}
    flags["worker"] = {name: value for name, value in worker.items() if value is not None}
    if first_admin:
        flags["first_admin"] = dict(first_admin)
    return load_settings(file, flags)


def list_playbooks(paths: Sequence[Path], settings: Settings) -> list[Path]:
    """Return the files of playbooks that a command line names.

    Args:
        paths: files and folders; nothing means the site's own folder.
        settings: the site's.

    Raises:
        InputError: a path is not there.
    """
    chosen = [*paths] or [settings.paths.playbooks]
    for path in chosen:
        if not path.exists():
            raise InputError(f"there is no {path}", code="unreadable", hint="name a file or a folder of playbooks")
    return [file for path in chosen for file in list_files(path)]


def replace_file(file: Path, text: str) -> None:
    """Write a file as a whole: whatever happens meanwhile, it holds the old text or the new one.

    Raises:
        InputError: it cannot be written.
    """
    target = file.resolve()
    beside = target.with_name(f".{target.name}.new")
    try:
        beside.write_bytes(text.encode())
        if target.exists():
            beside.chmod(target.stat().st_mode)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputError(f"{file} cannot be written: {error.strerror}", code="unwritable") from error
