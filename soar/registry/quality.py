"""The quality scale: what a connector promises to have, rule by rule."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from soar.model.errors import InputError
from soar.registry.discover import Found
from soar.registry.load import ReadYaml
from soar.sdk.faults import describe_faults

QUALITY = "quality.yaml"


class Rule(StrEnum):
    """One rule of the scale; the first five are bronze, the next three silver, the last three gold."""

    LOADS = "loads"
    TYPED = "typed"
    TESTED = "tested"
    DOCUMENTED = "documented"
    NO_SECRET_SHOWN = "no_secret_shown"  # noqa: S105 the name of a rule
    ERRORS_MAPPED = "errors_mapped"
    RATE_LIMIT_HONOURED = "rate_limit_honoured"
    PAGINATED = "paginated"
    SIMULATED = "simulated"
    IDEMPOTENCE_SHOWN = "idempotence_shown"
    ANSWERS_RECORDED = "answers_recorded"


class _Exemption(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    exempt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]


class Quality(BaseModel):
    """The content of `quality.yaml`: each rule is `done`, or exempt for a reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: dict[Rule, Literal["done"] | _Exemption]

    def explain(self, rule: Rule) -> str | None:
        """Return why a rule does not apply; None if it is done."""
        state = self.rules[rule]
        return None if state == "done" else state.exempt


def read_quality(found: Found, read_yaml: ReadYaml) -> Quality:
    """Return what a connector says of its quality.

    Raises:
        InputError: a rule is missing, unknown, or exempt without a reason.
    """
    name = f"{found.id}/{QUALITY}"
    file: Path = found.folder / QUALITY
    try:
        quality = Quality.model_validate(read_yaml(file.read_text("utf-8"), name))
    except ValidationError as error:
        raise InputError(f"{name}: {describe_faults(error)}") from None
    missing = [rule.value for rule in Rule if rule not in quality.rules]
    if missing:
        raise InputError(f"{name}: says nothing of {', '.join(missing)}", hint="write done, or exempt: and the reason")
    return quality
