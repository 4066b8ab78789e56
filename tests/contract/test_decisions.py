from datetime import timedelta
from ipaddress import ip_address

import pytest

from soar.model.approval import ApprovalStatus, EscalationLevel, Reply, VoteChoice
from soar.model.catalog import Effect
from soar.model.errors import ConflictError, NotFoundError
from soar.model.response import ResponseStatus
from soar.model.step import Assurance, Question
from soar.store import Unit
from tests.contract.works import Works
from tests.support.builders import build_approval, build_card, build_case, build_response, build_vote
from tests.support.clock import START

HOUR = timedelta(hours=1)


async def test_an_approval_comes_back_as_it_was(write: Works, read: Works) -> None:
    card = build_card(
        effect=Effect.DESTRUCTIVE,
        targets=("web-1", "web-2"),
        evidence=(("verdict", "<script>"), ("score", "97")),
        arguments={"host": "web-1", "count": 2**70, "half": "\ud800", "secret": None},
    )
    approval = build_approval(
        card=card,
        exclude_users={"u_1": "started the run"},
        by=("role:soc-lead", "user:u_2"),
        assurance=Assurance.CONFIRMED,
        escalations=(
            EscalationLevel(START, "role:admin", via=("page:secops", "chat:#soc")),
            EscalationLevel(START + HOUR, "user:u_3", is_reached=True),
        ),
        remind_at=(START, START + HOUR),
        votes=(build_vote(), build_vote(user="u_2", choice=VoteChoice.DENY, comment="no")),
        decided_at=START,
        reason="denied by ada",
        has_veto=False,
    )
    await write(lambda unit: unit.approvals.add(approval))
    found = await read(lambda unit: unit.approvals.get(approval.id))
    assert found == approval
    assert found.votes[0].choice is VoteChoice.APPROVE
    assert found.card.effect is Effect.DESTRUCTIVE
    assert await read(lambda unit: unit.approvals.get("ap_none")) is None


async def test_a_question_comes_back_with_its_form_and_its_typed_answers(write: Works, read: Works) -> None:
    fields = {
        "seen": Question(type="timestamp", label="When?\ud800", has_default=True, default=None),
        "verdict": Question(type="string", label="Verdict", enum=("bad", "good")),
    }
    answers = {"seen": START, "ip": ip_address("2001:db8::1"), "for": HOUR, "$soar": "forged", "sure": 0.5}
    reply = Reply(user="u_1", name="ada", roles=("analyst",), via="web", at=START, answers=answers)
    asked = build_approval(fields=fields)
    await write(lambda unit: unit.approvals.add(asked))
    assert await read(lambda unit: unit.approvals.get(asked.id)) == asked
    answered = build_approval(fields=fields, reply=reply, status=ApprovalStatus.ANSWERED, version=2)
    await write(lambda unit: unit.approvals.update(answered, expected=1))
    assert await read(lambda unit: unit.approvals.get(asked.id)) == answered


async def test_an_approval_is_not_added_twice(write: Works) -> None:
    await write(lambda unit: unit.approvals.add(build_approval()))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.approvals.add(build_approval()))


async def test_an_approval_is_replaced_at_the_expected_version_alone(write: Works, read: Works) -> None:
    await write(lambda unit: unit.approvals.add(build_approval()))
    voted = build_approval(version=2, votes=(build_vote(),))
    await write(lambda unit: unit.approvals.update(voted, expected=1))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.approvals.update(build_approval(version=2), expected=1))
    assert await read(lambda unit: unit.approvals.get(voted.id)) == voted


