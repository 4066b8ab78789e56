"""One builder a noun: a valid specimen, of which a test names only what it is about."""

from dataclasses import replace
from datetime import timedelta

from soar.model.alert import Alert, Delivery, Match, Relation, Severity
from soar.model.approval import Approval, ApprovalStatus, Card, Vote, VoteChoice
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.burst import Burst, Sample
from soar.model.case import Case
from soar.model.catalog import ActionSpec, Catalog, Connection, ConnectorSpec, Effect, Repeat
from soar.model.dead_letter import DeadLetter, LetterKind
from soar.model.deed import Deed
from soar.model.factor import CodePurpose, Factor, FactorKind, OneTimeCode
from soar.model.freeze import Freeze, FreezeKind
from soar.model.identity import Principal, PrincipalKind, Role, Session, Token, User
from soar.model.lists import ListEntry, ValueList
from soar.model.message import Message
from soar.model.opening import Opening
from soar.model.playbook import ManualTrigger, Playbook, Publication, Revision
from soar.model.process import ActionCall
from soar.model.response import Response, ResponseStatus
from soar.model.run import InboxEvent, JournalEntry, Mode, Run, RunStatus, Timer
from soar.model.secret import CredentialVersion, EncryptionKey, KeyStatus, WorkspaceKey
from soar.model.step import Assurance, SetValues, Step
from soar.model.suppression import Suppression
from tests.support.clock import START

NO_DIGEST = "sha256:" + 64 * "0"
"""A digest that no document has: specimens are not bound to real text."""


def build_alert(**changes: object) -> Alert:
    """A suspicious login as a source reports it."""
    specimen = Alert(
        id="al_000000000001",
        source="siem",
        delivery="dl_000000000001",
        received_at=START,
        kind="login.suspicious",
        title="Login from an unusual country",
        severity=Severity.MEDIUM,
        time=START - timedelta(minutes=1),
        url="https://siem.test/alerts/1",
        entities={"ips": ("198.51.100.7",), "users": ("ada",)},
        labels={"team": "identity"},
        fingerprint="login/ada",
        raw={"id": 1, "ip": "198.51.100.7"},
    )
    return replace(specimen, **changes)


def build_delivery(**changes: object) -> Delivery:
    """The request that brought an alert."""
    specimen = Delivery(
        id="dl_000000000001",
        source="siem",
        key="delivery-1",
        received_at=START,
        remote="203.0.113.5",
        headers={"content-type": "application/json"},
        body=b'{"id":1}',
        answer={"alert": "al_000000000001"},
    )
    return replace(specimen, **changes)


def build_match(**changes: object) -> Match:
    """An alert that started a run."""
    specimen = Match(
        alert="al_000000000001",
        playbook="triage",
        relation=Relation.STARTED,
        run="run_000000000001",
        reason=None,
        at=START,
    )
    return replace(specimen, **changes)


def build_step(**changes: object) -> Step:
    """A step that names a value."""
    return replace(Step(path="steps/0", body=SetValues(values={"answer": 42})), **changes)


def build_playbook(**changes: object) -> Playbook:
    """A playbook that is started by hand and has one step."""
    specimen = Playbook(
        id="triage", name="Triage", revision=NO_DIGEST, triggers=(ManualTrigger(),), steps=(build_step(),)
    )
    return replace(specimen, **changes)


def build_revision(**changes: object) -> Revision:
    """The text of a playbook."""
    specimen = Revision(
        playbook="triage", digest=NO_DIGEST, text="name: Triage\n", created_at=START, author="u_000000000001"
    )
    return replace(specimen, **changes)


def build_publication(**changes: object) -> Publication:
    """A playbook that was published where there was no file."""
    specimen = Publication(
        playbook="triage", digest=NO_DIGEST, over="", published_at=START, published_by="u_000000000001"
    )
    return replace(specimen, **changes)


def build_run(**changes: object) -> Run:
    """A run that is under way."""
    specimen = Run(
        id="run_000000000001",
        playbook="triage",
        revision=NO_DIGEST,
        mode=Mode.LIVE,
        status=RunStatus.RUNNING,
        alert="al_000000000001",
        case=None,
        initiator="source:siem",
        inputs={"ip": "198.51.100.7"},
        created_at=START,
        started_at=START,
    )
    return replace(specimen, **changes)


