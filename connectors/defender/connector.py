"""Microsoft Defender for Endpoint's API: https://learn.microsoft.com/defender-endpoint/api/exposed-apis-list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypeVar

import httpx
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from connectors.defender.hunting import Process, Row, list_processes, summarize, write_query
from soar.sdk import (
    ActionCode,
    ActionInputError,
    Arguments,
    Connector,
    Context,
    Effect,
    Holding,
    Output,
    PermanentError,
    Repeat,
    UnknownOutcomeError,
    action,
    path,
    read_json,
)

_API = "https://api.security.microsoft.com/api"
_LONGEST_QUERY = 210.0  # the vendor gives a query 200 s
_UNDER_WAY = frozenset({"Pending", "InProgress"})
_DONE = "Succeeded"
_LOST = frozenset({"Failed", "TimeOut", "Cancelled"})

Document = TypeVar("Document", bound=BaseModel)
Host = Annotated[str, Field(min_length=1, max_length=253, description="The host's name, with or without its domain.")]
Comment = Annotated[str, Field(min_length=1, max_length=1000, description="Why; people see it in Defender.")]


class Moment(Arguments):
    """When on which host."""

    host: Host
    around: AwareDatetime = Field(description="The moment of interest.")


class ProcessTree(Output):
    """What ran on the host."""

    summary: str = Field(description="The process nearest to the moment, after those that led to it.")
    processes: list[Process] = Field(description="The processes around the moment, the oldest first.")


class Machine(Arguments):
    """Which host."""

    host: Host


class Seclusion(Holding):
    """Whether the host is off the network."""

    host: str = Field(description="The host as it was asked for.")


class Isolation(Arguments):
    """What to take off the network."""

    host: Host
    kind: Literal["full", "selective"] = Field(description="`selective` leaves Outlook, Teams and Skype connected.")
    comment: Comment


class Release(Arguments):
    """What to let back onto the network."""

    host: Host
    comment: Comment


class Package(Arguments):
    """Of what to collect the evidence."""

    host: Host
    comment: Comment = "Evidence for an incident"


class Begun(Output):
    """What Defender does about it."""

    id: str = Field(description="Id of the machine action.")
    status: str = Field(description="`Pending`, `InProgress` or `Succeeded`.")


class _Machine(BaseModel):
    id: str
    name: str = Field(alias="computerDnsName")
    seen_at: AwareDatetime = Field(alias="lastSeen")


class _MachineAction(BaseModel):
    """See https://learn.microsoft.com/defender-endpoint/api/machineaction."""

    id: str
    status: str
    scope: str | None = None
    comment: str | None = Field(default=None, alias="requestorComment")
    begun_at: AwareDatetime | None = Field(default=None, alias="creationDateTimeUtc")

    @property
    def is_under_way(self) -> bool:
        return self.status in _UNDER_WAY


class _Machines(BaseModel):
    value: list[_Machine]


class _MachineActions(BaseModel):
    value: list[_MachineAction]


class _Answer(BaseModel):
    rows: list[Row] = Field(alias="Results")


@dataclass(frozen=True, slots=True)
class _Api:
    """The API with the connection's token."""

    ctx: Context

    async def find_machine(self, host: str) -> str:
        """Return the id of the machine that has this name."""
        condition = f"startswith(computerDnsName,{_quote(host.lower())})"
        return _pick(host, (await self._get("/machines", condition, _Machines)).value).id

    async def list_actions(self, machine: str, kind: str) -> list[_MachineAction]:
        """Return what Defender was asked to do on a machine."""
        condition = f"machineId eq {_quote(machine)} and type eq '{kind}'"
        return (await self._get("/machineactions", condition, _MachineActions)).value

    async def begin(self, machine: str, verb: str, kind: str, document: dict[str, str]) -> _MachineAction:
        """Ask Defender to do something on a machine, and return that or what is under way already."""
        response = await self.post(path("/machines/{id}/", id=machine) + verb, document)
        if response.status_code == httpx.codes.BAD_REQUEST:
            scope = document.get("IsolationType")
            for other in await self.list_actions(machine, kind):
                if other.is_under_way and scope in {None, other.scope}:
                    return other
        self.ctx.check(response)
        try:
            return _read(response, _MachineAction)
        except PermanentError as error:
            raise UnknownOutcomeError(error.message) from error

    async def post(self, place: str, document: dict[str, str]) -> httpx.Response:
        return await self.ctx.http.post(_API + place, headers=self._headers(), json=document)

    async def _get(self, place: str, condition: str, kind: type[Document]) -> Document:
        response = await self.ctx.http.get(_API + place, headers=self._headers(), params={"$filter": condition})
        return _read(self.ctx.check(response), kind)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.ctx.secret('token').reveal()}"}


