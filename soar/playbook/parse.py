"""A document read as a playbook."""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from soar.model.playbook import (
    CaseSpec,
    Concurrency,
    Dedupe,
    Location,
    Notify,
    OnDuplicate,
    Overlap,
    Playbook,
    Rollback,
)
from soar.model.run import Mode
from soar.model.step import Gate, Retry
from soar.playbook import grammar
from soar.playbook.document import read_document
from soar.playbook.field import (
    Field,
    Fields,
    describe,
    int_between,
    list_of,
    one_of,
    open_map,
    read_bool,
    read_channel,
    read_duration,
    read_expression,
    read_map,
    read_named,
    read_text,
    word_of,
)
from soar.playbook.finding import Finding, has_errors, sort_findings
from soar.playbook.gates import read_gate
from soar.playbook.inputs import read_inputs
from soar.playbook.node import Mapping as MappingNode
from soar.playbook.node import Node, Spot, index_spots
from soar.playbook.report import Report, quote
from soar.playbook.steps import StepReader
from soar.playbook.triggers import read_triggers
from soar.playbook.uses import read_retry
from soar.playbook.words import OWNER

_NOTICES = ("started", "waiting", "finished", "failed")
_MAX_CONCURRENT = 10_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as far as it can be read.

    Attributes:
        playbook: with defaults where something is wrong; None if there is nothing to go by. Not for running unless
            `findings` holds no error.
        spots: every value of the document by its path.
        findings: what is wrong so far.
    """

    playbook: Playbook | None
    spots: Mapping[str, Spot]
    findings: tuple[Finding, ...]


def parse_playbook(text: str, *, playbook_id: str, file: str) -> tuple[Playbook | None, list[Finding]]:
    """Read a playbook.

    Args:
        text: the YAML document.
        playbook_id: the file's name without `.yaml`.
        file: what the findings call it.

    Returns:
        The playbook, or None if one of the findings is an error; and all findings in the order of the document.
    """
    draft = read_draft(text, playbook_id=playbook_id, file=file)
    findings = list(draft.findings)
    return None if has_errors(findings) else draft.playbook, findings


def read_draft(text: str, *, playbook_id: str, file: str) -> Draft:
    """Read a playbook as far as that is possible, so that the checks behind can find more mistakes."""
    root, findings = read_document(text, file)
    if root is None:
        return Draft(None, MappingProxyType({}), tuple(findings))
    spots = MappingProxyType(index_spots(root))
    report = Report(text, file)
    playbook = _read_root(root, playbook_id, digest_text(text), spots, report)
    return Draft(playbook, spots, tuple(sort_findings((*findings, *report.findings))))


def digest_text(text: str) -> str:
    """Return the revision of a document: `sha256:` and the digest of its bytes."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _read_root(
    root: Node, playbook_id: str, revision: str, spots: Mapping[str, Spot], report: Report
) -> Playbook | None:
    field = Field(report, (), root, root.line, root.column)
    if not isinstance(root, MappingNode):
        hint = "begin with `name:`, `on:` and `steps:`"
        report.add("P003", (root.line, root.column), (), f"a playbook is a map of keys, not {describe(root)}", hint)
        return None
    keys = Fields(field, grammar.PLAYBOOK)
    keys.find("schema", int_between(1, 1))
    reader = StepReader()
    defaults = keys.read("defaults", lambda inner: _read_defaults(inner, reader), _Defaults())
    return Playbook(
        id=playbook_id,
        name=keys.need("name", read_text, playbook_id),
        revision=revision,
        triggers=keys.need("on", read_triggers, ()),
        steps=keys.need("steps", reader.read_steps, ()),
        description=keys.read("description", read_text, ""),
        owner=keys.find("owner", _read_owner),
        tags=keys.read("tags", list_of(read_text), ()),
        saves=keys.find("saves", read_duration),
        is_enabled=keys.read("enabled", read_bool, default=True),
        mode=keys.read("mode", one_of(Mode), Mode.LIVE),
        inputs=keys.read("inputs", read_inputs, {}),
        variables=keys.read("vars", read_named, {}),
        dedupe=keys.find("dedupe", _read_dedupe),
        concurrency=keys.find("concurrency", _read_concurrency),
        case=keys.find("case", _read_case),
        notify=keys.find("notify", _read_notify),
        default_timeout=defaults.timeout,
        default_retry=defaults.retry,
        default_gate=defaults.gate,
        default_connections=defaults.connections,
        rollback=keys.read("rollback", one_of(Rollback), Rollback.MANUAL),
        timeout=keys.read("timeout", read_duration, timedelta(days=7)),
        on_failure=keys.read("on_failure", reader.read_steps, ()),
        finally_=keys.read("finally", reader.read_steps, ()),
        outputs=keys.read("outputs", read_named, {}),
        locations={path: Location(spot.line, spot.column) for path, spot in spots.items()},
    )


def _read_owner(field: Field) -> str | None:
    text = read_text(field)
    if text is None or OWNER.fullmatch(text):
        return text
    field.fault("P112", f"{quote(text)} is no owner", "write team:… or user:… with a mail address")
    return None


def _read_dedupe(field: Field) -> Dedupe | None:
    keys = open_map(field, grammar.DEDUPE)
    if keys is None:
        return None
    return Dedupe(
        key=keys.need("key", read_expression, "''"),
        window=keys.read("window", read_duration, timedelta(hours=1)),
        on_duplicate=keys.read("on_duplicate", one_of(OnDuplicate), OnDuplicate.ATTACH),
    )


def _read_concurrency(field: Field) -> Concurrency | None:
    keys = open_map(field, grammar.CONCURRENCY)
    if keys is None:
        return None
    return Concurrency(
        key=keys.find("key", read_expression),
        mode=keys.read("mode", one_of(Overlap), Overlap.PARALLEL),
        limit=keys.read("max", int_between(1, _MAX_CONCURRENT), 10),
    )


def _read_case(field: Field) -> CaseSpec | None:
    keys = open_map(field, grammar.CASE)
    if keys is None:
        return None
    return CaseSpec(
        title=keys.need("title", read_text, ""),
        key=keys.need("key", read_expression, "''"),
        severity=keys.template("severity"),
    )


def _read_notify(field: Field) -> Notify | None:
    keys = open_map(field, grammar.NOTIFY)
    if keys is None:
        return None
    return Notify(
        channel=keys.need("channel", read_channel, ""),
        on=keys.read("on", list_of(word_of(_NOTICES)), ("waiting", "finished", "failed")),
        thread=keys.read("thread", word_of(("run", "case")), "run"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Defaults:
    timeout: timedelta | None = None
    retry: Retry | None = None
    gate: Gate | None = None
    connections: Mapping[str, str] = dataclasses.field(default_factory=dict)


def _read_defaults(field: Field, reader: StepReader) -> _Defaults | None:
    keys = open_map(field, grammar.DEFAULTS)
    if keys is None:
        return None
    return _Defaults(
        timeout=keys.find("timeout", read_duration),
        retry=keys.find("retry", read_retry),
        gate=keys.find("approve", lambda inner: read_gate(inner, reader.read_steps)),
        connections=keys.read("connection", _read_connections, {}),
    )


def _read_connections(names: Field) -> Mapping[str, str] | None:
    if read_map(names) is None:
        return None
    found = {connector: read_text(entry) for connector, entry in names.entries().items()}
    return {connector: name for connector, name in found.items() if name is not None}
