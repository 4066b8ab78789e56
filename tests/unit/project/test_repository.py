"""What holds for the repository as a whole."""

import re
from pathlib import Path

import pytest

from tests.support.repository import ROOT, list_files, load_project, relative

RUNTIME_LOCKS = ["requirements.lock", "requirements-postgres.lock"]
LOCKS = [*RUNTIME_LOCKS, "requirements-dev.lock"]
MOST_BYTES_A_FILE = 400 * 1024
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".ts", ".tsx", ".json", ".html", ".css", ".lock", ".txt", ".sh", ""}

# A checkout, a home or a scratch folder of somebody's machine; examples in docs use /etc, /var and /path/to.
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|tmp|home|Users|root|mnt)/[\w.-]+")


def test_the_pages_lock_file_names_no_host() -> None:
    assert re.findall(r"\S*://\S*", (ROOT / "web" / "package-lock.json").read_text("utf-8")) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_versions_and_hashes_and_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    assert "--index" not in text
    pins = re.split(r"\n(?=\S)", text.strip())
    assert [pin for pin in pins if not re.match(r"[a-z0-9-]+==[\w.]+", pin)] == []
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


def find_versions(lock: str) -> set[str]:
    return set(re.findall(r"^\S+==\S+", (ROOT / lock).read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", RUNTIME_LOCKS)
def test_what_runs_is_what_was_tested(lock: str) -> None:
    assert find_versions(lock) <= find_versions("requirements-dev.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_covers_what_the_project_asks_for(lock: str) -> None:
    project = load_project()["project"]
    asked = [*project["dependencies"]]
    asked += project["optional-dependencies"]["postgres"] if "postgres" in lock else _group("build")
    asked += _group("dev") if "dev" in lock else []
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
    assert {_normalize_name(requirement) for requirement in asked} - locked == set()


def test_every_dependency_says_why_it_is_here() -> None:
    requirement = re.compile(r'^  "[A-Za-z][\w.-]*[<>=~!][^"]*",(.*)$', re.MULTILINE)
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    tables = text[text.index("dependencies = [") : text.index("[tool.")]
    lines = list(requirement.finditer(tables))
    assert len(lines) >= len(load_project()["project"]["dependencies"])
    assert [line[0] for line in lines if not re.match(r" +# \w.{9,}", line[1])] == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    here = Path(__file__).resolve()
    found = [
        f"{relative(path)}: {place}"
        for path in list_files(*TEXT)
        if path != here
        for place in MACHINE_PATH.findall(path.read_text("utf-8"))
    ]
    assert found == []


def test_no_file_is_large() -> None:
    assert [relative(path) for path in list_files() if path.stat().st_size > MOST_BYTES_A_FILE] == []


def test_the_tests_of_a_package_stand_where_the_package_does() -> None:
    beside = {"docs", "project", "support"}
    packages = {path.parent.name for path in (ROOT / "soar").glob("*/__init__.py")}
    homes = [*(ROOT / "tests" / "unit").iterdir(), ROOT / "tests" / "api"]  # an API is shown whole, over HTTP
    tested = {path.name for path in homes if any(path.glob("**/test_*.py"))}
    assert tested - packages == beside
    assert packages - tested == set()


def test_tests_are_folders_and_not_packages() -> None:
    assert [
        relative(path) for path in list_files(".py") if relative(path).startswith("tests/") and _is_package(path)
    ] == []


def test_the_decision_records_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in _decision_records()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_decision_record_says_what_was_the_case_what_was_decided_and_what_follows() -> None:
    for path in _decision_records():
        text = path.read_text("utf-8")
        assert re.match(rf"# {path.name[:4]}\. \S.*\n\n\d{{4}}-\d\d-\d\d\n", text), path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], path.name


def test_the_licence_is_the_one_that_the_project_names() -> None:
    assert load_project()["project"]["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_make_help_names_every_target() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert set(re.findall(r"^([a-z0-9-]+):[^=\n]*## \S", text, re.MULTILINE)) == set(phony.split())


def _group(name: str) -> list[str]:
    return [line for line in load_project()["dependency-groups"][name] if isinstance(line, str)]


def _normalize_name(requirement: str) -> str:
    """Return a requirement's name as lock files write it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=~!;\[ ]", requirement)[0]).lower()


def _is_package(path: Path) -> bool:
    return path.name == "__init__.py"


def _decision_records() -> list[Path]:
    return sorted((ROOT / "docs" / "design" / "adr").glob("*.md"))
