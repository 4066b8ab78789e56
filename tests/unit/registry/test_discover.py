from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from soar.model.errors import InputError
from soar.registry.discover import GROUP, Found, discover


def make(root: Path, name: str, file: str = "manifest.yaml") -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / file).write_text("")
    return folder


def test_folders_with_a_manifest_are_connectors(tmp_path: Path) -> None:
    second = make(tmp_path / "site", "alpha")
    first = make(tmp_path / "shipped", "beta")
    make(tmp_path / "shipped", "notes", "readme.txt")
    roots = [tmp_path / "shipped", tmp_path / "site", tmp_path / "absent"]
    assert discover(roots, []) == [Found("alpha", second), Found("beta", first)]


def test_an_id_is_there_once(tmp_path: Path) -> None:
    make(tmp_path / "shipped", "alpha")
    make(tmp_path / "site", "alpha")
    with pytest.raises(InputError, match="alpha is there twice"):
        discover([tmp_path / "shipped", tmp_path / "site"], [])


def test_an_installed_package_is_found_and_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = make(tmp_path, "soar_alpha_sample")
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert discover([], [EntryPoint("alpha", "soar_alpha_sample", GROUP)]) == [Found("alpha", package)]


@pytest.mark.parametrize("value", ["soar_no_such_package", "soar.sdk", "this"])
def test_an_entry_point_that_leads_nowhere_is_named(value: str) -> None:
    with pytest.raises(InputError, match="entry point alpha"):
        discover([], [EntryPoint("alpha", value, GROUP)])
