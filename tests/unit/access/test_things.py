from collections.abc import Callable, Mapping

import pytest

from soar.access.permissions import Permission
from soar.access.subjects import (
    describe_alert,
    describe_approval,
    describe_call,
    describe_case,
    describe_channel,
    describe_connection,
    describe_connector,
    describe_credential,
    describe_list,
    describe_playbook,
    describe_response,
    describe_run,
    describe_source,
    describe_use,
)
from soar.access.things import ATTRIBUTES, PERSONAL, Kind, Thing, find_kind
from soar.model.grant import Attribute
from tests.support.builders import build_alert, build_approval, build_card, build_case, build_response, build_run

WHOLE = {"user", "scim", "suppression", "emergency", "vault", "policy", "freeze", "audit", "fingerprint", "metrics"}
RUN = build_run(playbook="p", case="c_1", initiator="source:siem")


def test_every_attribute_limits_something_and_every_kind_can_be_limited() -> None:
    assert set(ATTRIBUTES) == set(Kind)
    assert frozenset().union(*ATTRIBUTES.values()) == set(Attribute)
    assert all(ATTRIBUTES.values())


def test_each_permission_is_about_a_thing_oneself_or_everything() -> None:
    whole = {each for each in Permission if find_kind(each) is None and each not in PERSONAL}
    assert {each.partition(":")[0] for each in whole} == WHOLE
    assert not [each for each in PERSONAL if find_kind(each) is not None]


def test_things_have_the_attributes_of_their_kind_and_no_others() -> None:
    things = [
        describe_alert("w", build_alert(), "soc"),
        describe_run("w", RUN, "soc"),
        describe_run("w", RUN, "soc", kind=Kind.LETTER, id_="dead_1"),
        describe_approval("w", build_approval(), RUN, "soc"),
        describe_response("w", build_response(), RUN, "soc"),
        describe_call("w", RUN, "soc", "edr.isolate", "edr-2"),
        describe_use("w", "p", "soc", "edr.isolate", "edr-2"),
        describe_case("w", build_case(team="soc")),
        describe_playbook("w", "p", "soc"),
        describe_source("w", "siem", "soc"),
        describe_connection("w", "edr-2", "edr"),
        describe_connector("w", "edr"),
        describe_credential("w", "edr_key"),
        describe_list("w", "vip"),
        describe_channel("w", "#soc"),
    ]
    assert {thing.kind for thing in things} == set(Kind)
    for thing in things:
        assert set(thing.attributes) <= ATTRIBUTES[thing.kind], thing
        assert thing.workspace == "w"


def test_a_run_has_the_source_that_started_it_and_no_other() -> None:
    assert describe_run("w", RUN, None).attributes == {
        Attribute.PLAYBOOK: "p",
        Attribute.CASE: "c_1",
        Attribute.SOURCE: "siem",
    }
    started = build_run(playbook="p", case=None, initiator="user:source:siem")
    assert describe_run("w", started, None).attributes == {Attribute.PLAYBOOK: "p"}


def test_a_call_has_its_connector_action_and_connection() -> None:
    found = describe_use("w", "p", None, "edr.isolate", "edr-2").attributes
    assert found == {
        Attribute.PLAYBOOK: "p",
        Attribute.ACTION: "edr.isolate",
        Attribute.CONNECTOR: "edr",
        Attribute.CONNECTION: "edr-2",
    }
    inner = describe_use("w", "p", None, "edr.host.isolate", "edr-2").attributes
    assert (inner[Attribute.ACTION], inner[Attribute.CONNECTOR]) == ("edr.host.isolate", "edr")


CALL = {Attribute.ACTION: "edr.isolate", Attribute.CONNECTOR: "edr", Attribute.CONNECTION: "edr-2"}
CARD = build_card(action="edr.isolate", connection="edr-2")
APPROVAL = build_approval(id="ap_1", playbook="p", card=CARD)
RESPONSE = build_response(id="ar_1", action="edr.isolate", connection="edr-2")
AROUND = {Attribute.PLAYBOOK: "p", Attribute.TEAM: "soc", Attribute.CASE: "c_1", Attribute.SOURCE: "siem"}


