"""What reaches a hook without being its source's."""

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import pytest

from soar.ingest.authentication import Bearer, Hmac, Request, find_refusal
from soar.model.secret import Secret
from tests.security.neighbours.table import answers
from tests.security.neighbours.wire import count_stored, get_raw
from tests.support.clock import START
from tests.support.service import Face, sign

BODY = json.dumps({"kind": "mail", "title": "Invoice", "from": "eve@evil.test", "messages": ["m1"]}).encode()
KEY = b"a key of thirty-two bytes, or so"
TIMED = Hmac(
    secrets=("hook",), header="x-signature", template="{timestamp}.{body}", prefix="v0=", timestamp="x-timestamp"
)


def sign_at(moment: int, key: bytes = KEY) -> Request:
    digest = hmac.digest(key, b"%d.%s" % (moment, BODY), hashlib.sha256).hex()
    return Request({"x-signature": f"v0={digest}", "x-timestamp": str(moment)}, BODY)


@answers("CVE-2026-21894", "CVE-2022-36883")
async def test_what_is_not_signed_starts_nothing(face: Face) -> None:
    for path in ("/hooks/probe", "/hooks/probe/check", "/api/v1/playbooks/purge/runs", "/api/v1/alerts"):
        answer = await face.stranger.send("POST", path, BODY)
        assert (answer.status, answer.code) == (401, "unauthenticated"), path
    assert await count_stored(face) == (0, 0)
    assert face.host.calls == []


@answers("CVE-2026-0234")
@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        sign(b"another body"),
        sign(BODY)[:-1],
        sign(BODY) + "00",
        sign(BODY).removeprefix("sha256="),
        sign(BODY).replace("sha256", "sha1"),
        "sha256=" + base64.b64encode(bytes.fromhex(sign(BODY).removeprefix("sha256="))).decode(),
        "none=" + sign(BODY).removeprefix("sha256="),
    ],
)
async def test_only_the_whole_signature_of_this_body_will_do(face: Face, signature: str) -> None:
    answer = await face.stranger.send("POST", "/hooks/probe", BODY, {"X-Signature": signature})
    assert answer.status == 401
    assert await count_stored(face) == (0, 0)


@answers("CVE-2023-40034")
async def test_nothing_is_read_before_it_is_known_to_be_genuine(face: Face) -> None:
    answer = await face.stranger.send("POST", "/hooks/probe", b"{not json", {"X-Signature": sign(BODY)})
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert await count_stored(face) == (0, 0)


