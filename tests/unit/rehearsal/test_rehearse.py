"""Files rehearsed: the one that ships, and those that cannot be."""

import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from soar.app.settings import Settings, find_bundled
from soar.app.site import read_site
from soar.rehearsal.coverage import Answer
from soar.rehearsal.junit import write_junit
from soar.rehearsal.rehearse import list_suites, rehearse
from soar.rehearsal.stage import Site

SHIPPED = find_bundled("playbooks") / "phishing-triage.test.yaml"


@pytest.fixture(scope="module")
def site() -> Site:
    found = read_site(Settings())
    return Site(catalog=found.catalog, policy=found.policy, config=found.settings.config)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for file in (SHIPPED, SHIPPED.with_name("phishing-triage.yaml")):
        shutil.copy(file, tmp_path)
    return tmp_path / SHIPPED.name


def count_up() -> Callable[[], float]:
    moments = iter(range(1_000))
    return lambda: float(next(moments))


def test_the_playbook_that_ships_passes_its_tests(site: Site) -> None:
    rehearsed = rehearse(SHIPPED, site, count_up())
    assert [verdict.problems for verdict in rehearsed.verdicts] == [(), (), (), ()]
    assert rehearsed.is_passed
    assert rehearsed.coverage is not None
    assert rehearsed.coverage.unreached == ()
    (gate,) = rehearsed.coverage.gates
    assert gate.missing == (Answer.NO,)


def test_each_test_is_timed_by_the_stopwatch(site: Site) -> None:
    assert [verdict.seconds for verdict in rehearse(SHIPPED, site, count_up()).verdicts] == [1.0] * 4


def test_a_test_file_without_its_playbook_is_not_rehearsed(site: Site, copied: Path) -> None:
    copied.with_name("phishing-triage.yaml").unlink()
    rehearsed = rehearse(copied, site, count_up())
    assert not rehearsed.is_passed
    assert [(finding.code, finding.message) for finding in rehearsed.findings] == [
        ("P005", "there is no `phishing-triage.yaml` beside it")
    ]


def test_a_playbook_with_errors_is_not_rehearsed(site: Site, copied: Path) -> None:
    playbook = copied.with_name("phishing-triage.yaml")
    playbook.write_text(playbook.read_text("utf-8").replace("approve:", "aprove:"), "utf-8")
    rehearsed = rehearse(copied, site, count_up())
    assert (rehearsed.verdicts, rehearsed.coverage) == ((), None)
    assert "P101" in {finding.code for finding in rehearsed.findings}


def test_a_test_file_that_is_no_text_is_not_rehearsed(site: Site, copied: Path) -> None:
    copied.write_bytes(b"playbook: x\n\xff")
    assert [(one.code, one.line) for one in rehearse(copied, site, count_up()).findings] == [("P001", 2)]


def test_test_files_are_found_by_folder_by_playbook_and_by_themselves(copied: Path) -> None:
    playbook = copied.with_name("phishing-triage.yaml")
    assert list_suites(copied.parent) == list_suites(playbook) == list_suites(copied) == [copied]
    copied.unlink()
    assert list_suites(copied.parent) == list_suites(playbook) == []


def test_junit_has_a_case_a_test_and_a_failure_where_one_failed(site: Site, copied: Path) -> None:
    copied.write_text(copied.read_text("utf-8").replace("times: 1", "times: 2"), "utf-8")
    root = ET.fromstring(write_junit([rehearse(copied, site, count_up())]))  # noqa: S314 -- written by ourselves
    (suite,) = root
    assert (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("time")) == (
        "phishing-triage",
        "4",
        "1",
        "0",
        "4.000",
    )
    cases = [(case.get("name"), [child.tag for child in case]) for case in suite]
    assert cases[0] == ("a clean message is closed without asking anybody", [])
    assert cases[1] == ("a bad link is purged after a yes", ["failure"])
    failure = suite[1][0]
    assert (failure.text or "").startswith(f"{copied}:49: calls: expected 2 calls of exchange.purge_messages")


def test_junit_has_an_error_for_a_file_that_cannot_be_rehearsed(site: Site, copied: Path) -> None:
    copied.write_text("playbook: phishing-triage\ntests: [{name: 'a \\u0007', wrong: 1}]\n", "utf-8")
    root = ET.fromstring(write_junit([rehearse(copied, site, count_up())]))  # noqa: S314 -- written by ourselves
    errors = root.findall("./testsuite/testcase/error")
    assert len(errors) == int(root[0].get("errors", "0")) == 3
    assert any("unknown key `wrong`" in (error.get("message") or "") for error in errors)
