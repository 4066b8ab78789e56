"""Key files: 32 secret bytes in base64, readable by nobody but the service.

One format for the audit's signing key and the vault's key-encryption key; never one file for both.
"""

import base64
import binascii
import os
import shlex
import stat
from pathlib import Path

from soar.audit.diskfile import sync_folder
from soar.model.errors import ConflictError, InputError
from soar.model.ids import Randomness

KEY_BYTES = 32
_FEWEST_DISTINCT = 16  # of 256 values; random keys of 32 bytes have fewer less than once in 10^15
_CREDENTIALS = "CREDENTIALS_DIRECTORY"  # where systemd lays what LoadCredential= names: root's, and lent to the unit
_LONGEST_FILE = 256  # bytes; a key and some white space


def create_key_file(path: Path, randomness: Randomness) -> None:
    """Write a new key, readable by its owner only; durable once this returns.

    Raises:
        ConflictError: there is a file at that path; a key is never overwritten.
        OSError: the folder is missing or cannot be written; no file is left behind.
    """
    text = base64.b64encode(randomness.bytes(KEY_BYTES)) + b"\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise ConflictError(
            f"{path} exists already, and a key is never overwritten",
            code="key_file_exists",
            hint="use that key, or name another path",
        ) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()  # half a key would stop every later start
        raise
    sync_folder(path.parent)


def read_key_file(path: Path) -> bytes:
    """Return the 32 bytes of a key file.

    Raises:
        InputError: the file is missing, not ours, readable by others, or no key; the hint is the remedy.
    """
    quoted = shlex.quote(str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise InputError(
            f"the key file {path} cannot be opened: {error.strerror}",
            code="key_file_missing",
            hint=f"restore it from your backup; for a new installation make one: "
            f"(umask 077 && head -c {KEY_BYTES} /dev/urandom | base64 > {quoted})",
        ) from error
    try:
        _check_status(os.fstat(descriptor), path, quoted)
        text = os.read(descriptor, _LONGEST_FILE)
    finally:
        os.close(descriptor)
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise InputError(
            f"the key file {path} does not hold {KEY_BYTES} bytes in base64",
            code="key_file_malformed",
            hint="restore it from your backup; what was encrypted or signed with it needs that very key",
        )
    if is_weak(key):
        raise InputError(
            f"the key file {path} does not hold random bytes",
            code="key_weak",
            hint=f"make a key: (umask 077 && head -c {KEY_BYTES} /dev/urandom | base64 > {quoted})",
        )
    return key


def is_weak(key: bytes) -> bool:
    """Whether a key repeats so few bytes that chance did not make it: 32 random ones never fall so low."""
    return len(set(key)) < _FEWEST_DISTINCT


def _check_status(status: os.stat_result, path: Path, quoted: str) -> None:
    """Refuse what is not a file of ours that only we can read. Looks at the open file, so nobody can swap it after."""
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is not a file", code="key_file_malformed", hint="name the key file itself")
    if _is_lent(status, path):
        return
    if status.st_uid != os.geteuid():
        raise InputError(
            f"the key file {path} belongs to user {status.st_uid}, not to the service's user {os.geteuid()}",
            code="key_file_insecure",
            hint=f"chown {os.geteuid()} {quoted}",
        )
    if status.st_mode & 0o077:
        raise InputError(
            f"the key file {path} can be read or written by others (mode {stat.S_IMODE(status.st_mode):04o})",
            code="key_file_insecure",
            hint=f"chmod 600 {quoted}",
        )


def _is_lent(status: os.stat_result, path: Path) -> bool:
    """Whether systemd lends the file: root's, in the unit's own folder, where the group's bit is the mask of an ACL."""
    folder = os.environ.get(_CREDENTIALS)
    return folder is not None and path.parent == Path(folder) and status.st_uid == 0 and not status.st_mode & 0o037
