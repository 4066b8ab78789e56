"""`soar playbook push`, `revisions` and `publish`: playbooks that go to the server instead of into its folder."""

from pathlib import Path
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import Client, connect
from soar.cli.options import Json, Limit, guide
from soar.cli.output import describe_moment, mark, note, show, show_answer, show_list
from soar.model.errors import InputError, NotFoundError

PUSH_HELP = guide(
    "Send a playbook to the server as a draft; it is checked there, and what serves stays as it is.",
    "soar playbook push playbooks/phishing-triage.yaml",
)
REVISIONS_HELP = guide("List the drafts of a playbook, newest first.", "soar playbook revisions phishing-triage")
PUBLISH_HELP = guide(
    "Let a draft serve, the newest if none is named. One that may destroy something is published by somebody else.",
    "soar playbook publish phishing-triage",
    "soar playbook publish phishing-triage --revision sha256:9f86d081884c",
)
_SUFFIX = ".yaml"
_SHORT = len("sha256:") + 12
_FULL = len("sha256:") + 64
_MOST = "200"

PlaybookId = Annotated[str, typer.Argument(metavar="ID", help="The playbook's id.")]


def push(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The document; its name is the playbook's id.")],
    is_json: Json = False,
) -> None:
    """Send a draft."""
    name = file.name.removesuffix(_SUFFIX)
    kept = connect().post("playbooks", name, "revisions", body={"text": _read(file)})
    note(*(f"{mark('warning')} {_tell_finding(finding)}" for finding in kept.parts("findings")))
    revision = kept.text("revision")
    lines = (f"✔ draft {revision}", f"next: soar playbook publish {name} --revision {revision}")
    show_answer(kept, *lines, is_json=is_json)


def list_revisions(playbook: PlaybookId, limit: Limit = 50, is_json: Json = False) -> None:
    """Show what was proposed."""
    page = connect().get("playbooks", playbook, "revisions", query={"limit": str(limit)})
    rows = (
        (
            draft.text("revision")[:_SHORT],
            draft.text("author").removeprefix("user:"),
            describe_moment(draft.moment("created_at")),
            "published" if draft.flag("is_published") else "",
        )
        for draft in page.parts("items")
    )
    if show_list(page, is_json, ("REVISION", "AUTHOR", "PUSHED", "STATE"), rows):
        show(f"{playbook} has no drafts.", f"next: soar playbook push {playbook}{_SUFFIX}")


def publish(
    playbook: PlaybookId,
    revision: Annotated[
        str | None,
        typer.Option("--revision", metavar="DIGEST", help="Which draft, by the beginning; the newest if missing."),
    ] = None,
    is_json: Json = False,
) -> None:
    """Let a draft serve."""
    client = connect()
    wanted = revision if revision and len(revision) == _FULL else _find_draft(client, playbook, revision or "")
    published = client.post("playbooks", playbook, "publish", body={"revision": wanted})
    over = ", in the place of its file until that changes" if published.text("over") else ""
    show_answer(published, f"✔ {playbook} serves as {wanted}{over}", is_json=is_json)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", hint="name a file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text", hint="save it as UTF-8") from error


def _find_draft(client: Client, playbook: str, beginning: str) -> str:
    """Return the digest of the newest draft, or of the only one that begins so."""
    drafts = client.get("playbooks", playbook, "revisions", query={"limit": _MOST}).parts("items")
    if not drafts:
        raise NotFoundError(f"{playbook} has no drafts", hint=f"soar playbook push {playbook}{_SUFFIX}")
    if not beginning:
        newest = drafts[0]
        author = newest.text("author").removeprefix("user:")
        note(f"the newest draft is of {author}, pushed {describe_moment(newest.moment('created_at'))}")
        return newest.text("revision")
    found = {digest for draft in drafts if (digest := draft.text("revision")).startswith(beginning)}
    if len(found) != 1:
        problem = "several drafts begin" if found else "no draft begins"
        raise NotFoundError(f"{problem} with {beginning}", hint=f"soar playbook revisions {playbook} --json")
    return found.pop()


def _tell_finding(finding: Answer) -> str:
    return f"{finding.text('line')}:{finding.text('column')} {finding.text('code')} {finding.text('message')}"
