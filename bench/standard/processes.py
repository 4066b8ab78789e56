"""Processes that the benchmark starts, asks how much they have used, and ends."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 60.0  # seconds until a process that was told to end is killed


@dataclass(frozen=True, slots=True)
class Running:
    """A process that serves.

    Attributes:
        port: where.
    """

    pid: int
    port: int

    def read_cpu(self) -> float:
        """Return the seconds of processor time used so far, by all its threads (proc(5), fields 14 and 15)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def read_memory(self, name: str = "VmRSS") -> float:
        """Return the MiB that it holds now, or at most held with `VmHWM`."""
        lines = Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[Running]:
    """Start a module that prints its port, and end it at last."""
    command = _command(module, arguments)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- our own modules
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.strip().isdecimal():
            raise SystemExit(f"{module} did not begin to serve")
        yield Running(process.pid, int(line))
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def call(module: str, *arguments: str) -> bytes:
    """Run a module to its end and return what it printed."""
    command = _command(module, arguments)
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603 -- our own modules


def call_beside(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a module, whose caller reads what it prints and waits for its end."""
    return subprocess.Popen(_command(module, arguments), stdout=subprocess.PIPE)  # noqa: S603 -- our own modules


def _command(module: str, arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", f"bench.standard.{module}", *arguments]
