from pathlib import Path

import pytest

from soar.model.catalog import Catalog
from soar.playbook import Loaded, list_files, load_file
from soar.policy import DEFAULT_POLICY

SHIPPED = Path(__file__).parents[3] / "playbooks"
SMALL = "name: A\nowner: team:a\non: {manual: {}}\nsteps: [{stop: {}}]\n"


def load(folder: Path, catalog: Catalog) -> list[Loaded]:
    return [load_file(file, catalog=catalog, policy=DEFAULT_POLICY) for file in list_files(folder)]


def codes(loaded: list[Loaded]) -> list[str]:
    return [found.code for one in loaded for found in one.findings]


def test_shipped_playbooks_load_under_their_file_names(catalog: Catalog) -> None:
    (loaded,) = [one for one in load(SHIPPED, catalog) if one.file.stem == "phishing-triage"]
    assert loaded.playbook is not None
    assert loaded.playbook.id == "phishing-triage"
    assert loaded.text == (SHIPPED / "phishing-triage.yaml").read_text(encoding="utf-8")


def test_tests_and_other_files_are_left_alone(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "a.yaml").write_text(SMALL)
    (tmp_path / "a.test.yaml").write_text("playbook: a\n")
    (tmp_path / "README.md").write_text("# Playbooks\n")
    (tmp_path / "old").mkdir()
    (loaded,) = load(tmp_path, catalog)
    assert loaded.playbook is not None
    assert loaded.playbook.id == "a"
    assert loaded.findings == ()


def test_a_broken_playbook_does_not_keep_the_others_out(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "a.yaml").write_text("name: [\n")
    (tmp_path / "b.yaml").write_text(SMALL)
    broken, good = load(tmp_path, catalog)
    assert broken.playbook is None
    assert [(found.file, found.code) for found in broken.findings] == [("a.yaml", "P010")]
    assert good.playbook is not None


@pytest.mark.parametrize("name", ["Phishing.yaml", "a_b.yaml", "a--b.yaml", "1a.yaml", "a b.yaml", "a.b.yaml"])
def test_a_file_is_called_after_its_id(name: str, tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / name).write_text(SMALL)
    (loaded,) = load(tmp_path, catalog)
    assert loaded.playbook is None
    assert codes([loaded]) == ["P005"]


def test_bytes_that_are_no_text_are_refused_where_they_stand(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "a.yaml").write_bytes(b"name: A\nowner: \xff\n")
    (loaded,) = load(tmp_path, catalog)
    assert [(found.code, found.line) for found in loaded.findings] == [("P001", 2)]


def test_a_file_of_any_size_is_refused_early(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "a.yaml").write_bytes(b"#" * (256 * 1024 + 1))
    assert codes(load(tmp_path, catalog)) == ["P002"]