@pytest.mark.parametrize(
    ("describe", "kind", "id_", "attributes"),
    [
        (
            lambda: describe_alert("w", build_alert(id="al_1", source="siem"), "soc"),
            Kind.ALERT,
            "al_1",
            {Attribute.SOURCE: "siem", Attribute.TEAM: "soc"},
        ),
        (lambda: describe_run("w", RUN, "soc"), Kind.RUN, RUN.id, AROUND),
        (lambda: describe_run("w", RUN, "soc", kind=Kind.LETTER, id_="dead_1"), Kind.LETTER, "dead_1", AROUND),
        (lambda: describe_approval("w", APPROVAL, RUN, "soc"), Kind.APPROVAL, "ap_1", AROUND | CALL),
        (
            lambda: describe_approval("w", APPROVAL, None, "soc"),
            Kind.APPROVAL,
            "ap_1",
            {Attribute.PLAYBOOK: "p", Attribute.TEAM: "soc"} | CALL,
        ),
        (lambda: describe_response("w", RESPONSE, RUN, "soc"), Kind.RESPONSE, "ar_1", AROUND | CALL),
        (lambda: describe_response("w", RESPONSE, None, "soc"), Kind.RESPONSE, "ar_1", CALL),
        (lambda: describe_call("w", RUN, "soc", "edr.isolate", "edr-2"), Kind.ACTION, "edr.isolate", AROUND | CALL),
        (
            lambda: describe_use("w", "p", "soc", "edr.isolate", "edr-2"),
            Kind.ACTION,
            "edr.isolate",
            {Attribute.PLAYBOOK: "p", Attribute.TEAM: "soc"} | CALL,
        ),
        (lambda: describe_use("w", "p", None, "", ""), Kind.ACTION, "", {Attribute.PLAYBOOK: "p"}),
        (
            lambda: describe_case("w", build_case(id="c_1", team="soc")),
            Kind.CASE,
            "c_1",
            {Attribute.CASE: "c_1", Attribute.TEAM: "soc"},
        ),
        (
            lambda: describe_playbook("w", "p", "soc"),
            Kind.PLAYBOOK,
            "p",
            {Attribute.PLAYBOOK: "p", Attribute.TEAM: "soc"},
        ),
        (
            lambda: describe_source("w", "siem", "soc"),
            Kind.SOURCE,
            "siem",
            {Attribute.SOURCE: "siem", Attribute.TEAM: "soc"},
        ),
        (
            lambda: describe_connection("w", "edr-2", "edr"),
            Kind.CONNECTION,
            "edr-2",
            {Attribute.CONNECTION: "edr-2", Attribute.CONNECTOR: "edr"},
        ),
        (lambda: describe_connector("w", "edr"), Kind.CONNECTOR, "edr", {Attribute.CONNECTOR: "edr"}),
        (lambda: describe_credential("w", "edr_key"), Kind.CREDENTIAL, "edr_key", {Attribute.CREDENTIAL: "edr_key"}),
        (lambda: describe_list("w", "vip"), Kind.LIST, "vip", {Attribute.LIST: "vip"}),
        (lambda: describe_channel("w", "#soc"), Kind.MESSAGE, "#soc", {Attribute.CHANNEL: "#soc"}),
    ],
)
def test_scopes_see_of_a_thing_what_it_is_and_nothing_that_it_has_not(
    describe: Callable[[], Thing], kind: Kind, id_: str, attributes: Mapping[Attribute, str]
) -> None:
    thing = describe()
    assert thing == Thing(kind=kind, id=id_, workspace="w", attributes=attributes)
    assert thing.label == f"{kind.value} {id_}"
