"""One call about an active response, as a playbook of one step: being a run, it is as durable and visible as any."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from soar.model.ids import Ids
from soar.model.playbook import Revision
from soar.model.run import Mode, Run, RunStatus
from soar.model.values import JsonValue, as_value

AUTHOR = "system"
"""Author of the revisions that this module writes, and of no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is called, and why.

    Attributes:
        step: id of the one step; ids of the playbooks begin with it.
        name: as people read it.
        action: `connector.action`.
        arguments: for the action; what is no map is none.
        outputs: of the run, as expressions.
        channel: where people hear of it, if it is part of a rollback; the run has nothing to say there by itself.
    """

    step: str
    name: str
    action: str
    connection: str
    arguments: JsonValue
    outputs: Mapping[str, str] = field(default_factory=dict)
    channel: str | None = None

    @property
    def parameters(self) -> Mapping[str, JsonValue]:
        """What the action is given, by its parameters' names."""
        return self.arguments if isinstance(self.arguments, dict) else {}

    def name_inputs(self) -> Mapping[str, str]:
        """Return the run's input for each parameter; a parameter may have a name that no input can have."""
        return {parameter: f"argument_{index}" for index, parameter in enumerate(self.parameters)}


def write_revision(errand: Errand, at: datetime) -> Revision:
    """Return the playbook that makes the call with the arguments of its run."""
    inputs = errand.name_inputs()
    document: Mapping[str, JsonValue] = {
        "name": errand.name,
        "on": {"call": {}},
        **({"notify": {"channel": errand.channel, "on": []}} if errand.channel else {}),
        "inputs": {name: {"type": "any"} for name in inputs.values()},
        "steps": [
            {
                "id": errand.step,
                "name": errand.name,
                "uses": errand.action,
                "connection": errand.connection,
                "with": {parameter: f"${{{{ inputs.{name} }}}}" for parameter, name in inputs.items()},
            }
        ],
        "outputs": {name: f"${{{{ {output} }}}}" for name, output in errand.outputs.items()},
    }
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    return Revision(
        playbook=f"{errand.step}-{errand.action.replace('.', '-').replace('_', '-')}",
        digest=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        text=text,
        created_at=at,
        author=AUTHOR,
    )


def build_run(errand: Errand, revision: Revision, *, initiator: str, ids: Ids, at: datetime, origin: Run | None) -> Run:
    """Return the run that makes the call; it stands as deep as `origin`, which made the change."""
    names = errand.name_inputs()
    return Run(
        id=ids.new("run"),
        playbook=revision.playbook,
        revision=revision.digest,
        mode=Mode.LIVE,
        status=RunStatus.QUEUED,
        alert=None,
        case=None,
        initiator=initiator,
        inputs={names[parameter]: as_value(value) for parameter, value in errand.parameters.items()},
        created_at=at,
        depth=origin.depth if origin else 0,
    )
