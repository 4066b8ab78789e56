"""The verdicts of `soar playbook test`, in text, as JSON and as JUnit XML."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from soar.app.clock import SystemClock
from soar.app.settings import Settings
from soar.app.site import read_site
from soar.cli.output import Line, mark
from soar.cli.site import find_settings
from soar.model.errors import InputError
from soar.model.step import Step
from soar.model.values import JsonValue, as_value
from soar.playbook import render_text
from soar.rehearsal.coverage import Answer, Branch, Coverage, GateCover
from soar.rehearsal.junit import write_junit
from soar.rehearsal.rehearse import SUFFIX, Rehearsed, Verdict, list_suites, rehearse
from soar.rehearsal.stage import Site

_NARROWEST = 48
_MISSING = {Answer.YES: "no test approves", Answer.NO: "no test denies", Answer.SILENCE: "no test lets it time out"}


def rehearse_playbooks(names: Sequence[str], config: Path | None) -> list[Rehearsed]:
    """Play every test of some files.

    Args:
        names: ids of playbooks, files and folders; nothing means the site's own folder.
        config: the site's settings; None means the usual file, if it is there.

    Raises:
        InputError: a name leads to no test, or the site's own files do not fit.
    """
    settings = find_settings(config)
    paths = [_find_path(name, settings.paths.playbooks) for name in names] or [settings.paths.playbooks]
    files = list(dict.fromkeys(file for path in paths for file in _list_files(path)))
    lent = lend_site(settings)
    stopwatch = SystemClock().monotonic
    try:
        return [rehearse(file, lent, stopwatch) for file in files]
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}", code="unreadable") from error


def lend_site(settings: Settings) -> Site:
    """Return what a site lends to rehearsals.

    Raises:
        InputError: the site's files do not fit.
    """
    site = read_site(settings)
    config = {name: as_value(value) for name, value in settings.config.items()}
    return Site(catalog=site.catalog, policy=site.policy, config=config)


def _find_path(name: str, folder: Path) -> Path:
    """Return what a name means: a path that is there, else a playbook of the site."""
    path = Path(name)
    return path if path.exists() or path.suffix else folder / f"{name}{SUFFIX}"


def _list_files(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(f"there is no {path}", code="no_tests", hint=f"a playbook's tests are ID{SUFFIX} beside it")
    files = list_suites(path)
    if not files:
        raise InputError(f"there is no test for {path}", code="no_tests", hint=f"write ID{SUFFIX} beside the playbook")
    return files


def is_passed(rehearsed: Sequence[Rehearsed], *, needs_gates: bool) -> bool:
    """Whether everything passed, and every gate is tested where that is asked for."""
    return all(one.is_passed and not (needs_gates and _list_untested(one)) for one in rehearsed)


def tell_verdicts(rehearsed: Sequence[Rehearsed], *, has_cover: bool, needs_gates: bool) -> Iterator[Line]:
    """Yield a line a test, what was not as expected under it, and how many passed."""
    for one in rehearsed:
        if len(rehearsed) > 1:
            yield Line(one.playbook, "bold")
        yield from _tell_file(one, has_cover=has_cover, needs_gates=needs_gates)
    if len(rehearsed) > 1:
        verdicts = [verdict for one in rehearsed for verdict in one.verdicts]
        bad = sum(one.coverage is None for one in rehearsed)
        yield Line(_count_verdicts(verdicts) + (f" · {bad} not rehearsed" if bad else ""))


def _tell_file(one: Rehearsed, *, has_cover: bool, needs_gates: bool) -> Iterator[Line]:
    for finding in one.findings:
        yield from (Line(line) for line in render_text(finding).split("\n"))
    if one.coverage is None:
        yield Line(f"✖ {one.playbook} was not rehearsed", "red")
        return
    width = max(_NARROWEST, *(len(verdict.test.name) for verdict in one.verdicts))
    for verdict in one.verdicts:
        sign, style = ("✔", "green") if verdict.is_passed else ("✖", "red")
        yield Line(f"{sign} {verdict.test.name:<{width}}  {verdict.seconds * 1000:>5.0f} ms", style)
        for problem in verdict.problems:
            first, *rest = problem.message.split("\n")
            yield Line(f"  {one.file}:{problem.line}: {first}")
            yield from (Line(f"    {line}") for line in rest)
    yield Line(" · ".join((_count_verdicts(one.verdicts), *(_tell_coverage(one.coverage) if has_cover else ()))))
    if has_cover:
        yield from (Line(f"  {line}") for line in _tell_unseen(one.coverage))
    if needs_gates:
        yield from (Line(f"✖ {line}", "red") for line in _list_untested(one))


def _count_verdicts(verdicts: Sequence[Verdict]) -> str:
    failed = sum(not verdict.is_passed for verdict in verdicts)
    passed = f"{len(verdicts) - failed} passed"
    return f"{passed}, {failed} failed" if failed else passed


def _tell_coverage(coverage: Coverage) -> Iterator[str]:
    yield f"steps {len(coverage.steps) - len(coverage.unreached)}/{len(coverage.steps)}"
    if coverage.branches:
        ways = sum(branch.is_taken + branch.is_passed for branch in coverage.branches)
        yield f"branches {ways}/{2 * len(coverage.branches)}"
    for gate in coverage.gates:
        answers = " ".join(
            f"{answer} {mark('succeeded' if answer in gate.answers else 'skipped')}" for answer in Answer
        )
        yield f"gate {_name(gate.step)}: {answers}"


def _tell_unseen(coverage: Coverage) -> Iterator[str]:
    yield from (f"not reached: {step.label}" for step in coverage.unreached)
    yield from (
        f"never {'false' if branch.is_taken else 'true'}: if of {branch.step.label}"
        for branch in _list_halves(coverage)
    )


def _list_halves(coverage: Coverage) -> list[Branch]:
    """Return the conditions that went one way only; one that was never asked is told as a step not reached."""
    return [branch for branch in coverage.branches if branch.is_taken is not branch.is_passed]


def _list_untested(one: Rehearsed) -> list[str]:
    gates = one.coverage.gates if one.coverage else ()
    return [f"gate {_name(gate.step)}: {_MISSING[answer]}" for gate in gates for answer in gate.missing]


def _name(step: Step) -> str:
    return step.id or step.label


def write_verdicts(rehearsed: Sequence[Rehearsed]) -> JsonValue:
    """Return all verdicts as plain data."""
    return {"files": [_write_file(one) for one in rehearsed]}


def _write_file(one: Rehearsed) -> JsonValue:
    return {
        "file": str(one.file),
        "playbook": one.playbook,
        "is_passed": one.is_passed,
        "findings": [finding.to_json() for finding in one.findings],
        "tests": [_write_verdict(verdict) for verdict in one.verdicts],
        "coverage": _write_coverage(one.coverage) if one.coverage else None,
    }


def _write_verdict(verdict: Verdict) -> JsonValue:
    return {
        "name": verdict.test.name,
        "line": verdict.test.line,
        "is_passed": verdict.is_passed,
        "status": verdict.played.status.value,
        "seconds": verdict.seconds,
        "problems": [{"line": problem.line, "message": problem.message} for problem in verdict.problems],
    }


def _write_coverage(coverage: Coverage) -> JsonValue:
    return {
        "steps": len(coverage.steps),
        "unreached": [step.path for step in coverage.unreached],
        "branches": [
            {"step": branch.step.path, "true": branch.is_taken, "false": branch.is_passed}
            for branch in coverage.branches
        ],
        "gates": [_write_gate(gate) for gate in coverage.gates],
    }


def _write_gate(gate: GateCover) -> JsonValue:
    return {"step": gate.step.path, "id": gate.step.id, **{answer.value: answer in gate.answers for answer in Answer}}


def write_report(file: Path, rehearsed: Sequence[Rehearsed]) -> None:
    """Write JUnit XML into a file.

    Raises:
        InputError: it cannot be written.
    """
    try:
        file.write_text(write_junit(rehearsed), "utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}", code="unwritable") from error
