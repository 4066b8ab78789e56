"""A run as people read it: the tree of its steps, what went wrong, what is held, and the next step."""

from collections.abc import Iterator, Mapping

from soar.cli.answer import Answer
from soar.cli.output import Line, count, cut, describe_length, describe_moment, mark, style_of

_WIDEST_LABEL = 30
_QUIET = {"succeeded"}  # the sign says it all; every other status stands there as a word, too
_HELD = {"active", "overdue"}
_RETRIABLE = {"failed", "denied", "cancelled", "timed_out"}


def tell_run(run: Answer) -> list[Line]:
    """Return the lines that show a run."""
    responses = _index_responses(run)
    approvals = {approval.text("id"): approval for approval in run.parts("approvals")}
    steps = run.parts("steps")
    width = min(_WIDEST_LABEL, max((len(_label(step)) + 2 * step.number("depth") for step in steps), default=0))
    lines = [_tell_heading(run)]
    for step in steps:
        lines += _tell_step(step, width, approvals, responses)
    return [*lines, *_tell_end(run)]


def _tell_heading(run: Answer) -> Line:
    status = run.text("status")
    parts = [
        f"{run.text('id')}  {run.text('playbook_name') or run.text('playbook')}",
        f"{mark(status)} {status}{_tell_length(run)}",
        run.text("alert"),
        f"by {run.part('initiator').text('name')}" if run.part("initiator").text("name") else "",
        f"revision {run.text('revision').removeprefix('sha256:')[:7]}",
        run.text("mode"),
        f"tries {run.text('retry_of')} again" if run.text("retry_of") else "",
    ]
    return Line(" · ".join(filter(None, parts)), style_of(status))


def _tell_length(answer: Answer) -> str:
    begun, ended = answer.moment("started_at"), answer.moment("finished_at")
    return f" after {describe_length(ended - begun)}" if begun and ended else ""


def _tell_step(
    step: Answer, width: int, approvals: Mapping[str, Answer], responses: Mapping[str, list[Answer]]
) -> Iterator[Line]:
    status = step.text("status")
    indent = "  " * (1 + step.number("depth"))
    label = cut(_label(step), _WIDEST_LABEL).ljust(max(0, width - 2 * step.number("depth")))
    begun, ended = step.moment("started_at"), step.moment("finished_at")
    words = [
        "" if status in _QUIET else status.replace("_", " "),
        step.text("reason"),
        _tell_gate(step, approvals.get(step.text("approval"))),
        _tell_items(step),
        describe_length(ended - begun) if begun and ended and status != "skipped" else "",
    ]
    told = " · ".join(filter(None, words))
    columns = "  ".join(filter(None, (label, step.text("action"), told)))
    yield Line(f"{indent}{mark(status)} {columns}".rstrip(), style_of(status))
    for fault in _list_faults(step):
        yield Line(f"{indent}    {fault}", "red")
    for doubt in _list_doubts(step):
        yield Line(f"{indent}    {doubt}", "yellow")
    for response in responses.get(step.text("path"), []):
        yield Line(f"{indent}    {_tell_response(response)}")


def _tell_response(response: Answer) -> str:
    """Say what a step holds and how to let go of it, or who had it taken back."""
    told = f"{response.text('status')} response on {cut(', '.join(response.texts('targets')))}"
    by = _describe_lifter(response)
    if response.text("status") not in _HELD:
        return f"{told} · taken back by {by}" if by else told
    until = response.moment("expires_at")
    ends = f", ends {describe_moment(until)}" if until else ""
    tried = f" · {by} tried to take it back: {response.text('fault')}" if by else ""
    return f"{told}{ends}{tried} · lift: soar response lift {response.text('id')}"


def _describe_lifter(response: Answer) -> str:
    """Return who or what asked for a response to be taken back; empty if nobody has."""
    by = response.part("lifted_by")
    match by.text("kind"):
        case "response":
            return "its expiry"
        case "rollback":
            return "the rollback of its run"
        case "run":
            return "a step of its run"
        case _:
            return by.text("name")


def _label(step: Answer) -> str:
    return step.text("id") or step.text("label") or step.text("path")


def _tell_gate(step: Answer, approval: Answer | None) -> str:
    if approval is None:
        return step.text("outcome")
    code, voters = approval.text("code"), [vote.text("name") for vote in approval.parts("votes")]
    if approval.text("status") == "pending":
        is_question = bool(approval.parts("fields"))
        waits = "for facts" if is_question else f"{approval.number('yes')} of {approval.number('quorum')} yes"
        ends = describe_moment(approval.moment("expires_at"))
        return f"{code} asks {', '.join(approval.texts('by'))}: {waits}, ends {ends}"
    if approval.part("reply").raw:
        voters = [approval.part("reply").text("name")]
    return f"{code} {approval.text('status')}{' by ' + ', '.join(voters) if voters else ''}"


def _tell_items(step: Answer) -> str:
    items = step.parts("items")
    if not items:
        return ""
    done = sum(item.text("status") == "succeeded" for item in items)
    return f"{done} of {count(len(items), 'item')}"


def _list_faults(step: Answer) -> Iterator[str]:
    faults = [("", step.part("fault"))]
    faults += [(f"item {item.number('index')}: ", item.part("fault")) for item in step.parts("items")]
    for where, fault in faults:
        if fault.raw:
            tries = fault.number("attempts")
            yield f"{where}{fault.text('code')}: {fault.text('message')}{f' ({tries} attempts)' if tries > 1 else ''}"


def _list_doubts(step: Answer) -> Iterator[str]:
    """Say what nobody knows."""
    for one in _list_doubtful(step):
        where = f"item {one.number('index')}: " if one.text("path") != step.text("path") else ""
        yield f"{where}did it happen? {one.part('doubt').text('message')}"


def _list_doubtful(step: Answer) -> list[Answer]:
    """Return the step, or its elements, of which nobody knows whether their call happened."""
    return [one for one in (step, *step.parts("items")) if one.part("doubt").raw]


def _index_responses(run: Answer) -> dict[str, list[Answer]]:
    indexed: dict[str, list[Answer]] = {}
    for response in run.parts("responses"):
        indexed.setdefault(response.text("step").partition("#")[0], []).append(response)
    return indexed


def _tell_end(run: Answer) -> Iterator[Line]:
    """Say what follows from where the run stands."""
    held = [response for response in run.parts("responses") if response.text("status") in _HELD]
    if run.text("reason"):
        yield Line(f"why: {run.text('reason')}")
    for approval in run.parts("approvals"):
        if approval.text("status") == "pending":
            yield Line(f"next: soar approval show {approval.text('code')}")
    for one in (one for step in run.parts("steps") for one in _list_doubtful(step)):
        yield Line(f"next: soar run settle {run.text('id')} {one.text('path')} --happened or --did-not")
    done = f"{count(len(held), 'change')} still in force" if held else "it holds nothing down"
    rolled = [one for one in run.parts("responses") if one.part("lifted_by").text("kind") == "rollback"]
    if rolled:
        back = sum(one.text("status") == "lifted" for one in rolled)
        yield Line(f"It was rolled back: {back} of {count(len(rolled), 'change')} taken back; {done}.")
    elif run.text("status") in {"failed", "timed_out"}:
        yield Line(f"What was done stays done: {done}; nothing was taken back by itself.")
    if held:
        yield Line(f"take back: soar run undo {run.text('id')}")
    if run.texts("retried_by"):
        yield Line(f"tried again by: {', '.join(run.texts('retried_by'))}")
    elif run.text("status") in _RETRIABLE:
        yield Line(f"try again: soar run retry {run.text('id')}")
