"""What two people approve beforehand, over the API."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from soar.model.step import Assurance
from soar.model.values import print_timestamp
from soar.store import Unit
from tests.api.test_policy import make_lead
from tests.support.service import Face


def wanted(face: Face, **changes: object) -> dict[str, Any]:
    until = print_timestamp(face.clock.now() + timedelta(days=1))
    body = {"action": "exchange.purge_messages", "playbook": "purge", "targets": "lab-*", "reason": "a drill"}
    return {**body, "until": until, **changes}


async def test_one_proposes_another_signs_and_whoever_may_freeze_revokes(face: Face) -> None:
    carol, lena, vera = await face.person("carol"), await make_lead(face, "lena"), await face.person("vera")
    made = await carol.post("/standing-approvals", wanted(face))
    assert (made.status, made.json["is_good"], made.json["proposed_by"]) == (201, False, "carol")
    path = f"/standing-approvals/{made.json['id']}"
    again = await carol.post(f"{path}/signature", {})
    assert (again.status, again.code) == (403, "second_person")
    signed = await lena.post(f"{path}/signature", {})
    assert (signed.json["is_good"], signed.json["signed_by"]) == (True, "lena")

    await face.report_mail(messages=["lab-1", "lab-2"])
    (decided,) = (await vera.get("/approvals")).json["items"]
    assert (decided["status"], decided["votes"], made.json["id"] in decided["reason"]) == ("approved", [], True)
    (listed,) = (await vera.get("/standing-approvals")).json["items"]
    assert (listed["uses"], listed["targets"]) == (1, "lab-*")

    assert (await vera.post(f"{path}/revocation", {"reason": "over"})).status == 403
    revoked = await carol.post(f"{path}/revocation", {"reason": "over"})
    assert (revoked.json["is_good"], revoked.json["revoked_by"]) == (False, "carol")
    await face.report_mail(messages=["lab-3"])
    assert len((await vera.get("/approvals?status=pending")).json["items"]) == 1
    assert (await lena.post(f"{path}/revocation", {"reason": "over"})).status == 404


async def test_who_may_not_vote_everywhere_or_what_the_policy_leaves_out_has_none(face: Face) -> None:
    vera, ann, carol = [await face.person(name) for name in ("vera", "ann", "carol")]
    assert (await vera.post("/standing-approvals", wanted(face))).code == "not_allowed"
    assert (await ann.post("/standing-approvals", wanted(face))).code == "not_allowed"
    limited = await face.person("carol", scopes=frozenset({"approval:read", "approval:vote"}))
    assert (await limited.post("/standing-approvals", wanted(face))).status in {401, 403}
    for changes, code in (
        ({"action": "chat.dm"}, "standing_not_permitted"),
        ({"playbook": "none"}, "not_found"),
        ({"targets": "*"}, "standing_too_wide"),
    ):
        assert (await carol.post("/standing-approvals", wanted(face, **changes))).code == code
    assert (await carol.get("/standing-approvals")).json["items"] == []


async def test_a_second_factor_counts_while_it_is_fresh(face: Face) -> None:
    carol = await face.person("carol")

    def show_factor(unit: Unit) -> None:
        for token in unit.tokens.list_of("u_carol"):
            unit.tokens.update(replace(token, mfa_at=face.clock.now()))

    await face.write(show_factor)
    strong = (await carol.post("/standing-approvals", wanted(face))).json["id"]
    weak = (await (await make_lead(face, "lena")).post("/standing-approvals", wanted(face))).json["id"]
    for standing, assurance in ((strong, Assurance.MFA), (weak, Assurance.LINKED)):
        found = await face.read(lambda unit, standing=standing: unit.standing_approvals.get(standing))
        assert found is not None
        assert found.assurance is assurance
