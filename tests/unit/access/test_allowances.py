import pytest

from soar.access.allowances import EVERYBODY, Allowances
from soar.model.catalog import Allow

SITE = Allowances(
    connections={"edr": Allow(playbooks=("contain-*",)), "mail": Allow(teams=("soc",))},
    credentials={"edr_key": Allow(playbooks=("contain-host",), teams=("soc", "ops")), "nobody": Allow()},
)


def explain(playbook: str, team: str | None, *, connection: str = "free", credential: str = "free") -> str | None:
    return SITE.explain_no(playbook, team, connections=[connection], credentials=[credential])


@pytest.mark.parametrize(
    ("playbook", "team", "connection", "credential"),
    [
        ("contain-host", None, "edr", "edr_key"),
        ("contain-user", None, "edr", "free"),
        ("triage", "soc", "mail", "edr_key"),
        ("triage", "ops", "free", "edr_key"),
        ("triage", None, "free", "free"),
    ],
)
def test_a_playbook_that_is_named_or_of_a_named_team_may_use_it(
    playbook: str, team: str | None, connection: str, credential: str
) -> None:
    assert explain(playbook, team, connection=connection, credential=credential) is None


@pytest.mark.parametrize(
    ("playbook", "team", "connection", "credential", "said"),
    [
        ("triage", "soc", "edr", "free", "the connection `edr` is not for the playbook `triage`"),
        ("triage", "ops", "mail", "free", "the connection `mail` is not for the playbook `triage`"),
        ("triage", None, "mail", "free", "the connection `mail` is not for the playbook `triage`"),
        ("contain-user", "net", "edr", "edr_key", "the credential `edr_key` is not for the playbook `contain-user`"),
        ("triage", None, "free", "nobody", "the credential `nobody` is not for the playbook `triage`"),
    ],
)
def test_any_other_is_told_what_it_may_not_use(
    playbook: str, team: str | None, connection: str, credential: str, said: str
) -> None:
    assert explain(playbook, team, connection=connection, credential=credential) == said


def test_each_of_several_is_looked_at_whether_or_not_the_first_is_kept() -> None:
    for names in (["free", "mail"], ["mail", "free"], ["edr", "mail"]):
        said = SITE.explain_no("contain-host", "net", connections=names, credentials=[])
        assert said == "the connection `mail` is not for the playbook `contain-host`"


def test_where_nothing_is_kept_everything_is_for_every_playbook() -> None:
    assert EVERYBODY.explain_no("triage", None, connections=["edr"], credentials=["edr_key"]) is None
