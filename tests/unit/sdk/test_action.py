# ruff: noqa: ARG002 the samples keep the signatures that connectors have
from typing import Annotated

import pytest
from pydantic import Field

from soar.sdk import Arguments, Connector, Context, Effect, Language, Output, Repeat, action, written_in


class Thing(Arguments):
    name: str


class Done(Output):
    name: str


def test_an_action_says_what_it_promises() -> None:
    class Shield(Connector):
        @action(
            title="Isolate",
            effect=Effect.DESTRUCTIVE,
            repeat=Repeat.SAFE,
            undo="release",
            undo_arguments={"name": "with.name"},
            targets="name",
            timeout=5.0,
        )
        async def isolate(self, ctx: Context, arguments: Thing) -> Done:
            return Done(name=arguments.name)

        def describe(self) -> str:
            return "no action"

    isolate = Shield.actions["isolate"]
    assert list(Shield.actions) == ["isolate"]
    assert isolate.takes is Thing
    assert isolate.gives is Done
    assert isolate.promise.effect is Effect.DESTRUCTIVE
    assert isolate.promise.undo_arguments == {"name": "with.name"}
    assert isolate.promise.timeout == 5.0


class Question(Arguments):
    query: Annotated[str, written_in(Language.KQL)] = Field(min_length=1, description="What to look for.")
    more: Annotated[str, written_in(Language.ODATA)] | None = None


def test_an_argument_says_what_it_is_written_in() -> None:
    properties = Question.model_json_schema()["properties"]
    assert properties["query"] == {
        "type": "string",
        "title": "Query",
        "description": "What to look for.",
        "minLength": 1,
        "x-language": "kql",
    }
    assert properties["more"]["anyOf"][0]["x-language"] == "odata"


def test_an_action_may_be_called_what_python_keeps_for_itself() -> None:
    class Shield(Connector):
        @action(title="Raise the shield", effect=Effect.WRITE, repeat=Repeat.SAFE)
        async def raise_(self, ctx: Context, arguments: Thing) -> Done:
            return Done(name=arguments.name)

    assert [(name, one.name) for name, one in Shield.actions.items()] == [("raise", "raise")]


def test_an_action_without_an_effect_is_none() -> None:
    with pytest.raises(TypeError, match="effect"):
        action(title="Look", repeat=Repeat.SAFE)  # type: ignore[call-arg]


def test_an_action_must_be_async() -> None:
    with pytest.raises(TypeError, match="async def"):

        class Shield(Connector):
            @action(title="Look", effect=Effect.READ, repeat=Repeat.SAFE)  # type: ignore[arg-type]
            def look(self, ctx: Context, arguments: Thing) -> Done:
                return Done(name=arguments.name)


def test_an_action_must_name_its_models() -> None:
    with pytest.raises(TypeError, match="class of Arguments"):

        class Loose(Connector):
            @action(title="Look", effect=Effect.READ, repeat=Repeat.SAFE)
            async def look(self, ctx: Context, arguments: dict[str, str]) -> Done:
                return Done(name=arguments["name"])

    with pytest.raises(TypeError, match="class of Output"):

        class Looser(Connector):
            @action(title="Look", effect=Effect.READ, repeat=Repeat.SAFE)
            async def look(self, ctx: Context, arguments: Thing) -> Thing:
                return arguments
