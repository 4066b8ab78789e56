"""From a connector's folder to its code."""

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final, TypeAlias, TypeVar

from pydantic import ValidationError

from soar.model.catalog import Effect, Repeat
from soar.model.errors import FieldFault, InputError
from soar.model.values import JsonValue
from soar.registry.discover import MANIFEST, Found
from soar.sdk.action import Action, Connector, Holding
from soar.sdk.faults import describe_faults
from soar.sdk.manifest import Manifest
from soar.sdk.simulation import Simulator
from soar.sdk.trigger import Trigger, list_triggers

ReadYaml: TypeAlias = Callable[[str, str], JsonValue]
"""Reads a YAML text; the second argument is the file's name, for its messages. Raises `InputError`."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedConnector:
    """A connector whose code is in memory.

    Attributes:
        folder: where it was found.
        digest: `sha256:` and the hex digest of its files.
        connector: its class.
        simulator: the product in small, if it has one.
        triggers: those of its class, by name.
    """

    folder: Path
    manifest: Manifest
    digest: str
    connector: type[Connector]
    simulator: type[Simulator] | None
    triggers: Mapping[str, Trigger]

    @property
    def actions(self) -> Mapping[str, Action]:
        """Its actions, by name."""
        return self.connector.actions


_LOADED: Final[dict[str, LoadedConnector]] = {}
"""The connectors whose code is in memory, by id."""


def load_connectors(
    found: Iterable[Found], read_yaml: ReadYaml, tested: Path | None = None
) -> dict[str, LoadedConnector]:
    """Return the connectors by id.

    Args:
        found: where they are.
        read_yaml: reads their manifests.
        tested: a folder whose connectors' models are known to be sound, and need not be built to see whether they are.

    Raises:
        InputError: one of them does not load; the message says which and why.
    """
    return {one.id: load_connector(one, read_yaml, is_tested=one.folder.parent == tested) for one in found}


def load_connector(found: Found, read_yaml: ReadYaml, *, is_tested: bool = False) -> LoadedConnector:
    """Import a connector's code under `connectors.<id>`, so that imports within its folder work.

    What is loaded already is returned as it is while its files are the same.

    Args:
        found: where it is.
        read_yaml: reads its manifest.
        is_tested: whether its models are known to be sound; each is then built when it is first used.

    Raises:
        InputError: the manifest or the code is not as it must be.
    """
    digest = digest_folder(found.folder)
    known = _LOADED.get(found.id)
    if known is None or (known.folder, known.digest) != (found.folder, digest):
        _LOADED.pop(found.id, None)
        _forget(f"connectors.{found.id}")
        known = _LOADED[found.id] = _load(found, digest, read_manifest(found, read_yaml))
    if not is_tested:
        _build_models(known)
    return known


def _load(found: Found, digest: str, manifest: Manifest) -> LoadedConnector:
    connector = _find_class(_import(found, "connector"), Connector, found)
    has_simulator = (found.folder / "simulator.py").exists()
    simulator = _find_class(_import(found, "simulator"), Simulator, found) if has_simulator else None
    triggers = _list_triggers(connector, found)
    if not connector.actions and not triggers:
        raise InputError(f"connector {found.id}: it has neither an action nor a trigger")
    faults = [*_find_promise_faults(connector.actions)]
    if faults:
        raise InputError(
            f"connector {found.id}: {faults[0]}", faults=[FieldFault("/connector.py", fault) for fault in faults]
        )
    return LoadedConnector(
        folder=found.folder,
        manifest=manifest,
        digest=digest,
        connector=connector,
        simulator=simulator,
        triggers=triggers,
    )


def read_manifest(found: Found, read_yaml: ReadYaml) -> Manifest:
    """Return a connector's checked manifest.

    Raises:
        InputError: it is not as it must be.
    """
    file = found.folder / MANIFEST
    document = read_yaml(file.read_text("utf-8"), f"{found.id}/{MANIFEST}")
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        raise InputError(f"{found.id}/{MANIFEST}: {describe_faults(error)}") from None
    if manifest.id != found.id:
        raise InputError(f"{found.id}/{MANIFEST}: its id is {manifest.id}", hint=f"write id: {found.id}")
    return manifest


def digest_folder(folder: Path) -> str:
    """Return `sha256:` and the hex digest over the names and contents of a folder's files, compiled ones left out."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        if file.is_file() and file.suffix != ".pyc":
            name = file.relative_to(folder).as_posix().encode()
            content = file.read_bytes()
            digest.update(b"%d:%b%d:%b" % (len(name), name, len(content), content))
    return f"sha256:{digest.hexdigest()}"


