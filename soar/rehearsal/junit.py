"""Verdicts as JUnit XML, which every CI server reads; there is no standard but what Jenkins and its kin accept."""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from soar.playbook import Severity, render_text
from soar.rehearsal.rehearse import Rehearsed, Verdict

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


def write_junit(rehearsed: Sequence[Rehearsed]) -> str:
    """Return the document: a test suite a file, with an error in place of its tests where a file is bad."""
    root = ET.Element("testsuites")
    for one in rehearsed:
        _add_suite(root, one)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_suite(root: ET.Element, rehearsed: Rehearsed) -> None:
    errors = [finding for finding in rehearsed.findings if finding.severity is Severity.ERROR]
    failed = sum(not verdict.is_passed for verdict in rehearsed.verdicts)
    suite = ET.SubElement(
        root,
        "testsuite",
        name=_clean(rehearsed.playbook),
        file=_clean(str(rehearsed.file)),
        tests=str(len(rehearsed.verdicts) or len(errors)),
        failures=str(failed),
        errors=str(len(errors)),
        time=_write_seconds(sum(verdict.seconds for verdict in rehearsed.verdicts)),
    )
    for verdict in rehearsed.verdicts:
        _add_case(suite, rehearsed, verdict)
    for finding in errors:
        name = f"{finding.file}:{finding.line}"
        case = ET.SubElement(suite, "testcase", name=_clean(name), classname=_clean(rehearsed.playbook), time="0.000")
        ET.SubElement(case, "error", message=_clean(finding.message)).text = _clean(render_text(finding))


def _add_case(suite: ET.Element, rehearsed: Rehearsed, verdict: Verdict) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        name=_clean(verdict.test.name),
        classname=_clean(rehearsed.playbook),
        file=_clean(str(rehearsed.file)),
        line=str(verdict.test.line),
        time=_write_seconds(verdict.seconds),
    )
    if not verdict.is_passed:
        told = "\n".join(f"{rehearsed.file}:{problem.line}: {problem.message}" for problem in verdict.problems)
        first = verdict.problems[0].message.split("\n")[0]
        ET.SubElement(case, "failure", message=_clean(first)).text = _clean(told)


def _write_seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
