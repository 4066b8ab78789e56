"""The policy above every playbook: what is asked about, refused whatever anybody approves, or not done often. Pure."""

from soar.policy.caps import Cap, CapOutcome, sort_caps
from soar.policy.comparison import Comparison, Shift, Verdict, compare_policies
from soar.policy.dump import dump_policy
from soar.policy.gates import (
    DEFAULT_POLICY,
    NO_CONFIG,
    GateRule,
    Policy,
    combine,
    digest_gates,
    find_assurance,
    find_free_rule,
    required_gate,
)
from soar.policy.parse import parse_policy
from soar.policy.protected import ProtectedRule, Refusal, find_refusal
from soar.policy.situation import Target
from soar.policy.standing import StandingRule, find_standing_rule

__all__ = [
    "DEFAULT_POLICY",
    "NO_CONFIG",
    "Cap",
    "CapOutcome",
    "Comparison",
    "GateRule",
    "Policy",
    "ProtectedRule",
    "Refusal",
    "Shift",
    "StandingRule",
    "Target",
    "Verdict",
    "combine",
    "compare_policies",
    "digest_gates",
    "dump_policy",
    "find_assurance",
    "find_free_rule",
    "find_refusal",
    "find_standing_rule",
    "parse_policy",
    "required_gate",
    "sort_caps",
]
