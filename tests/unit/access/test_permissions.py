import re

from soar.access.permissions import Permission, Risk, find_permission


def test_every_permission_reads_resource_verb_and_explains_itself() -> None:
    for permission in Permission:
        assert re.fullmatch(r"[a-z]+:[a-z]+", permission)
        assert permission.description.endswith(".")
        assert isinstance(permission.risk, Risk)


def test_a_permission_is_found_by_its_text_and_nothing_else() -> None:
    assert find_permission("alert:read") is Permission.ALERT_READ
    assert find_permission("ALERT_READ") is None
    assert find_permission("alert:read ") is None


def test_what_only_shows_is_read_and_nothing_named_write_is() -> None:
    for permission in Permission:
        verb = permission.partition(":")[2]
        assert (permission.risk is Risk.READ) == (verb in {"read", "check", "validate", "verify"})
