import subprocess
import sys

from soar.app.process import EXIT_DISK

PROGRAM = """
import atexit
from soar.app.process import OwnProcess
atexit.register(print, "tidied up")
OwnProcess().die("the disk failed")
print("lived on")
"""


def test_it_ends_at_once_says_why_and_tidies_nothing_up() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True)
    assert ended.returncode == EXIT_DISK == 74
    assert ended.stderr == "soar: the disk failed; ending at once, start again to recover\n"
    assert ended.stdout == ""