async def test_a_code_finds_the_open_approval_before_newer_ones(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        unit.approvals.add(build_approval(id="ap_1", status=ApprovalStatus.DENIED))
        unit.approvals.add(build_approval(id="ap_2", status=ApprovalStatus.PENDING))
        unit.approvals.add(build_approval(id="ap_3", status=ApprovalStatus.EXPIRED))

    await write(add)
    assert (await read(lambda unit: unit.approvals.find_code("AB12"))).id == "ap_2"
    assert await read(lambda unit: unit.approvals.is_code_open("AB12"))


async def test_a_code_without_an_open_approval_finds_the_newest(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        unit.approvals.add(build_approval(id="ap_1", status=ApprovalStatus.APPROVED))
        unit.approvals.add(build_approval(id="ap_2", status=ApprovalStatus.DENIED))

    await write(add)
    assert (await read(lambda unit: unit.approvals.find_code("AB12"))).id == "ap_2"
    assert not await read(lambda unit: unit.approvals.is_code_open("AB12"))


async def test_an_unknown_code_finds_nothing(read: Works) -> None:
    assert await read(lambda unit: unit.approvals.find_code("ZZ99")) is None
    assert not await read(lambda unit: unit.approvals.is_code_open("ZZ99"))


async def test_approvals_are_listed_by_status_and_run(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        unit.approvals.add(build_approval(id="ap_1", run="run_1"))
        unit.approvals.add(build_approval(id="ap_2", run="run_2"))
        unit.approvals.add(build_approval(id="ap_3", run="run_2", status=ApprovalStatus.DENIED))

    await write(add)
    pending = await read(lambda unit: unit.approvals.list(10, status=ApprovalStatus.PENDING))
    of_run = await read(lambda unit: unit.approvals.list(1, None, run="run_2"))
    rest = await read(lambda unit: unit.approvals.list(1, of_run.next, run="run_2"))
    assert [approval.id for approval in pending.items] == ["ap_2", "ap_1"]
    assert [approval.id for approval in (*of_run.items, *rest.items)] == ["ap_3", "ap_2"]


async def test_an_active_response_comes_back_as_it_was(write: Works, read: Works) -> None:
    response = build_response(
        targets=("web-1", "web-2"), undo_arguments={"hosts": ["web-1"]}, fault="no answer", lifted_at=START
    )
    await write(lambda unit: unit.responses.add(response))
    assert await read(lambda unit: unit.responses.get(response.id)) == response
    assert await read(lambda unit: unit.responses.get("ar_none")) is None


async def test_an_active_response_is_replaced_and_found_by_the_run_that_lifts_it(write: Works, read: Works) -> None:
    await write(lambda unit: unit.responses.add(build_response()))
    assert await read(lambda unit: unit.responses.of_lift_run("run_lift")) is None
    lifting = build_response(status=ResponseStatus.LIFTING, lift_run="run_lift", expires_at=None)
    await write(lambda unit: unit.responses.update(lifting))
    assert await read(lambda unit: unit.responses.of_lift_run("run_lift")) == lifting


async def test_only_an_active_response_that_is_there_is_updated_or_missing(write: Works) -> None:
    with pytest.raises(NotFoundError):
        await write(lambda unit: unit.responses.update(build_response()))
    await write(lambda unit: unit.responses.add(build_response()))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.responses.add(build_response()))


async def test_active_responses_are_listed_by_status_and_run(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        unit.responses.add(build_response(id="ar_1"))
        unit.responses.add(build_response(id="ar_2", run="run_2"))
        unit.responses.add(build_response(id="ar_3", run="run_2", status=ResponseStatus.LIFTED))

    await write(add)

    async def ids(**filters: object) -> list[str]:
        return [found.id for found in (await read(lambda unit: unit.responses.list(10, **filters))).items]

    assert await ids() == ["ar_3", "ar_2", "ar_1"]
    assert await ids(status=ResponseStatus.ACTIVE) == ["ar_2", "ar_1"]
    assert await ids(run="run_2") == ["ar_3", "ar_2"]


async def test_the_open_case_with_a_key_is_found(write: Works, read: Works) -> None:
    closed = build_case(id="c_1", closed_at=START)
    first, second = build_case(id="c_2"), build_case(id="c_3")
    await write(lambda unit: unit.cases.add(closed))
    assert await read(lambda unit: unit.cases.find_open(closed.key)) is None
    await write(lambda unit: (unit.cases.add(first), unit.cases.add(second)))
    assert await read(lambda unit: unit.cases.find_open(closed.key)) == second
    assert await read(lambda unit: unit.cases.find_open("other")) is None
    assert await read(lambda unit: unit.cases.get("c_1")) == closed


async def test_cases_are_listed_newest_first_and_not_added_twice(write: Works, read: Works) -> None:
    await write(lambda unit: [unit.cases.add(build_case(id=f"c_{number}")) for number in range(3)])
    first = await read(lambda unit: unit.cases.list(2))
    rest = await read(lambda unit: unit.cases.list(2, first.next))
    assert [case.id for case in (*first.items, *rest.items)] == ["c_2", "c_1", "c_0"]
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.cases.add(build_case(id="c_0")))
