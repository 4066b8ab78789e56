"""Files that are either as they were or as they were meant to be, whatever happens between."""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Put content into the place of a file; durable once this returns.

    Raises:
        OSError: the folder is missing or cannot be written; the file is as it was.
    """
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was made or renamed in a folder durable.

    Raises:
        OSError: the disk does not take it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
