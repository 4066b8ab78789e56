"""The one-step playbook that takes a change back. Being a run, a lift is as durable and as visible as any other."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import orjson

from soar.model.ids import Ids
from soar.model.playbook import Revision
from soar.model.response import Response
from soar.model.run import Mode, Run, RunStatus
from soar.model.values import JsonValue, as_value
from soar.responses.rollback import name_rollback

AUTHOR = "system"
"""Author of the revisions that this module writes, and of no others."""


def write_revision(response: Response, at: datetime, channel: str | None = None) -> Revision:
    """Return the playbook that calls a response's inverse with the arguments it was given when the change was made.

    Args:
        response: what is taken back.
        at: the moment.
        channel: where people hear of it, if it is part of a rollback; the run has nothing to say there by itself.
    """
    inputs = _name_inputs(response)
    document: Mapping[str, JsonValue] = {
        "name": f"Take back {response.action}",
        "on": {"call": {}},
        **({"notify": {"channel": channel, "on": []}} if channel else {}),
        "inputs": {name: {"type": "any"} for name in inputs.values()},
        "steps": [
            {
                "id": "lift",
                "name": f"Take back {response.action}",
                "uses": response.undo_action,
                "connection": response.connection,
                "with": {parameter: f"${{{{ inputs.{name} }}}}" for parameter, name in inputs.items()},
            }
        ],
    }
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    return Revision(
        playbook=f"lift-{response.undo_action.replace('.', '-').replace('_', '-')}",
        digest=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        text=text,
        created_at=at,
        author=AUTHOR,
    )


def build_run(
    response: Response, revision: Revision, *, initiator: str, ids: Ids, at: datetime, origin: Run | None
) -> Run:
    """Return the run that takes a response back.

    It stands as deep as `origin`, which made the change. As part of its rollback it shares its key as well: a run that
    waits for that one waits for the rollback, too.
    """
    rolled_back = origin if origin is not None and initiator == name_rollback(origin.id) else None
    return Run(
        id=ids.new("run"),
        playbook=revision.playbook,
        revision=revision.digest,
        mode=Mode.LIVE,
        status=RunStatus.QUEUED,
        alert=None,
        case=None,
        initiator=initiator,
        inputs={name: as_value(_arguments(response)[parameter]) for parameter, name in _name_inputs(response).items()},
        created_at=at,
        depth=origin.depth if origin else 0,
        concurrency_key=rolled_back.concurrency_key if rolled_back else None,
        concurrency_max=rolled_back.concurrency_max if rolled_back else 0,
    )


def _arguments(response: Response) -> Mapping[str, JsonValue]:
    return response.undo_arguments if isinstance(response.undo_arguments, dict) else {}


def _name_inputs(response: Response) -> Mapping[str, str]:
    """Return the run's input for each parameter of the inverse; a parameter may have a name that no input can have."""
    return {parameter: f"argument_{index}" for index, parameter in enumerate(_arguments(response))}
