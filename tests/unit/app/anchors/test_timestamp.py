import shutil
import subprocess
from pathlib import Path

import pytest

from soar.app.anchors.settings import TimestampAnchorSettings
from soar.app.anchors.timestamp import TimestampAnchor
from soar.model.audit import AnchorState
from soar.model.errors import UnavailableError
from soar.model.network import EgressRequest, EgressResponse
from tests.support.anchors import Grow
from tests.support.network import VirtualEgress

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl stands for the authority")
STATE = AnchorState(name="timestamp")
CONFIG = """
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[authority]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class TimestampAuthority:
    """An authority made of openssl: a root, a certificate for stamps, and replies."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        (folder / "config").write_text(CONFIG)
        (folder / "serial").write_text("01\n")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self._run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=root", "-config", "config",
                  "-extensions", "ca", "-days", "3650")  # fmt: skip
        self._run("req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=stamps", "-config", "config")
        self._run("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                  "tsa.pem", "-extfile", "config", "-extensions", "tsa", "-days", "3650")  # fmt: skip
        self.file = folder / "ca.pem"

    def answer(self, request: EgressRequest) -> EgressResponse:
        (self._folder / "asked").write_bytes(request.body)
        self._run("ts", "-reply", "-config", "config", "-section", "authority", "-queryfile", "asked", "-signer",
                  "tsa.pem", "-inkey", "tsa.key", "-out", "reply")  # fmt: skip
        return EgressResponse(status=200, headers=(), body=(self._folder / "reply").read_bytes())

    def check(self, data: Path, stamp: Path) -> None:
        """Check a kept stamp as an auditor would, without us."""
        self._run("ts", "-verify", "-data", str(data), "-in", str(stamp), "-CAfile", "ca.pem")

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)  # noqa: S607 -- the one on the path


@pytest.fixture
def authority(tmp_path: Path) -> TimestampAuthority:
    (tmp_path / "stamps").mkdir()
    return TimestampAuthority(tmp_path / "tsa")


def make_anchor(tmp_path: Path, ca_file: Path, egress: VirtualEgress) -> TimestampAnchor:
    settings = TimestampAnchorSettings(
        kind="timestamp", url="https://tsa.example/stamp", ca_file=ca_file, folder=tmp_path / "stamps"
    )
    return TimestampAnchor(settings, egress)


async def test_the_newest_checkpoint_is_stamped_and_kept(
    authority: TimestampAuthority, grow: Grow, tmp_path: Path
) -> None:
    egress = VirtualEgress()
    egress.route("tsa.example", authority.answer)
    missed = [await grow(), await grow()]
    assert (await make_anchor(tmp_path, authority.file, egress).take(missed, STATE)).size == 2
    kept = sorted(path.name for path in (tmp_path / "stamps").iterdir())
    assert kept == ["00000000000000000002.tsr", "00000000000000000002.txt"]
    note, stamp = (tmp_path / "stamps" / name for name in reversed(kept))
    assert note.read_text("utf-8") == missed[-1].note
    authority.check(note, stamp)


async def test_a_stamp_of_another_authority_or_over_something_else_is_refused(
    authority: TimestampAuthority, grow: Grow, tmp_path: Path
) -> None:
    egress, other = VirtualEgress(), TimestampAuthority(tmp_path / "other")
    egress.route("tsa.example", other.answer)
    first = await grow()
    with pytest.raises(UnavailableError, match="does not hold"):
        await make_anchor(tmp_path, authority.file, egress).take([first], STATE)
    early = other.answer(egress.arrived[0])
    egress.route("tsa.example", lambda _: early)
    with pytest.raises(UnavailableError, match="does not hold"):
        await make_anchor(tmp_path, other.file, egress).take([await grow()], STATE)
    assert not [*(tmp_path / "stamps").iterdir()]


@pytest.mark.parametrize(("status", "body", "said"), [(503, b"", "answers 503"), (200, b"hello", "does not hold")])
async def test_what_is_no_stamp_is_told_of(
    authority: TimestampAuthority, grow: Grow, tmp_path: Path, status: int, body: bytes, said: str
) -> None:
    egress = VirtualEgress()
    egress.route("tsa.example", lambda _: EgressResponse(status=status, headers=(), body=body))
    with pytest.raises(UnavailableError, match=said):
        await make_anchor(tmp_path, authority.file, egress).take([await grow()], STATE)
