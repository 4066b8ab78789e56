"""Where the settings of the site are that commands without a server work on."""

from pathlib import Path

from soar.app.settings import Settings, load_settings

_USUAL = Path("config/soar.yaml")


def find_settings(config: Path | None, listen: str | None = None) -> Settings:
    """Return the site's settings.

    Args:
        config: the settings' file; None means the usual one, if it is there.
        listen: `host:port` from the command line, which wins.

    Raises:
        InputError: the file is missing, or a setting does not fit.
    """
    file = config or (_USUAL if _USUAL.exists() else None)
    return load_settings(file, {"server": {"listen": listen}} if listen else None)
