"""`soar approval standing` in front of an API at the wire."""

from tests.unit.cli.documents import page
from tests.unit.cli.fakes import FakeApi, Soar

LAB = {
    "id": "sa_1",
    "action": "crm.wipe",
    "playbook": "wipe-host",
    "targets": "lab-*",
    "proposed_by": "carol",
    "signed_by": "dave",
    "expires_at": "2026-03-07T00:00:00Z",
    "uses": 3,
    "is_good": True,
}


def test_one_is_proposed_signed_listed_and_revoked(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/standing-approvals", {**LAB, "signed_by": None, "is_good": False})
    api.answer("POST", "/api/v1/standing-approvals/sa_1/signature", LAB)
    api.answer("POST", "/api/v1/standing-approvals/sa_1/revocation", LAB)
    api.answer("GET", "/api/v1/standing-approvals", page(LAB))
    typed = ["--action", "crm.wipe", "--playbook", "wipe-host", "--targets-matching", "lab-*", "--reason", "a drill"]
    made = soar("approval", "standing", "add", *typed, "--until", "2026-03-07T00:00:00Z")
    assert made.out.splitlines()[0] == "… sa_1 counts once somebody else signs it"
    assert api.asked[0].body == {
        "action": "crm.wipe",
        "playbook": "wipe-host",
        "targets": "lab-*",
        "reason": "a drill",
        "until": "2026-03-07T00:00:00Z",
    }
    assert "goes without asking until" in soar("approval", "standing", "sign", "sa_1").out
    listed = soar("approval", "standing", "list").out
    assert all(told in listed for told in ("sa_1", "good", "lab-*", "carol and dave", "3"))
    assert "people are asked again" in soar("approval", "standing", "revoke", "sa_1", "--reason", "over").out
