"""Which processes ran on a host, asked of advanced hunting.

The table is https://learn.microsoft.com/defender-xdr/advanced-hunting-deviceprocessevents-table, the query language
https://learn.microsoft.com/kusto/query/.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, Field

from soar.sdk import ActionCode, ActionInputError, Output, PermanentError

_PROCESSES = 200
_SUMMARY = 500
_QUERY = """\
let moment = datetime({moment});
DeviceProcessEvents
| where Timestamp between ((moment - 15m) .. (moment + 5m)) and ActionType == "ProcessCreated"
| where DeviceName =~ "{host}" or DeviceName startswith "{host}."
| extend Distance = abs(Timestamp - moment)
| top {count} by Distance asc
| project Timestamp, DeviceName, ProcessId, FileName, ProcessCommandLine, AccountName, InitiatingProcessId, \
InitiatingProcessFileName"""


class Process(Output):
    """A process that was started."""

    at: datetime = Field(description="When it was started.")
    pid: int = Field(description="Its id.")
    name: str = Field(description="File name of its program.")
    command_line: str = Field(description="The command line that started it.")
    account: str = Field(description="Whose it is.")
    parent_pid: int = Field(description="Id of the process that started it.")
    parent_name: str = Field(description="File name of the program that started it.")


class Row(BaseModel):
    """A row of the answer."""

    at: AwareDatetime = Field(alias="Timestamp")
    device: str = Field(alias="DeviceName")
    pid: int = Field(alias="ProcessId")
    name: str | None = Field(alias="FileName")
    command_line: str | None = Field(alias="ProcessCommandLine")
    account: str | None = Field(alias="AccountName")
    parent_pid: int = Field(alias="InitiatingProcessId")
    parent_name: str | None = Field(alias="InitiatingProcessFileName")


def write_query(host: str, around: datetime) -> str:
    """Write the question in Kusto.

    Raises:
        ActionInputError: the host's name holds a character that cannot be printed.
    """
    moment = around.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return _QUERY.format(moment=moment, host=_quote(host), count=_PROCESSES)


def list_processes(host: str, rows: Sequence[Row]) -> list[Process]:
    """Return the processes, the oldest first.

    Raises:
        PermanentError: they are those of several machines.
    """
    devices = sorted({row.device.lower() for row in rows})
    if len(devices) > 1:
        raise PermanentError(
            f"{host} may be any of {', '.join(devices)}",
            action_code=ActionCode.CONFLICT,
            hint="name the host with its domain",
        )
    return sorted(map(_translate, rows), key=lambda process: process.at)


def summarize(processes: Sequence[Process], around: datetime) -> str:
    """Return the process nearest to the moment with those that led to it, such as `cmd.exe > whoami /all`."""
    if not processes:
        return "no process was started around then"
    process = min(processes, key=lambda one: abs(one.at - around))
    chain = [process.command_line or process.name]
    while parent := _find_parent(process, processes):
        chain.append(parent.name)
        process = parent
    chain.append(process.parent_name)
    text = " > ".join(part for part in reversed(chain) if part)
    return text if len(text) <= _SUMMARY else text[: _SUMMARY - 1] + "…"


def _quote(text: str) -> str:
    """Write a text for double quotes: https://learn.microsoft.com/kusto/query/scalar-data-types/string."""
    if not text.isprintable():
        raise ActionInputError("host: holds a character that cannot be printed")
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _translate(row: Row) -> Process:
    return Process(
        at=row.at,
        pid=row.pid,
        name=row.name or "",
        command_line=row.command_line or "",
        account=row.account or "",
        parent_pid=row.parent_pid,
        parent_name=row.parent_name or "",
    )


def _find_parent(process: Process, processes: Sequence[Process]) -> Process | None:
    """Return the last process that had the parent's id before this one was started: ids are used again."""
    older = [one for one in processes if one.pid == process.parent_pid and one.at < process.at]
    return max(older, key=lambda one: one.at, default=None)
