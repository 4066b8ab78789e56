from soar.ingest.match import Condition, Verdict, match_alert
from soar.model.playbook import AlertTrigger, ManualTrigger, Playbook
from tests.support.builders import build_alert, build_playbook
from tests.support.clock import START


def listen(match: str | None, *sources: str, **changes: object) -> Playbook:
    return build_playbook(triggers=(AlertTrigger(sources=sources, match=match),), **changes)


def ask(*playbooks: Playbook) -> list[Verdict]:
    return match_alert(build_alert(), playbooks, config={"countries": ["AT"]}, now=START, has_why=True)


def ask_one(playbook: Playbook) -> Verdict:
    (verdict,) = ask(playbook)
    (brief,) = match_alert(build_alert(), [playbook], config={"countries": ["AT"]}, now=START)
    assert brief.is_match is verdict.is_match
    return verdict


def test_a_yes_shows_the_parts_that_it_is_made_of() -> None:
    playbook = listen('alert.source == "siem" && alert.severity == "medium"', "siem")
    assert ask_one(playbook) == Verdict(
        playbook,
        is_match=True,
        conditions=(
            Condition('alert.source == "siem"', "true", is_deciding=True),
            Condition('alert.severity == "medium"', "true", is_deciding=True),
        ),
    )


def test_a_no_shows_the_part_that_said_it() -> None:
    verdict = ask_one(listen('alert.source == "siem" && alert.severity == "high"'))
    assert not verdict.is_match
    assert [condition for condition in verdict.conditions if condition.is_deciding] == [
        Condition('alert.severity == "high"', "false", is_deciding=True)
    ]


def test_a_missing_field_is_a_no_that_says_what_is_missing() -> None:
    verdict = ask_one(listen('alert.raw.user == "ada"'))
    assert not verdict.is_match
    (condition,) = verdict.conditions
    assert condition.source == 'alert.raw.user == "ada"'
    assert "user" in condition.value
    assert condition.is_deciding


def test_another_source_is_a_no_whatever_the_rest_says() -> None:
    verdict = ask_one(listen(None, "wazuh", "suricata"))
    assert not verdict.is_match
    assert verdict.conditions == (Condition("source in ['wazuh', 'suricata']", "siem", is_deciding=True),)


def test_without_a_condition_every_alert_is_taken() -> None:
    assert ask_one(listen(None)).is_match


def test_a_condition_reads_the_settings() -> None:
    assert ask_one(listen('"AT" in config.countries')).is_match


def test_one_of_several_triggers_is_enough_for_one_yes() -> None:
    triggers = (AlertTrigger(sources=("wazuh",), match=None), AlertTrigger(sources=("siem",), match=None))
    assert ask_one(build_playbook(triggers=triggers)).is_match


def test_only_playbooks_that_listen_and_serve_are_asked() -> None:
    assert ask(build_playbook(triggers=(ManualTrigger(),)), listen(None, is_enabled=False)) == []