def build_journal_entry(**changes: object) -> JournalEntry:
    """The first entry of a run."""
    specimen = JournalEntry(sequence=1, at=START, event={"kind": "run_started"}, changes={"status": "running"})
    return replace(specimen, **changes)


def build_inbox_event(**changes: object) -> InboxEvent:
    """Something that a run has not heard of yet."""
    return replace(InboxEvent(id=1, run="run_000000000001", event={"kind": "timer_fired"}), **changes)


def build_timer(**changes: object) -> Timer:
    """A timer that is due in a minute."""
    specimen = Timer(
        id="tm_000000000001",
        run="run_000000000001",
        due_at=START + timedelta(minutes=1),
        event={"kind": "timer_fired"},
    )
    return replace(specimen, **changes)


def build_card(**changes: object) -> Card:
    """What people are shown before a host is cut off."""
    specimen = Card(
        question="Isolate web-1?",
        action="edr.isolate",
        connection="edr",
        effect=Effect.DESTRUCTIVE,
        is_reversible=True,
        targets=("web-1",),
        target_count=1,
        reason="Beaconing to a known command server",
        impact="web-1 is unreachable for its users",
        undo="edr.release with host web-1",
        evidence=(("Process", "powershell.exe"),),
        arguments=[{"host": "web-1"}],
    )
    return replace(specimen, **changes)


def build_approval(**changes: object) -> Approval:
    """A question that is open."""
    specimen = Approval(
        id="ap_000000000001",
        code="AB12",
        run="run_000000000001",
        step="steps/0",
        playbook="triage",
        revision=NO_DIGEST,
        digest=NO_DIGEST,
        status=ApprovalStatus.PENDING,
        card=build_card(),
        by=("role:analyst",),
        exclude_users={},
        quorum=1,
        has_veto=True,
        assurance=Assurance.LINKED,
        confirm="",
        comment="optional",
        channel="#soc",
        asked_at=START,
        expires_at=START + timedelta(minutes=30),
    )
    return replace(specimen, **changes)


def build_vote(**changes: object) -> Vote:
    """An analyst's yes in the browser."""
    specimen = Vote(
        user="u_000000000001",
        name="ada",
        roles=(Role.ANALYST,),
        choice=VoteChoice.APPROVE,
        assurance=Assurance.LINKED,
        via="web",
        at=START,
    )
    return replace(specimen, **changes)


def build_response(**changes: object) -> Response:
    """A host that is cut off for an hour."""
    specimen = Response(
        id="ar_000000000001",
        run="run_000000000001",
        step="steps/0",
        action="edr.isolate",
        connection="edr",
        targets=("web-1",),
        undo_action="edr.release",
        undo_arguments={"host": "web-1"},
        status=ResponseStatus.ACTIVE,
        created_at=START,
        expires_at=START + timedelta(hours=1),
    )
    return replace(specimen, **changes)


def build_case(**changes: object) -> Case:
    """An open case."""
    specimen = Case(
        id="c_000000000001", key="login/ada", title="Logins of ada", severity=Severity.MEDIUM, opened_at=START
    )
    return replace(specimen, **changes)


def build_user(**changes: object) -> User:
    """An analyst without a local password."""
    specimen = User(
        id="u_000000000001",
        name="ada",
        email="ada@example.test",
        roles=frozenset({Role.ANALYST}),
        password_hash=None,
        created_at=START,
    )
    return replace(specimen, **changes)


def build_session(**changes: object) -> Session:
    """A login of eight hours."""
    specimen = Session(
        key=64 * "a",
        user="u_000000000001",
        csrf="csrf-1",
        created_at=START,
        authenticated_at=START,
        idle_at=START + timedelta(minutes=30),
        expires_at=START + timedelta(hours=8),
    )
    return replace(specimen, **changes)


