from dataclasses import replace

from soar.audit.actor import describe_principal, describe_run
from soar.model.audit import Actor
from soar.model.grant import Attribute, Grant, Scope
from soar.model.identity import Principal, PrincipalKind
from tests.support.builders import build_run

TOKEN = Principal(
    kind=PrincipalKind.TOKEN,
    id="u_1",
    name="carol",
    workspace="w",
    roles=frozenset({"viewer", "analyst"}),
    session="5e55",
    via="api",
    ip="203.0.113.9",
)


def test_the_record_names_who_asked_and_how() -> None:
    named = Actor(
        kind="token",
        id="u_1",
        name="carol",
        via="api",
        roles=("analyst", "viewer"),
        ip="203.0.113.9",
        session="5e55",
        assurance=None,
    )
    assert describe_principal(TOKEN) == named


def test_the_record_names_what_is_held_for_a_part_of_the_world() -> None:
    grants = (
        Grant("soc-lead", Scope({Attribute.TEAM: ("$own",)})),
        Grant("analyst", Scope({Attribute.PLAYBOOK: ("phishing-*", "url-*"), Attribute.SOURCE: ("siem",)})),
    )
    found = describe_principal(replace(TOKEN, grants=grants))
    assert found.grants == ("analyst@playbook=phishing-*|url-*,source=siem", "soc-lead@team=$own")
    assert found.roles == ("analyst", "viewer")


def test_where_the_person_counts_it_names_the_person_and_how_sure_that_is() -> None:
    found = describe_principal(TOKEN, kind="user", assurance="mfa")
    assert (found.kind, found.id, found.assurance) == ("user", "u_1", "mfa")


def test_of_a_run_it_is_the_playbook_that_acts() -> None:
    assert describe_run(build_run(playbook="contain")) == Actor(kind="playbook", id="contain", via="engine")
