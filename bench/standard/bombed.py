"""The sources that bombs are sent to, by what their bodies hold. It loads no bomb: the service itself reads this."""

from collections.abc import Mapping

from soar.ingest.bodies.rule import Format, Rule

_RULES = (
    Rule(format=Format.OBJECT, may_gzip=True),
    Rule(format=Format.FORM, field="a"),
    *(Rule(format=each) for each in Format if each not in {Format.FORM, Format.SNS}),
)
BOMBED: Mapping[Rule, str] = {rule: f"bomb-{number}" for number, rule in enumerate(_RULES)}