def build_token(**changes: object) -> Token:
    """A token that may read runs for a month."""
    specimen = Token(
        id="tok1",
        key=64 * "b",
        user="u_000000000001",
        name="dashboard",
        scopes=frozenset({"run:read"}),
        created_at=START,
        expires_at=START + timedelta(days=30),
    )
    return replace(specimen, **changes)


def build_factor(**changes: object) -> Factor:
    """An authenticator program that counts; its bytes open to nothing."""
    specimen = Factor(
        id="fa_000000000001",
        user="u_000000000001",
        kind=FactorKind.TOTP,
        name="phone",
        material=bytes(120),
        handle="",
        counter=1,
        created_at=START,
        confirmed_at=START,
    )
    return replace(specimen, **changes)


def build_code(**changes: object) -> OneTimeCode:
    """An invitation of three days."""
    specimen = OneTimeCode(
        key=64 * "c",
        user="u_000000000001",
        purpose=CodePurpose.INVITATION,
        created_at=START,
        expires_at=START + timedelta(days=3),
    )
    return replace(specimen, **changes)


def build_opening(**changes: object) -> Opening:
    """An hour of emergency access that is open."""
    specimen = Opening(
        id="bg_000000000001",
        user="u_000000000009",
        reason="nobody can log in",
        opened_by="root",
        opened_at=START,
        expires_at=START + timedelta(hours=1),
    )
    return replace(specimen, **changes)


def build_freeze(**changes: object) -> Freeze:
    """A freeze of everything that nobody has asked to lift."""
    specimen = Freeze(
        id="everything",
        kind=FreezeKind.EVERYTHING,
        name="",
        reason="the playbooks run wild",
        frozen_at=START,
        frozen_by="u_000000000001",
    )
    return replace(specimen, **changes)


def build_deed(**changes: object) -> Deed:
    """A host taken off the network, which nobody was asked about."""
    specimen = Deed(
        run="run_000000000001",
        step="steps/0",
        action="defender.isolate_machine",
        connection="corp-defender",
        effect=Effect.DESTRUCTIVE,
        targets=("srv-files-01",),
        size=1,
        was_asked=False,
        at=START,
    )
    return replace(specimen, **changes)


def build_principal(**changes: object) -> Principal:
    """The analyst, logged in just now."""
    specimen = Principal(
        kind=PrincipalKind.USER,
        id="u_000000000001",
        name="ada",
        workspace="default",
        roles=frozenset({Role.ANALYST}),
        authenticated_at=START,
        via="web",
    )
    return replace(specimen, **changes)


def build_action_spec(**changes: object) -> ActionSpec:
    """An action that cuts off a host and knows its way back."""
    specimen = ActionSpec(
        connector="edr",
        name="isolate",
        title="Isolate a host",
        effect=Effect.DESTRUCTIVE,
        repeat=Repeat.CHECKABLE,
        parameters={"type": "object", "properties": {"host": {"type": "string"}}, "required": ["host"]},
        result={"type": "object", "properties": {"isolated": {"type": "boolean"}}},
        undo="release",
        undo_arguments={"host": "with.host"},
        targets="host",
    )
    return replace(specimen, **changes)


def build_connector_spec(*actions: ActionSpec, **changes: object) -> ConnectorSpec:
    """A connector with these actions, or with the one of `build_action_spec`."""
    found = actions or (build_action_spec(),)
    specimen = ConnectorSpec(
        id=found[0].connector,
        title="Endpoint protection",
        version="1.0.0",
        digest=NO_DIGEST,
        docs="https://edr.test/docs",
        hosts=("api.edr.test",),
        secrets=("token",),
        settings={"type": "object"},
        actions={action.name: action for action in found},
        has_simulator=True,
        is_channel=False,
    )
    return replace(specimen, **changes)


def build_catalog(*connectors: ConnectorSpec) -> Catalog:
    """A catalog of these connectors, or of the one of `build_connector_spec`."""
    return Catalog({connector.id: connector for connector in connectors or (build_connector_spec(),)})


def build_connection(**changes: object) -> Connection:
    """A simulated connection."""
    specimen = Connection(id="edr", connector="edr", simulate=True, credentials={"token": "edr-token"})
    return replace(specimen, **changes)


