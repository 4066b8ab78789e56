"""A test file rehearsed from beginning to end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from soar.model.playbook import Playbook
from soar.playbook import Finding, has_errors, load_file
from soar.playbook.document import MAX_BYTES
from soar.playbook.report import Report, quote
from soar.rehearsal.coverage import Coverage, measure
from soar.rehearsal.judge import judge
from soar.rehearsal.play import Played, Problem, play
from soar.rehearsal.reading import read_suite
from soar.rehearsal.stage import Site
from soar.rehearsal.suite import Suite, Test

SUFFIX = ".test.yaml"
"""Test files are called `<id>.test.yaml` and stand beside `<id>.yaml`."""

Stopwatch = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a test ended.

    Attributes:
        problems: everything that was not as expected; empty if the test passed.
        seconds: how long it took by the stopwatch.
    """

    test: Test
    played: Played
    problems: tuple[Problem, ...]
    seconds: float

    @property
    def is_passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of a test file.

    Attributes:
        playbook: its id, from the file's name.
        findings: what is wrong or doubtful in the playbook or in the test file; with errors nothing was played.
        coverage: None if nothing was played.
    """

    file: Path
    playbook: str
    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...] = ()
    coverage: Coverage | None = None

    @property
    def is_passed(self) -> bool:
        """Whether the files are good and every test passed."""
        return not has_errors(self.findings) and all(verdict.is_passed for verdict in self.verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A test file and its playbook, read and checked.

    Attributes:
        text: the playbook's document.
    """

    suite: Suite
    playbook: Playbook
    text: str


def list_suites(path: Path) -> list[Path]:
    """Return the `<id>.test.yaml` of a folder; of a file itself, or of a playbook's file, the one test file."""
    if path.is_dir():
        return sorted(file for file in path.glob(f"*{SUFFIX}") if file.is_file())
    if path.name.endswith(SUFFIX):
        return [path]
    beside = path.with_name(path.name.removesuffix(".yaml") + SUFFIX)
    return [beside] if beside.is_file() else []


def prepare(file: Path, site: Site) -> tuple[Prepared | None, list[Finding]]:
    """Read a test file and the playbook beside it.

    Args:
        file: `<id>.test.yaml`.
        site: connectors, policy and settings.

    Returns:
        None if one of the findings is an error, which are then the playbook's or the test file's; and all findings.

    Raises:
        OSError: a file cannot be read.
    """
    beside = file.with_name(f"{_name_playbook(file)}.yaml")
    if not beside.is_file():
        report = Report("", str(file))
        report.add("P005", (1, 1), (), f"there is no {quote(beside.name)} beside it", "name it after its playbook")
        return None, report.findings
    loaded = load_file(beside, catalog=site.catalog, policy=site.policy)
    if loaded.playbook is None:
        return None, list(loaded.findings)
    text, findings = _read_text(file)
    if findings:
        return None, findings
    suite, findings = read_suite(text, file=str(file), playbook=loaded.playbook, catalog=site.catalog)
    if suite is None:
        return None, findings
    return Prepared(suite=suite, playbook=loaded.playbook, text=loaded.text), findings


def try_out(test: Test, prepared: Prepared, site: Site, stopwatch: Stopwatch) -> Verdict:
    """Play one test and judge it.

    Args:
        test: of the prepared file.
        prepared: the file and its playbook.
        site: connectors, policy and settings.
        stopwatch: gives seconds of real time.
    """
    begun = stopwatch()
    played = play(test, prepared.suite, prepared.playbook, prepared.text, site)
    problems = judge(test.expect, played, prepared.playbook)
    return Verdict(test, played, tuple(problems), stopwatch() - begun)


def rehearse(file: Path, site: Site, stopwatch: Stopwatch) -> Rehearsed:
    """Play every test of a file.

    Args:
        file: `<id>.test.yaml`.
        site: connectors, policy and settings.
        stopwatch: gives seconds of real time.

    Raises:
        OSError: a file cannot be read.
    """
    prepared, findings = prepare(file, site)
    if prepared is None:
        return Rehearsed(file=file, playbook=_name_playbook(file), findings=tuple(findings))
    verdicts = [try_out(test, prepared, site, stopwatch) for test in prepared.suite.tests]
    return Rehearsed(
        file=file,
        playbook=prepared.playbook.id,
        findings=tuple(findings),
        verdicts=tuple(verdicts),
        coverage=measure(prepared.playbook, [verdict.played for verdict in verdicts]),
    )


def _name_playbook(file: Path) -> str:
    return file.name.removesuffix(SUFFIX)


def _read_text(file: Path) -> tuple[str, list[Finding]]:
    """Return a file's text, or why it has none; of a file too large no more is read than shows that."""
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    try:
        return content.decode(), []
    except UnicodeDecodeError as error:
        report = Report("", str(file))
        line = content.count(b"\n", 0, error.start) + 1
        report.add("P001", (line, 1), (), "the file is not UTF-8 text", "save it as UTF-8")
        return "", report.findings
