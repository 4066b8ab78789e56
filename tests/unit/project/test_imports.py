"""The folder is the architecture: the import contracts of the project file hold."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.support.repository import ROOT, load_project


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    """Let the loggers of other tests speak on: the linter silences whatever there is when it sets up its own."""
    yield
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False


def test_every_import_contract_holds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    verdict = lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True)
    assert verdict == 0, capsys.readouterr().out


def test_a_second_home_for_a_library_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "housing"
    for name, text in {"store/tables.py": "import sqlalchemy\n", "api/routes.py": "import sqlalchemy\n"}.items():
        module = package / name
        module.parent.mkdir(parents=True, exist_ok=True)
        (module.parent / "__init__.py").touch()
        module.write_text(text)
    (package / "__init__.py").touch()
    (contract,) = (c for c in _contracts() if c["id"] == "sql-in-the-store")
    ignored = [edge.replace("soar.", "housing.") for edge in contract["ignore_imports"]]
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_package = housing\ninclude_external_packages = true\n"
        "[importlinter:contract:1]\nname = one home\ntype = forbidden\nsource_modules = housing\n"
        "forbidden_modules = sqlalchemy\nallow_indirect_imports = true\n"
        "unmatched_ignore_imports_alerting = none\nignore_imports =\n  " + "\n  ".join(ignored) + "\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert lint_imports(config_filename=".importlinter", no_cache=True, no_logo=True) == 1
    report = capsys.readouterr().out
    assert "housing.api.routes -> sqlalchemy" in report
    assert "housing.store.tables" not in report


def test_every_package_has_its_layer() -> None:
    (layers,) = (contract for contract in _contracts() if contract["type"] == "layers")
    named = {name.strip(" ()") for line in layers["layers"] for name in line.split("|")}
    packages = {path.parent.name for path in (ROOT / "soar").glob("*/__init__.py")}
    assert packages <= named
    assert layers["exhaustive"] is True


def test_every_package_that_decides_purely_is_held_to_it() -> None:
    (pure,) = (contract for contract in _contracts() if contract["id"] == "pure")
    assert set(pure["source_modules"]) == {f"soar.{name}" for name in ("model", "expr", "engine", "policy", "access")}
    assert {"asyncio", "os", "time", "random", "socket", "logging"} <= set(pure["forbidden_modules"])


def _contracts() -> list[dict[str, object]]:
    return load_project()["tool"]["importlinter"]["contracts"]
