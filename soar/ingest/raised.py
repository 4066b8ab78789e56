"""Alerts that runs raise themselves: how they look as a source's documents, and how deep they may nest."""

from collections.abc import Mapping

import orjson

from soar.expr import compile_expression
from soar.ingest.authentication import Hmac
from soar.ingest.source import Mapped, Source
from soar.model.alert import OWN_SOURCE, Alert, RaisedAlert
from soar.model.errors import ConflictError
from soar.model.run import Run
from soar.model.values import JsonValue

DEEPEST = 5
"""How many alerts may be raised one from another."""

_NOBODY = Hmac(header="x-signature", secrets=())


def build_source(raised: RaisedAlert) -> Source:
    """Return the source whose mapping makes the alert of the document; nobody can send to it."""
    return Source(
        id=OWN_SOURCE,
        description="Alerts that runs raise",
        team=None,
        recipe=_NOBODY,
        mapped=Mapped(
            kind=(compile_expression("raw.kind"),),
            title=(compile_expression("raw.title"),),
            severity=(compile_expression("raw.severity"),),
            time=(),
            url=(),
            fingerprint=(compile_expression("raw.dedupe"),),
            entities={kind: (compile_expression(f"raw.entities.{kind}"),) for kind in raised.entities},
            labels={name: (compile_expression(f"raw.labels[{_quote(name)}]"),) for name in raised.labels},
            is_guessed=False,
        ),
    )


def write_document(raised: RaisedAlert, *, run: Run, step: str, cause: Alert | None) -> dict[str, JsonValue]:
    """Return a raised alert as its source's document, with where it came from and how deep it is.

    Args:
        raised: what is reported.
        run: who reports it.
        step: the path of its step.
        cause: the alert that started the run.

    Raises:
        ConflictError: alerts have raised alerts five times in a row.
    """
    depth = _find_depth(cause) + 1
    if depth > DEEPEST:
        raise ConflictError(
            f"alerts have raised alerts {DEEPEST} times in a row; this one is not raised",
            hint="look for playbooks that start each other, and narrow what their `match` takes",
        )
    return {
        "kind": raised.kind,
        "severity": raised.severity.value,
        "title": raised.title,
        "dedupe": raised.dedupe,
        "entities": {kind: [*found] for kind, found in raised.entities.items()},
        "labels": {**raised.labels},
        "raised_by": {"run": run.id, "playbook": run.playbook, "step": step, "depth": depth},
    }


def _find_depth(alert: Alert | None) -> int:
    """Return how many alerts were raised one from another up to this one."""
    if alert is None or alert.source != OWN_SOURCE or not isinstance(alert.raw, Mapping):
        return 0
    origin = alert.raw.get("raised_by")
    depth = origin.get("depth") if isinstance(origin, Mapping) else None
    return depth if isinstance(depth, int) else 0


def _quote(text: str) -> str:
    return orjson.dumps(text).decode()
