"""What the loaded connectors can do, as data."""

from collections.abc import Iterable

from soar.model.catalog import ActionSpec, Catalog, ConnectorSpec
from soar.registry.load import LoadedConnector
from soar.sdk.action import Action


def build_catalog(connectors: Iterable[LoadedConnector]) -> Catalog:
    """Return the catalog of these connectors."""
    return Catalog({one.manifest.id: describe_connector(one) for one in connectors})


def describe_connector(loaded: LoadedConnector) -> ConnectorSpec:
    """Return what a connector is and can do.

    One that calls no host needs no simulator: there is nothing to simulate.
    """
    manifest = loaded.manifest
    return ConnectorSpec(
        id=manifest.id,
        title=manifest.title,
        version=manifest.version,
        digest=loaded.digest,
        docs=manifest.docs,
        hosts=manifest.hosts,
        secrets=manifest.secrets,
        settings=manifest.describe_settings(),
        actions={action.name: _describe_action(manifest.id, action) for action in loaded.actions.values()},
        has_simulator=loaded.simulator is not None or not manifest.hosts,
        is_channel=(loaded.folder / "channel.py").exists(),
        token_field=manifest.oauth2.token if manifest.oauth2 else None,
    )


def _describe_action(connector: str, action: Action) -> ActionSpec:
    promise = action.promise
    return ActionSpec(
        connector=connector,
        name=action.name,
        title=promise.title,
        effect=promise.effect,
        repeat=promise.repeat,
        parameters=action.takes.model_json_schema(),
        result=action.gives.model_json_schema(mode="serialization"),
        undo=promise.undo,
        undo_arguments=promise.undo_arguments,
        check=promise.check,
        check_arguments=promise.check_arguments,
        targets=promise.targets,
        timeout=promise.timeout,
        is_for_service=promise.is_for_service,
    )
