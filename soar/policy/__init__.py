"""The policy above every playbook: what must be asked about, and what is refused whatever anybody approves. Pure."""

from soar.policy.gates import DEFAULT_POLICY, GateRule, Policy, combine, find_free_rule, required_gate
from soar.policy.parse import parse_policy
from soar.policy.protected import ProtectedRule, Refusal, find_refusal
from soar.policy.situation import Target

__all__ = [
    "DEFAULT_POLICY",
    "GateRule",
    "Policy",
    "ProtectedRule",
    "Refusal",
    "Target",
    "combine",
    "find_free_rule",
    "find_refusal",
    "parse_policy",
    "required_gate",
]