class Defender(Connector):
    """Asks about machines and acts on them."""

    @action(title="Read a host's process tree", effect=Effect.READ, repeat=Repeat.SAFE, timeout=_LONGEST_QUERY)
    async def process_tree(self, ctx: Context, arguments: Moment) -> ProcessTree:
        """Return what ran; see https://learn.microsoft.com/defender-endpoint/api/run-advanced-query-api."""
        query = write_query(arguments.host, arguments.around)
        response = await _Api(ctx).post("/advancedqueries/run", {"Query": query})
        processes = list_processes(arguments.host, _read(ctx.check(response), _Answer).rows)
        return ProcessTree(summary=summarize(processes, arguments.around), processes=processes)

    @action(
        title="Take a host off the network",
        effect=Effect.DESTRUCTIVE,
        repeat=Repeat.SAFE,
        undo="release_machine",
        undo_arguments={"host": "with.host", "comment": "with.comment"},
        check="check_isolation",
        check_arguments={"host": "with.host"},
        targets="host",
    )
    async def isolate_machine(self, ctx: Context, arguments: Isolation) -> Begun:
        """Isolate the machine; what is isolated stays so, which makes a second call harmless.

        See https://learn.microsoft.com/defender-endpoint/api/isolate-machine.
        """
        api = _Api(ctx)
        machine = await api.find_machine(arguments.host)
        document = {"Comment": arguments.comment, "IsolationType": arguments.kind.capitalize()}
        return _tell(await api.begin(machine, "isolate", "Isolate", document))

    @action(title="Let a host back onto the network", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="host")
    async def release_machine(self, ctx: Context, arguments: Release) -> Begun:
        """Release the machine; see https://learn.microsoft.com/defender-endpoint/api/unisolate-machine."""
        api = _Api(ctx)
        machine = await api.find_machine(arguments.host)
        return _tell(await api.begin(machine, "unisolate", "Unisolate", {"Comment": arguments.comment}))

    @action(title="Look whether a host is off the network", effect=Effect.READ, repeat=Repeat.SAFE, targets="host")
    async def check_isolation(self, ctx: Context, arguments: Machine) -> Seclusion:
        """Say whether the last that was done about the machine's isolation was to isolate it.

        While either is under way nobody can tell. See
        https://learn.microsoft.com/defender-endpoint/api/get-machineactions-collection.
        """
        api = _Api(ctx)
        machine = await api.find_machine(arguments.host)
        isolations = await api.list_actions(machine, "Isolate")
        releases = await api.list_actions(machine, "Unisolate")
        for one in (*isolations, *releases):
            if one.is_under_way:
                message = f"Defender is still at the machine action {one.id}"
                raise PermanentError(message, action_code=ActionCode.CONFLICT, hint="look again in some minutes")
        isolated, released = _find_last_done(isolations), _find_last_done(releases)
        holds = isolated is not None and (released is None or released < isolated)
        return Seclusion(host=arguments.host, holds=holds)

    @action(title="Collect a host's evidence", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="host")
    async def collect_package(self, ctx: Context, arguments: Package) -> Begun:
        """Collect an investigation package, or return the state of the one that this step began.

        Safe, for it looks before it asks: what bears this step's key is its own, and while any collection is under way
        Defender begins no other. See https://learn.microsoft.com/defender-endpoint/api/collect-investigation-package.
        """
        api, kind, mark = _Api(ctx), "CollectInvestigationPackage", f"[{ctx.idempotency_key}]"
        machine = await api.find_machine(arguments.host)
        others = await api.list_actions(machine, kind)
        own = [one for one in others if mark in (one.comment or "")]
        known = own or [one for one in others if one.is_under_way]
        if known:
            return _tell(known[0])
        document = {"Comment": f"{arguments.comment} {mark}"}
        return _tell(await api.begin(machine, "collectInvestigationPackage", kind, document))


def _pick(host: str, machines: Sequence[_Machine]) -> _Machine:
    """Return the machine that was seen last of those that have this name."""
    name = host.lower()
    found = [one for one in machines if one.name.lower() == name] or [
        one for one in machines if one.name.lower().startswith(f"{name}.")
    ]
    if not found:
        raise PermanentError(f"Defender knows no machine {host}", action_code=ActionCode.NOT_FOUND)
    names = sorted({one.name.lower() for one in found})
    if len(names) > 1:
        raise PermanentError(
            f"{host} may be any of {', '.join(names)}",
            action_code=ActionCode.CONFLICT,
            hint="name the host with its domain",
        )
    return max(found, key=lambda one: one.seen_at)


def _find_last_done(actions: Sequence[_MachineAction]) -> datetime | None:
    """Return when the last one that succeeded was begun."""
    return max((one.begun_at for one in actions if one.status == _DONE and one.begun_at), default=None)


def _tell(begun: _MachineAction) -> Begun:
    if begun.status in _LOST:
        raise PermanentError(f"Defender gave up: the machine action {begun.id} ended as {begun.status}")
    return Begun(id=begun.id, status=begun.status)


def _quote(text: str) -> str:
    """Write a text in OData, where a quote within it is doubled."""
    if not text.isprintable():
        raise ActionInputError("host: holds a character that cannot be printed")
    return "'" + text.replace("'", "''") + "'"


def _read(response: httpx.Response, kind: type[Document]) -> Document:
    try:
        return kind.model_validate(read_json(response))
    except ValidationError as error:
        raise PermanentError("Defender answered something that is not in its documentation") from error
