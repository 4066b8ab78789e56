"""Documents as the API answers them."""

HOSTILE = "\x1b]0;owned\x07\u202eecin\u200b\nAPPROVED by CISO \x9b31m\ud800[red]:bomb:"
"""Moves the cursor, turns writing round, hides text, forges a line, is half a character, and tries rich's markup."""


def alert(**more: object) -> dict[str, object]:
    return {
        "id": "al_7k2m9q4wz1xt",
        "source": "phish-report",
        "kind": "email.reported",
        "title": "Invoice overdue",
        "severity": "high",
        "received_at": "2024-03-01T10:00:00Z",
        "entities": {"ips": ["192.0.2.7"]},
        "matches": [{"playbook": "phishing-triage", "relation": "started", "run": "run_1", "reason": None}],
        "raw": {"subject": "Invoice"},
        "why": [
            {"playbook": "phishing-triage", "is_match": True, "conditions": []},
            {
                "playbook": "block-ip",
                "is_match": False,
                "conditions": [
                    {"source": 'alert.kind == "ids.hit"', "value": "false", "is_deciding": True},
                    {"source": "alert.severity", "value": '"high"', "is_deciding": False},
                ],
            },
        ],
        **more,
    }


def approval(**more: object) -> dict[str, object]:
    return {
        "id": "ap_1",
        "code": "AB12",
        "run": "run_1",
        "step": "steps/3",
        "playbook": "phishing-triage",
        "playbook_name": "Phishing e-mail triage",
        "revision": "sha256:9c1f02aa00",
        "alert": "al_7k2m9q4wz1xt",
        "status": "pending",
        "digest": "sha256:" + "d" * 64,
        "digest_code": "DDDD-DDDD-DD",
        "card": {
            "question": "Purge 12 copies?",
            "action": "exchange.purge_messages",
            "connection": "exchange",
            "effect": "destructive",
            "is_reversible": True,
            "targets": ["ann@corp.example", "bob@corp.example"],
            "target_count": 12,
            "reason": "A bad link",
            "impact": "The message is gone",
            "undo": "exchange.restore_messages",
            "evidence": [{"label": "Subject", "text": "Invoice"}],
            "arguments": {},
        },
        "by": ["role:analyst"],
        "quorum": 1,
        "yes": 0,
        "assurance": "confirmed",
        "confirm": "12",
        "confirm_hint": "the number of messages",
        "comment": "required_on_deny",
        "asked_at": "2024-03-01T10:00:00Z",
        "expires_at": "2024-03-01T10:30:00Z",
        "escalations": [],
        "votes": [],
        "decided_at": None,
        "reason": None,
        "may_vote": True,
        "why_not": None,
        **more,
    }


def step(path: str, status: str, **more: object) -> dict[str, object]:
    return {
        "path": path,
        "id": None,
        "label": path,
        "kind": "use",
        "action": None,
        "depth": 0,
        "status": status,
        "reason": None,
        "fault": None,
        "approval": None,
        "outcome": None,
        "started_at": None,
        "finished_at": None,
        "items": [],
        **more,
    }


def response(**more: object) -> dict[str, object]:
    return {
        "id": "ar_88",
        "run": "run_1",
        "step": "steps/1",
        "action": "exchange.purge_messages",
        "connection": "exchange",
        "targets": ["bob@corp.example"],
        "status": "active",
        "created_at": "2024-03-01T10:00:00Z",
        "expires_at": None,
        "lift_run": None,
        "lifted_by": None,
        "lifted_at": None,
        "fault": None,
        "owner": "team:soc",
        "pages": 0,
        "is_checkable": True,
        "check_run": None,
        "sighting": None,
        "gone_at": None,
        "checked_at": None,
        **more,
    }


def run(**more: object) -> dict[str, object]:
    return {
        "id": "run_1",
        "playbook": "phishing-triage",
        "playbook_name": "Phishing e-mail triage",
        "revision": "sha256:9c1f02aa00",
        "mode": "live",
        "status": "succeeded",
        "alert": "al_7k2m9q4wz1xt",
        "case": None,
        "initiator": {"kind": "source", "name": "phish-report"},
        "created_at": "2024-03-01T10:00:00Z",
        "started_at": "2024-03-01T10:00:00Z",
        "finished_at": "2024-03-01T10:00:14Z",
        "reason": None,
        "waiting_for": None,
        "outputs": {},
        "steps": [],
        "approvals": [],
        "responses": [],
        "inputs": {},
        **more,
    }


def page(*items: object) -> dict[str, object]:
    return {"items": list(items), "next": None}
