import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from soar.model.errors import InputError
from soar.registry.discover import Found
from soar.registry.load import ReadYaml, digest_folder, load_connector, load_connectors

CHECKED_BY = 'undo="drop", check="{}", check_arguments={{"name": "with.name"}}'

KEYED = 'repeat=Repeat.KEYED, undo="drop"'
CHECKABLE = 'repeat=Repeat.CHECKABLE, undo="drop", check="look", check_arguments={{"name": "{}"}}'


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def load(folder: Path, read_yaml: ReadYaml) -> object:
    return load_connector(Found("sample", folder), read_yaml)


def test_a_connector_loads_with_the_files_beside_it(sample: Path, read_yaml: ReadYaml) -> None:
    loaded = load_connectors([Found("sample", sample)], read_yaml)["sample"]
    assert sorted(loaded.actions) == ["drop", "look", "make"]
    assert loaded.connector.__module__ == "connectors.sample.connector"
    assert loaded.simulator is None
    assert loaded.digest.startswith("sha256:")


def test_what_loads_is_what_the_files_say_now(
    tmp_path: Path, sample: Path, make_sample: Callable[[Path], Path], read_yaml: ReadYaml
) -> None:
    first = load_connector(Found("sample", sample), read_yaml)
    edit(sample / "connector.py", '"Look"', '"Look around"')
    again = load_connector(Found("sample", sample), read_yaml)
    assert [one.actions["look"].promise.title for one in (first, again)] == ["Look", "Look around"]
    assert again.digest != first.digest
    load_connector(Found("sample", make_sample(tmp_path / "other" / "sample")), read_yaml)
    assert sys.modules["connectors.sample.speech"].__file__ == str(tmp_path / "other" / "sample" / "speech.py")


def test_what_has_not_changed_is_not_loaded_again(sample: Path, read_yaml: ReadYaml) -> None:
    first = load(sample, read_yaml)
    assert load(sample, read_yaml) is first
    edit(sample / "manifest.yaml", "version: 1.0.0", "version: 1.0.1")
    assert load(sample, read_yaml) is not first


def test_the_digest_follows_every_file(sample: Path) -> None:
    before = digest_folder(sample)
    edit(sample / "speech.py", "things", "thinks")
    changed = digest_folder(sample)
    (sample / "speech.py").rename(sample / "speach.py")
    assert len({before, changed, digest_folder(sample)}) == 3


def test_what_python_compiled_does_not_change_the_digest(sample: Path) -> None:
    before = digest_folder(sample)
    (sample / "__pycache__").mkdir()
    (sample / "__pycache__" / "speech.cpython-311.pyc").write_bytes(b"x")
    assert digest_folder(sample) == before


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("manifest.yaml", "id: sample", "id: simple", "its id is simple"),
        ("manifest.yaml", "version: 1.0.0", "version: one", "version"),
        ("manifest.yaml", "owner: team:tests", "", "owner"),
        ("connector.py", "effect=Effect.READ, ", "", "effect"),
        ("connector.py", "    async def drop", "    def drop", "must be `async def`"),
        ("connector.py", "from .speech", "from .nowhere", "ModuleNotFoundError"),
        ("connector.py", "class Sample(Connector)", "class Sample(Arguments)", "0 classes derived from Connector"),
        ("connector.py", 'undo="drop"', 'undo="unmake"', "undo names unmake"),
        ("connector.py", '{"name": "with.name"}', '{"name": "with.title"}', "takes name from with.title"),
        ("connector.py", '{"name": "with.name"}', '{"name": "input.name"}', "takes name from input.name"),
        ("connector.py", '{"name": "with.name"}', "{}", "lacks name"),
        ("connector.py", '{"name": "with.name"}', '{"name": "with.name", "x": "with.name"}', "drop does not take"),
        ("connector.py", 'undo="drop"', 'undo="drop", check="see"', "check names see, which is no action"),
        ("connector.py", 'undo="drop"', 'undo="drop", check="drop"', "check_arguments lacks name, which drop needs"),
        ("connector.py", 'undo="drop"', CHECKED_BY.format("drop"), "check names drop, which does more than read"),
        ("connector.py", 'undo="drop"', CHECKED_BY.format("look"), "check names look, whose output is no Holding"),
        ("connector.py", 'targets="name"', 'targets="host"', "targets names host"),
        ("connector.py", "repeat=Repeat.KEYED", "repeat=Repeat.CHECKABLE", "no check says whether it happened"),
        ("connector.py", KEYED, CHECKABLE.format("output.said"), "takes name from output.said, and the answer is lost"),
        ("connector.py", KEYED, CHECKABLE.format("with.name"), "check names look, whose output is no Holding"),
    ],
)
def test_what_is_not_as_it_must_be_does_not_load(
    sample: Path, read_yaml: ReadYaml, file: str, old: str, new: str, message: str
) -> None:
    edit(sample / file, old, new)
    with pytest.raises(InputError, match=message):
        load(sample, read_yaml)


UNSOUND = "class Other:\n    pass\n\n\nclass Thing(Arguments):\n    other: Other | None = None\n"


def test_a_model_that_cannot_be_built_does_not_load(sample: Path, read_yaml: ReadYaml) -> None:
    edit(sample / "connector.py", "class Thing(Arguments):\n", UNSOUND)
    with pytest.raises(InputError, match=r"sample/connector\.py does not load: PydanticSchemaGenerationError"):
        load(sample, read_yaml)


def test_models_that_are_tested_are_built_when_they_are_used(sample: Path, read_yaml: ReadYaml) -> None:
    one, other = Found("sample", sample), sample.parent
    for tested, is_built in ((other, False), (sample, True)):
        loaded = load_connectors([one], read_yaml, tested)["sample"]
        look = loaded.actions["look"]
        assert look.takes.__pydantic_complete__ is look.gives.__pydantic_complete__ is is_built
        assert look.takes.model_validate({"name": "x"})


def test_a_connector_without_actions_does_not_load(sample: Path, read_yaml: ReadYaml) -> None:
    (sample / "connector.py").write_text("from soar.sdk import Connector\n\n\nclass Sample(Connector):\n    pass\n")
    with pytest.raises(InputError, match="neither an action nor a trigger"):
        load(sample, read_yaml)


def test_a_module_that_failed_is_tried_again(sample: Path, read_yaml: ReadYaml) -> None:
    edit(sample / "connector.py", "from .speech", "from .nowhere")
    with pytest.raises(InputError):
        load(sample, read_yaml)
    edit(sample / "connector.py", "from .nowhere", "from .speech")
    assert load(sample, read_yaml)