@answers("CVE-2022-43412")
def test_a_token_is_compared_by_digests_of_one_length(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def watch(given: bytes, kept: bytes) -> bool:
        compared.append((len(given), len(kept)))
        return compare(given, kept)

    monkeypatch.setattr(hmac, "compare_digest", watch)
    for token in ("", "a", KEY.decode()[:-1], KEY.decode() + "x", KEY.decode()):
        refusal = find_refusal(
            Bearer(secrets=("hook",)),
            Request({"authorization": f"Bearer {token}"}, BODY),
            [Secret(KEY.decode())],
            START,
        )
        assert (refusal is None) == (token == KEY.decode())
    assert compared == [(32, 32)] * 5


@answers("CVE-2026-54762")
@pytest.mark.parametrize("keys", [[], [Secret("")], [Secret("short")]])
def test_a_source_whose_key_is_missing_lets_nobody_in(keys: list[Secret]) -> None:
    moment = int(START.timestamp())
    for key in (b"", b"short", *(key.reveal().encode() for key in keys)):
        assert find_refusal(TIMED, sign_at(moment, key), keys, START) is not None
    assert find_refusal(Bearer(secrets=("hook",)), Request({"authorization": "Bearer "}, BODY), keys, START) is not None


@answers("CVE-2022-22936")
def test_an_old_delivery_is_refused_though_its_signature_is_right() -> None:
    moment, keys = int(START.timestamp()), [Secret(KEY.decode())]
    assert find_refusal(TIMED, sign_at(moment - 299), keys, START) is None
    for distance in (-301, 301):
        assert find_refusal(TIMED, sign_at(moment + distance), keys, START) is not None
    fresh = Request({**sign_at(moment - 301).headers, "x-timestamp": str(moment)}, BODY)
    assert find_refusal(TIMED, fresh, keys, START) is not None


@answers("CVE-2021-45327")
async def test_a_captured_delivery_counts_once(face: Face) -> None:
    deliveries = [await face.report_mail(messages=["m1"]) for _ in range(3)]
    assert {answer.body for answer in deliveries} == {deliveries[0].body}
    assert await count_stored(face) == (1, 1)


@answers("CVE-2026-21858")
async def test_a_body_is_of_one_type_and_names_no_file(face: Face) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nz\r\n--x--\r\n'
    headers = {"X-Signature": sign(form), "Content-Type": "multipart/form-data; boundary=x"}
    answer = await face.stranger.send("POST", "/hooks/probe", form, headers)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    files = {"upload": {"filepath": "/etc/passwd", "originalFilename": "stolen.txt"}}
    kept = await face.report_mail(files=files)
    detail = await (await face.person("ann")).get(f"/alerts/{kept.json['alert']}")
    assert detail.json["raw"]["files"] == files
    assert b"root:" not in detail.body


@answers("CVE-2026-44982")
async def test_a_body_in_chunks_is_verified_like_any_other(face: Face) -> None:
    async def send(signature: str) -> int:
        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(BODY), 7):
                yield BODY[start : start + 7]

        headers = {"Content-Type": "application/json", "X-Signature": signature}
        async with face.http.post(f"{face.running.url}/hooks/probe", data=chunks(), headers=headers) as answer:
            return answer.status

    assert await send(sign(b"")) == 401
    assert await count_stored(face) == (0, 0)
    assert await send(sign(BODY)) == 202


@answers("CVE-2025-59531")
@pytest.mark.parametrize(
    ("document", "status"),
    [
        (b"{}", 202),
        (b'{"kind": 7, "title": [], "from": {"a": 1}}', 202),
        (b'{"kind": "mail", "title": "x", "from": [null]}', 202),
        (b"[]", 422),
        (b"null", 422),
        (b'{"kind": "mail", "kind": "other", "title": "x"}', 422),
        (b'{"kind": "\\ud800", "title": "x"}', 422),
        (b'{"kind": "mail", "title": 1e999}', 422),
        (b"[" * 100_000, 422),
    ],
)
async def test_a_payload_of_another_shape_breaks_nothing(face: Face, document: bytes, status: int) -> None:
    answer = await face.stranger.send("POST", "/hooks/probe", document, {"X-Signature": sign(document)})
    assert answer.status == status
    await face.settle()
    assert (await face.report_mail()).status == 202


@answers("CVE-2026-55078")
async def test_nothing_is_unpacked(face: Face) -> None:
    bomb = gzip.compress(bytes(1024 * 1024 * 16))
    answer = await face.stranger.send(
        "POST", "/hooks/probe", bomb, {"X-Signature": sign(bomb), "Content-Encoding": "gzip"}
    )
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@answers("CVE-2024-22091", "CVE-2025-8396")
async def test_lines_headers_and_bodies_have_bounds(face: Face) -> None:
    assert (await get_raw(face, "/hooks/" + 9_000 * "x"))[0] == 400
    assert (await get_raw(face, "/healthz", "X-Long: " + 9_000 * "x"))[0] == 400
    large = b'"' + bytes(1024 * 1024) + b'"'
    answer = await face.stranger.send("POST", "/hooks/probe", large, {"X-Signature": sign(large)})
    assert (answer.status, answer.code) == (413, "too_large")
    assert (await face.stranger.send("GET", "/healthz")).status == 200