def _import(found: Found, stem: str) -> ModuleType:
    package = f"connectors.{found.id}"
    try:
        if package not in sys.modules:
            _import_file(package, found.folder / "__init__.py", [str(found.folder)])
        return _import_file(f"{package}.{stem}", found.folder / f"{stem}.py")
    except Exception as error:
        raise InputError(f"{found.id}/{stem}.py does not load: {type(error).__name__}: {error}") from error


def _import_file(name: str, file: Path, locations: list[str] | None = None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=locations)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _forget(package: str) -> None:
    """Let what was imported before go, so that the code in memory is that of the digest."""
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


def _find_class(module: ModuleType, base: type[T], found: Found) -> type[T]:
    classes = [
        member
        for member in vars(module).values()
        if inspect.isclass(member) and issubclass(member, base) and member.__module__ == module.__name__
    ]
    if len(classes) != 1:
        file = f"{found.id}/{module.__name__.rpartition('.')[2]}.py"
        raise InputError(f"{file}: holds {len(classes)} classes derived from {base.__name__}; it must be one")
    return classes[0]


def _list_triggers(connector: type[Connector], found: Found) -> dict[str, Trigger]:
    try:
        return list_triggers(connector)
    except TypeError as error:
        raise InputError(f"{found.id}/connector.py does not load: {error}") from error


def _build_models(loaded: LoadedConnector) -> None:
    actions, triggers = loaded.actions.values(), loaded.triggers.values()
    models = [
        *(model for action in actions for model in (action.takes, action.gives)),
        *(trigger.takes for trigger in triggers),
    ]
    try:
        for model in models:
            model.model_rebuild()
    except Exception as error:
        file = f"{loaded.manifest.id}/connector.py"
        raise InputError(f"{file} does not load: {type(error).__name__}: {error}") from error


def _find_promise_faults(actions: Mapping[str, Action]) -> Iterable[str]:
    """Say what in the actions' promises leads nowhere."""
    for action in actions.values():
        promise = action.promise
        if promise.targets is not None and promise.targets not in action.takes.model_fields:
            yield f"action {action.name}: targets names {promise.targets}, which is no parameter"
        if promise.undo is not None:
            yield from _find_other_faults(action, "undo", promise.undo, actions, promise.undo_arguments)
        if promise.repeat is Repeat.CHECKABLE:
            yield from _find_checkable_faults(action, actions.get(promise.check or ""))
        if promise.check is not None:
            yield from _find_other_faults(action, "check", promise.check, actions, promise.check_arguments)
            yield from _find_check_faults(action, actions.get(promise.check))


def _find_other_faults(
    action: Action, role: str, named: str, actions: Mapping[str, Action], arguments: Mapping[str, str]
) -> Iterable[str]:
    """Say what is wrong with the action that another one names as its undo or its check."""
    other = actions.get(named)
    if other is None:
        yield f"action {action.name}: {role} names {named}, which is no action of this connector"
        return
    parameters = other.takes.model_fields
    sources = {"with": action.takes.model_fields, "output": action.gives.model_fields}
    for name, source in arguments.items():
        place, _, field = source.partition(".")
        if name not in parameters:
            yield f"action {action.name}: {role}_arguments names {name}, which {other.name} does not take"
        if field not in sources.get(place, {}):
            yield f"action {action.name}: {role}_arguments takes {name} from {source}, which is not there"
    for name, parameter in parameters.items():
        if parameter.is_required() and name not in arguments:
            yield f"action {action.name}: {role}_arguments lacks {name}, which {other.name} needs"


def _find_check_faults(action: Action, check: Action | None) -> Iterable[str]:
    if check is None:
        return
    if check.promise.effect is not Effect.READ:
        yield f"action {action.name}: check names {check.name}, which does more than read"
    if not issubclass(check.gives, Holding):
        yield f"action {action.name}: check names {check.name}, whose output is no Holding"


def _find_checkable_faults(action: Action, check: Action | None) -> Iterable[str]:
    """Say why the action that is named cannot tell what became of a call whose answer was lost."""
    if check is None:
        yield f"action {action.name}: repeat is checkable, and no check says whether it happened"
        return
    for name, source in action.promise.check_arguments.items():
        if not source.startswith("with."):
            yield f"action {action.name}: check_arguments takes {name} from {source}, and the answer is lost"
    for name, field in action.gives.model_fields.items():
        if field.is_required() and name not in check.gives.model_fields:
            yield f"action {action.name}: its output has {name}, which {check.name} does not know"
