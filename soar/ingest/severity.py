"""What other products' words and numbers for how bad something is mean in ours."""

from collections.abc import Mapping
from typing import Final

from soar.model.alert import Severity

_WORDS: Final[Mapping[str, Severity]] = {
    word: severity
    for severity, words in {
        Severity.LOW: "low info information informational notice debug none ok normal minor trivial negligible benign"
        " clear cleared resolved lowest p4 p5 sev4 sev5 unknown",
        Severity.MEDIUM: "medium moderate med warning warn average suspicious p3 sev3",
        Severity.HIGH: "high error err major important severe serious p2 sev2",
        Severity.CRITICAL: "critical crit fatal emergency emerg alert disaster blocker highest urgent malicious p1 sev1"
        " p0 sev0 page",
    }.items()
    for word in words.split()
}
_CVSS: Final = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
_STEPS: Final[Mapping[float, Severity]] = dict(enumerate(Severity, start=1))
_CVSS_TOP: Final = 10
_PERCENT_TOP: Final = 100


def read_word(text: str) -> Severity | None:
    """Return what a word means: `warning`, `E_CRITICAL`, `P1`, `Sev-2`; None where it is no such word."""
    plain = text.strip().lower()
    for prefix in ("e_", "severity_", "severity:"):
        plain = plain.removeprefix(prefix)
    return _WORDS.get(plain.strip().replace("-", "").replace(" ", ""))


def read_score(score: float) -> Severity | None:
    """Return what a score means, more being worse.

    The whole numbers from 1 to 4 are taken as steps, which is what most products mean by them; any other is one of 10
    as CVSS 3.1 rates it (section 5), or of 100 likewise.
    """
    if not 0 <= score <= _PERCENT_TOP:
        return None
    if score in _STEPS:
        return _STEPS[score]
    rated = score if score <= _CVSS_TOP else score / 10
    return next((severity for least, severity in _CVSS if rated >= least), Severity.LOW)