def build_actor(**changes: object) -> Actor:
    """The analyst, as the record names her."""
    return replace(Actor(kind="user", id="u_000000000001", name="ada", via="web"), **changes)


def build_audit_event(**changes: object) -> AuditEvent:
    """A vote on the record."""
    specimen = AuditEvent(
        type="approval.voted",
        outcome=Outcome.SUCCESS,
        actor=build_actor(),
        target={"kind": "approval", "id": "ap_000000000001"},
        after={"choice": "approve"},
    )
    return replace(specimen, **changes)


def build_action_call(**changes: object) -> ActionCall:
    """The first attempt to cut off a host."""
    specimen = ActionCall(
        workspace="default",
        run="run_000000000001",
        step="steps/0",
        action="edr.isolate",
        connection="edr",
        arguments={"host": "web-1"},
        secrets=(),
        effect_key="00000000-0000-5000-8000-000000000001",
        attempt=1,
        timeout=30.0,
    )
    return replace(specimen, **changes)


def build_encryption_key(**changes: object) -> EncryptionKey:
    specimen = EncryptionKey(
        id="kek-1", status=KeyStatus.WRAPPING, created_at=START, created_by="u_000000000001", changed_at=START
    )
    return replace(specimen, **changes)


def build_workspace_key(**changes: object) -> WorkspaceKey:
    """A wrapped key; its bytes unwrap to nothing."""
    return replace(WorkspaceKey(id="wk_000000000001", kek="kek-1", wrapped=bytes(60), created_at=START), **changes)


def build_credential_version(**changes: object) -> CredentialVersion:
    """The first version of a credential; its bytes decrypt to nothing."""
    specimen = CredentialVersion(
        id="cred_000000000001",
        name="edr-token",
        version=1,
        blob=bytes(120),
        hosts=(),
        created_at=START,
        created_by="u_000000000001",
    )
    return replace(specimen, **changes)


def build_message(**changes: object) -> Message:
    """A word of the service in the built-in chat."""
    specimen = Message(
        id="msg_000000000001", channel="#soc", key="message-1", at=START, author="soar", text="Run finished"
    )
    return replace(specimen, **changes)


def build_list(**changes: object) -> ValueList:
    """A list without entries."""
    return replace(ValueList(name="vip", created_at=START, created_by="user:ada@example.test"), **changes)


def build_list_entry(**changes: object) -> ListEntry:
    """A network on that list, for a day."""
    specimen = ListEntry(
        id="le_000000000001",
        list="vip",
        value="192.0.2.0/24",
        note="Their offices",
        added_by="user:ada@example.test",
        added_at=START,
        expires_at=START + timedelta(days=1),
    )
    return replace(specimen, **changes)


def build_burst(**changes: object) -> Burst:
    """That alert, once repeated."""
    specimen = Burst(
        alert="al_000000000001",
        source="siem",
        fingerprint="login/ada",
        suppressed_by="",
        severity=Severity.MEDIUM,
        count=2,
        first_at=START,
        last_at=START + timedelta(minutes=1),
    )
    return replace(specimen, **changes)


def build_sample(**changes: object) -> Sample:
    """The repeat."""
    specimen = Sample(
        alert="al_000000000001", delivery="dl_000000000002", at=START + timedelta(minutes=1), raw={"user": "ada"}
    )
    return replace(specimen, **changes)


def build_suppression(**changes: object) -> Suppression:
    """A rule for a day."""
    specimen = Suppression(
        id="sup_000000000001",
        match='alert.kind == "scan"',
        reason="the yearly test",
        created_by="user:ada@example.test",
        created_at=START,
        expires_at=START + timedelta(days=1),
    )
    return replace(specimen, **changes)


def build_dead_letter(**changes: object) -> DeadLetter:
    """A run that could not be driven."""
    specimen = DeadLetter(
        id="dead_000000000001",
        kind=LetterKind.RUN,
        subject="run_000000000001",
        reason="internal: KeyError",
        first_at=START,
        at=START,
        tries=1,
        payload={"n": [1, None]},
    )
    return replace(specimen, **changes)
