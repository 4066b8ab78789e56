"""Typed actions: what a connector's author writes."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from soar.model.catalog import LANGUAGE_KEY, Effect, Language, Repeat
from soar.sdk.context import Context

Method = TypeVar("Method", bound=Callable[..., Awaitable[BaseModel]])

_MARK = "soar_action"


class Arguments(BaseModel):
    """Base of an action's arguments: unknown names are refused and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Output(BaseModel):
    """Base of an action's output."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Holding(Output):
    """Base of the output of an action that others name as their `check`."""

    holds: bool = Field(description="Whether the change still stands.")


def written_in(language: Language) -> FieldInfo:
    """Say what a text argument is written in, so that playbooks are warned of values that go into it unquoted.

    It annotates the type: `query: Annotated[str, written_in(Language.KQL)]`.
    """
    field: FieldInfo = Field(json_schema_extra={LANGUAGE_KEY: language.value})
    return field


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the author of an action promises; see `action` for the fields."""

    title: str
    effect: Effect
    repeat: Repeat
    undo: str | None
    undo_arguments: Mapping[str, str]
    check: str | None
    check_arguments: Mapping[str, str]
    targets: str | None
    timeout: float
    is_for_service: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action of a connector: what it promises, and the code.

    Attributes:
        promise: what its author promises.
        takes: the model of its arguments.
        gives: the model of its output.
        method: the function; called with the connector, the context and the arguments.
    """

    name: str
    promise: Promise
    takes: type[BaseModel]
    gives: type[BaseModel]
    method: Callable[[Any, Context, Any], Awaitable[BaseModel]]


class Connector:
    """Base of the one class in a connector's `connector.py`. It holds no state: every call brings its context."""

    actions: ClassVar[Mapping[str, Action]] = {}

    def __init_subclass__(cls) -> None:
        marked = ((name.removesuffix("_"), member) for name, member in vars(cls).items() if _MARK in _marks(member))
        cls.actions = {name: _build(name, member) for name, member in marked}


def action(
    *,
    title: str,
    effect: Effect,
    repeat: Repeat,
    undo: str | None = None,
    undo_arguments: Mapping[str, str] | None = None,
    check: str | None = None,
    check_arguments: Mapping[str, str] | None = None,
    targets: str | None = None,
    timeout: float = 30.0,
    is_for_service: bool = False,
) -> Callable[[Method], Method]:
    """Make an async method of a `Connector` an action.

    The action has the method's name; one that Python keeps for itself, such as `raise`, is written `raise_`.

    Args:
        title: a short imperative for people.
        effect: what a call does to the world.
        repeat: what a second call of the same intent does. With `Repeat.CHECKABLE` the `check` is asked when an answer
            was lost: if the change stands, the call has succeeded, with each field of its output from the check's or by
            default; if it does not, the call is sent again; if the check fails, people are asked. So a call that
            arrives late, after the check, must do no harm: declare it for what sets a state.
        undo: name of the action of the same connector that takes it back.
        undo_arguments: for each parameter of the undo, where its value comes from: `with.name` or `output.name`.
        check: name of the action of the same connector that tells whether the change still stands: one that reads, and
            whose output is a `Holding`.
        check_arguments: for each parameter of the check, as in `undo_arguments`; with `Repeat.CHECKABLE` only
            `with.name`.
        targets: the parameter whose value is what is acted on.
        timeout: seconds a call may take unless the step says otherwise.
        is_for_service: whether the service alone calls it, and no playbook may: it takes what only the service is
            given, or gives what only the service may know.
    """

    def mark(method: Method) -> Method:
        method.__dict__[_MARK] = Promise(
            title=title,
            effect=effect,
            repeat=repeat,
            undo=undo,
            undo_arguments=dict(undo_arguments or {}),
            check=check,
            check_arguments=dict(check_arguments or {}),
            targets=targets,
            timeout=timeout,
            is_for_service=is_for_service,
        )
        return method

    return mark


def _marks(member: object) -> Mapping[str, object]:
    return member.__dict__ if inspect.isfunction(member) else {}


def _build(name: str, method: Callable[..., Awaitable[BaseModel]]) -> Action:
    if not inspect.iscoroutinefunction(method):
        raise TypeError(f"action {name}: must be `async def`")
    hints = get_type_hints(method)
    takes, gives = hints.get("arguments"), hints.get("return")
    if not (inspect.isclass(takes) and issubclass(takes, Arguments)):
        raise TypeError(f"action {name}: the parameter `arguments` must be annotated with a class of Arguments")
    if not (inspect.isclass(gives) and issubclass(gives, Output)):
        raise TypeError(f"action {name}: the result must be annotated with a class of Output")
    return Action(name=name, promise=method.__dict__[_MARK], takes=takes, gives=gives, method=method)
