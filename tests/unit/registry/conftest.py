from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from soar.model.errors import InputError
from soar.model.values import JsonValue
from soar.playbook.document import read_document
from soar.registry.load import ReadYaml

MakeSample: TypeAlias = Callable[[Path], Path]

MANIFEST = """\
id: {id}
title: Sample
version: 1.0.0
docs: https://docs.sample.example
owner: team:tests
hosts: [api.sample.example]
settings:
  token: {{secret: true, description: The token.}}
  depth: {{type: integer, default: 3, description: How deep.}}
"""

CONNECTOR = """\
from soar.sdk import Arguments, Connector, Context, Effect, Output, Repeat, action
from .speech import URL


class Thing(Arguments):
    name: str


class Done(Output):
    said: str
    depth: int


class Sample(Connector):
    @action(title="Look", effect=Effect.READ, repeat=Repeat.SAFE)
    async def look(self, ctx: Context, arguments: Thing) -> Done:
        response = ctx.check(await ctx.http.get(URL, headers={"x-token": ctx.secret("token").reveal()}))
        return Done(said=response.text, depth=int(str(ctx.settings["depth"])))

    @action(title="Make", effect=Effect.WRITE, repeat=Repeat.KEYED, undo="drop", undo_arguments={"name": "with.name"})
    async def make(self, ctx: Context, arguments: Thing) -> Done:
        response = ctx.check(await ctx.http.post(URL, json={"name": arguments.name}))
        return Done(said=response.text, depth=0)

    @action(title="Drop", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="name")
    async def drop(self, ctx: Context, arguments: Thing) -> Done:
        raise LookupError(arguments.name)
"""

QUALITY = "rules:\n" + "".join(
    f"  {rule}: done\n"
    for rule in (
        "loads",
        "typed",
        "tested",
        "documented",
        "no_secret_shown",
        "errors_mapped",
        "rate_limit_honoured",
        "paginated",
        "simulated",
        "idempotence_shown",
    )
)


@pytest.fixture
def read_yaml() -> ReadYaml:
    def read(text: str, name: str) -> JsonValue:
        node, findings = read_document(text, name)
        if node is None or findings:
            raise InputError(f"{name}: {findings[0].message}")
        return node.to_plain()

    return read


@pytest.fixture
def sample(tmp_path: Path, make_sample: MakeSample) -> Path:
    """A whole connector in a folder of its own."""
    return make_sample(tmp_path / "sample")


@pytest.fixture
def make_sample() -> MakeSample:
    return write_sample


def write_sample(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text('"""A sample."""\n')
    (folder / "manifest.yaml").write_text(MANIFEST.format(id=folder.name))
    (folder / "connector.py").write_text(CONNECTOR)
    (folder / "speech.py").write_text('URL = "https://api.sample.example/things"\n')
    (folder / "quality.yaml").write_text(QUALITY + "  answers_recorded: {exempt: there is nothing to record}\n")
    (folder / f"test_{folder.name}.py").write_text("")
    return folder
