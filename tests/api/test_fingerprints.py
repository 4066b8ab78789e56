"""Whether a value was a credential's, asked over the API."""

from tests.support.service import HOOK_KEY, Face


async def test_an_auditor_finds_a_value_that_was_used_and_the_question_is_on_record(face: Face) -> None:
    await face.report_mail()
    olga = await face.person("olga")
    answer = await olga.post("/audit/fingerprint", {"value": HOOK_KEY})
    assert answer.status == 200
    (credential,) = answer.json["credentials"]
    assert (credential["credential"], credential["is_used"]) == ("probe_hook", True)
    assert credential["first"] < credential["last"]
    (asked,) = await face.events("fingerprint.asked")
    assert asked["target"] == {"kind": "fingerprint", "id": answer.json["fingerprint"]}
    assert asked["after"] == {"credentials": ["probe_hook"]}
    assert HOOK_KEY not in str(await face.events(""))


async def test_a_value_that_nobody_had_is_said_to_be_none(face: Face) -> None:
    olga = await face.person("olga")
    answer = await olga.post("/audit/fingerprint", {"value": "never seen here"})
    assert (answer.status, answer.json["credentials"]) == (200, [])


async def test_who_may_only_read_the_record_may_not_try_values(face: Face) -> None:
    carol = await face.person("carol")
    assert (await carol.get("/audit")).status == 200
    assert (await carol.post("/audit/fingerprint", {"value": HOOK_KEY})).status == 403


async def test_a_value_too_short_to_be_a_secret_is_refused_and_not_repeated(face: Face) -> None:
    olga = await face.person("olga")
    answer = await olga.post("/audit/fingerprint", {"value": "s3cr3t!"})
    assert answer.status == 422
    assert b"s3cr3t!" not in answer.body
