"""Two hosts with a cable between them, and what tells a service of what Suricata sees on it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.e2e.sending import EXAMPLES, Receiver, find_program, run_program

RULE = (
    'alert http any any -> any any (msg:"sqlmap looks for a way in"; flow:established,to_server; '
    'http.user_agent; content:"sqlmap"; nocase; classtype:web-application-attack; sid:1000001; rev:1;)\n'
)
ATTACKED, ATTACKING = "10.77.0.2", "10.77.0.1"


@contextmanager
def open_two_hosts(ip: str) -> Iterator[tuple[str, str]]:
    """Make two network namespaces with a cable between them, and yield the attacker's and the victim's name."""
    attacker, victim = f"soar-{os.getpid()}-a", f"soar-{os.getpid()}-v"
    cable = f"link add cable type veth peer name cable netns {victim}".split()
    steps = [
        [ip, "-n", attacker, *cable],
        [ip, "-n", attacker, "addr", "add", f"{ATTACKING}/24", "dev", "cable"],
        [ip, "-n", victim, "addr", "add", f"{ATTACKED}/24", "dev", "cable"],
        [ip, "-n", attacker, "link", "set", "cable", "up"],
        [ip, "-n", victim, "link", "set", "cable", "up"],
    ]
    with ExitStack() as stack:
        for name in (attacker, victim):
            made = subprocess.run([ip, "netns", "add", name], capture_output=True, text=True, timeout=20, check=False)
            if made.returncode:
                pytest.skip(f"no network namespace can be made here: {made.stderr.strip()}")
            stack.callback(subprocess.run, [ip, "netns", "delete", name], check=True, timeout=20)
        for step in steps:
            subprocess.run(step, check=True, capture_output=True, timeout=20)
        yield attacker, victim


@contextmanager
def run_rsyslog(receiver: Receiver, folder: Path, example: str, replaced: dict[str, str]) -> Iterator[None]:
    program = find_program("rsyslogd")
    script = shutil.copy(EXAMPLES / "post-lines.sh", folder)
    ours = {
        "/etc/soar/post-lines.sh": script,
        "/etc/soar/hook.header": str(receiver.write_headers(folder)),
        **replaced,
    }
    file = receiver.write_example(example, folder / "rsyslog.conf", ours)
    with file.open("a", encoding="utf-8") as settings:
        settings.write(f'global(workDirectory="{folder}")\n')
    with run_program([program, "-n", "-f", file, "-i", folder / "rsyslog.pid"], folder):
        yield
