"""Each requirement of OWASP ASVS 5.0.0 and what is said of it in `docs/security/asvs.csv`."""

import ast
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from tests.support.repository import ROOT

TABLE = ROOT / "docs" / "security" / "asvs.csv"
LEVELS = (1, 2, 3)
"""Each holds those before it."""


class Status(StrEnum):
    """What comes of a requirement."""

    VERIFIED = "verified"
    NOT_APPLICABLE = "not applicable"
    NOT_MET = "not met"


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of the standard.

    Attributes:
        sections: how many requirements each section has.
    """

    number: int
    name: str
    sections: tuple[int, ...]

    def list_requirements(self) -> list[str]:
        """Return the numbers of the requirements, such as `1.2.10`."""
        return [
            f"{self.number}.{section}.{requirement}"
            for section, count in enumerate(self.sections, start=1)
            for requirement in range(1, count + 1)
        ]


CHAPTERS = (
    Chapter(1, "Encoding", (2, 10, 12, 3, 3)),
    Chapter(2, "Validation", (3, 3, 5, 2)),
    Chapter(3, "Browsers", (1, 3, 5, 8, 8, 1, 5)),
    Chapter(4, "API", (5, 5, 2, 4)),
    Chapter(5, "Files", (1, 6, 3, 3)),
    Chapter(6, "Authentication", (3, 12, 8, 6, 8, 4, 2, 4)),
    Chapter(7, "Sessions", (3, 4, 2, 5, 3, 2)),
    Chapter(8, "Authorisation", (4, 4, 3, 2)),
    Chapter(9, "Self-contained tokens", (3, 4)),
    Chapter(10, "OAuth and OpenID Connect", (2, 3, 5, 16, 5, 2, 3)),
    Chapter(11, "Cryptography", (4, 5, 5, 4, 2, 2, 2)),
    Chapter(12, "Transport", (5, 2, 5)),
    Chapter(13, "Configuration", (4, 6, 4, 7)),
    Chapter(14, "Data", (2, 8, 3)),
    Chapter(15, "Architecture", (5, 5, 7, 4)),
    Chapter(16, "Logs and errors", (1, 5, 4, 3, 4)),
    Chapter(17, "WebRTC", (2, 8, 2)),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of a requirement.

    Attributes:
        requirement: its number in the standard.
        level: the lowest one that asks for it.
        says: the requirement in words of ours.
        because: tests as `file::name`, `*` standing for any, with spaces between them; or a reason.
    """

    requirement: str
    level: int
    says: str
    status: Status
    because: str

    @property
    def chapter(self) -> int:
        """The number of its chapter."""
        return int(self.requirement.partition(".")[0])

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests that verify it."""
        return tuple(self.because.split()) if self.status is Status.VERIFIED else ()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many requirements there are, and what comes of them."""

    verified: int
    not_applicable: int
    not_met: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.verified + self.not_applicable + self.not_met

    @property
    def share(self) -> str:
        """How many of those that apply are verified, in percent, rounded down."""
        applicable = self.verified + self.not_met
        return f"{100 * self.verified // applicable} %" if applicable else "-"


def read_claims() -> list[Claim]:
    """Return the table's lines in their order."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            Claim(line["requirement"], int(line["level"]), line["says"], Status(line["status"]), line["because"])
            for line in csv.DictReader(file)
        ]


def tally(claims: Iterable[Claim]) -> Tally:
    """Count what comes of some requirements."""
    statuses = [claim.status for claim in claims]
    return Tally(*(statuses.count(status) for status in Status))


def find_tests(pattern: str) -> Iterator[str]:
    """Yield the names of the tests that a claim's `file::name` stands for, without running anything."""
    path, _, name = pattern.partition("::")
    file = ROOT / path
    if not file.is_file():
        return
    for node in ast.parse(file.read_text("utf-8")).body:
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and node.name.startswith("test_") and fnmatchcase(node.name, name):
            yield node.name
