"""What scopes see of the things of the model: each as a `Thing`, with the attributes it has."""

from collections.abc import Mapping

from soar.access.things import Kind, Thing
from soar.model.alert import Alert
from soar.model.approval import Approval
from soar.model.case import Case
from soar.model.grant import Attribute
from soar.model.response import Response
from soar.model.run import Run

_SOURCE = "source:"


def describe_alert(workspace: str, alert: Alert, team: str | None) -> Thing:
    """Return an alert; `team` is that of its source."""
    return _make(Kind.ALERT, alert.id, workspace, {Attribute.SOURCE: alert.source, Attribute.TEAM: team})


def describe_run(workspace: str, run: Run, team: str | None, *, kind: Kind = Kind.RUN, id_: str = "") -> Thing:
    """Return a run, or by `kind` and `id_` something that has all attributes of one; `team` is its playbook's."""
    return _make(kind, id_ or run.id, workspace, _list_attributes(run, team))


def describe_approval(workspace: str, approval: Approval, run: Run | None, team: str | None) -> Thing:
    """Return a question about a call of a run, or about nothing but the run."""
    card = approval.card
    own = {Attribute.PLAYBOOK: approval.playbook, Attribute.TEAM: team}
    around = own if run is None else _list_attributes(run, team)
    return _make(Kind.APPROVAL, approval.id, workspace, {**around, **_list_call(card.action, card.connection)})


def describe_response(workspace: str, response: Response, run: Run | None, team: str | None) -> Thing:
    """Return a change that a run has made."""
    around = {} if run is None else _list_attributes(run, team)
    return _make(Kind.RESPONSE, response.id, workspace, {**around, **_list_call(response.action, response.connection)})


def describe_call(workspace: str, run: Run, team: str | None, action: str, connection: str) -> Thing:
    """Return the call of an action that a run is about to make."""
    return _make(Kind.ACTION, action, workspace, {**_list_attributes(run, team), **_list_call(action, connection)})


def describe_use(workspace: str, playbook: str, team: str | None, action: str, connection: str) -> Thing:
    """Return the call of an action that a playbook has its runs make."""
    own = {Attribute.PLAYBOOK: playbook, Attribute.TEAM: team}
    return _make(Kind.ACTION, action, workspace, {**own, **_list_call(action, connection)})


def describe_case(workspace: str, case: Case) -> Thing:
    """Return a case."""
    return _make(Kind.CASE, case.id, workspace, {Attribute.CASE: case.id, Attribute.TEAM: case.team})


def describe_playbook(workspace: str, playbook: str, team: str | None) -> Thing:
    """Return a playbook."""
    return _make(Kind.PLAYBOOK, playbook, workspace, {Attribute.PLAYBOOK: playbook, Attribute.TEAM: team})


def describe_source(workspace: str, source: str, team: str | None) -> Thing:
    """Return a source, or an alert that is about to come from it."""
    return _make(Kind.SOURCE, source, workspace, {Attribute.SOURCE: source, Attribute.TEAM: team})


def describe_connection(workspace: str, connection: str, connector: str) -> Thing:
    """Return a connection."""
    attributes = {Attribute.CONNECTION: connection, Attribute.CONNECTOR: connector}
    return _make(Kind.CONNECTION, connection, workspace, attributes)


def describe_connector(workspace: str, connector: str) -> Thing:
    """Return a connector."""
    return _make(Kind.CONNECTOR, connector, workspace, {Attribute.CONNECTOR: connector})


def describe_credential(workspace: str, credential: str) -> Thing:
    """Return a credential."""
    return _make(Kind.CREDENTIAL, credential, workspace, {Attribute.CREDENTIAL: credential})


def describe_list(workspace: str, name: str) -> Thing:
    """Return a list."""
    return _make(Kind.LIST, name, workspace, {Attribute.LIST: name})


def describe_channel(workspace: str, channel: str) -> Thing:
    """Return a channel of the built-in chat."""
    return _make(Kind.MESSAGE, channel, workspace, {Attribute.CHANNEL: channel})


def _list_attributes(run: Run, team: str | None) -> Mapping[Attribute, str | None]:
    return {
        Attribute.PLAYBOOK: run.playbook,
        Attribute.TEAM: team,
        Attribute.CASE: run.case,
        Attribute.SOURCE: run.initiator.removeprefix(_SOURCE) if run.initiator.startswith(_SOURCE) else None,
    }


def _list_call(action: str, connection: str) -> Mapping[Attribute, str | None]:
    return {
        Attribute.ACTION: action or None,
        Attribute.CONNECTOR: action.partition(".")[0] or None,
        Attribute.CONNECTION: connection or None,
    }


def _make(kind: Kind, id_: str, workspace: str, attributes: Mapping[Attribute, str | None]) -> Thing:
    found = {attribute: name for attribute, name in attributes.items() if name is not None}
    return Thing(kind=kind, id=id_, workspace=workspace, attributes=found)
