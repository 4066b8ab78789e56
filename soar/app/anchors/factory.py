"""From settings to anchors."""

import socket
from collections.abc import Iterable
from pathlib import Path
from typing import assert_never

import soar
from soar.app.anchors.anchor import Anchor
from soar.app.anchors.channel import ChannelAnchor
from soar.app.anchors.file import FileAnchor
from soar.app.anchors.forward import HttpForward, SyslogForward
from soar.app.anchors.git import GitAnchor
from soar.app.anchors.s3 import S3Anchor
from soar.app.anchors.settings import (
    AnchorSettings,
    ChannelAnchorSettings,
    ForwardSettings,
    GitAnchorSettings,
    HttpForwardSettings,
    S3AnchorSettings,
    SyslogAnchorSettings,
    SyslogForwardSettings,
    TimestampAnchorSettings,
    WitnessAnchorSettings,
)
from soar.app.anchors.syslog import SyslogAnchor
from soar.app.anchors.timestamp import TimestampAnchor
from soar.app.anchors.witness import WitnessAnchor
from soar.audit.format import Format
from soar.audit.keeper import read_leaves
from soar.audit.note import VerifierKey
from soar.audit.writer import Writer
from soar.model.announce import Announcer
from soar.model.audit import AuditRecord
from soar.model.clock import Clock
from soar.model.network import Egress
from soar.store import Store


def make_anchors(
    settings: Iterable[Path | AnchorSettings],
    *,
    store: Store,
    workspace: str,
    key: VerifierKey,
    egress: Egress,
    clock: Clock,
    announcer: Announcer,
) -> tuple[Anchor, ...]:
    """Return the anchors that settings name, in their order.

    Args:
        settings: a path is a file.
        store: where the record is.
        workspace: whose transactions are used, and whose channels.
        key: that signs checkpoints.
        egress: the way out.
        clock: real or virtual.
        announcer: tells open pages.

    Raises:
        InputError: an anchor needs an extra that is not installed, or a key is none.
    """

    async def read(start: int, stop: int) -> list[bytes]:
        return await store.read(workspace, lambda unit: read_leaves(unit, start, stop))

    def make(one: Path | AnchorSettings) -> Anchor:
        match one:
            case Path():
                return FileAnchor(one)
            case GitAnchorSettings():
                return GitAnchor(one)
            case S3AnchorSettings():
                return S3Anchor(one, clock)
            case SyslogAnchorSettings():
                return SyslogAnchor(one, socket.gethostname())
            case ChannelAnchorSettings():
                return ChannelAnchor(one, store=store, workspace=workspace, key=key, announcer=announcer)
            case WitnessAnchorSettings():
                return WitnessAnchor(one, egress, read)
            case TimestampAnchorSettings():
                return TimestampAnchor(one, egress)
            case _:
                assert_never(one)

    return tuple(map(make, settings))


def make_forwards(
    settings: Iterable[ForwardSettings], *, store: Store, workspace: str, egress: Egress
) -> tuple[Anchor, ...]:
    """Return the anchors that get every event, in the order of the settings.

    Args:
        settings: who gets them.
        store: where the record is.
        workspace: whose transactions are used; events of all workspaces are sent.
        egress: the way out.
    """

    async def read(start: int, stop: int) -> tuple[AuditRecord, ...]:
        return await store.read(workspace, lambda unit: unit.audit.range(start, stop))

    def make(one: ForwardSettings) -> Anchor:
        writer = Writer(Format(one.format), soar.__version__, socket.gethostname())
        match one:
            case SyslogForwardSettings():
                return SyslogForward(one, writer, read)
            case HttpForwardSettings():
                return HttpForward(one, writer, read, egress)
            case _:
                assert_never(one)

    return tuple(map(make, settings))
