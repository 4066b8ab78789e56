"""VirusTotal in small: everything under evil.example is bad, and so is the EICAR test file."""

import base64
from urllib.parse import urlsplit

from soar.sdk import SimRequest, SimResponse, Simulator

_SCANNERS = 90
_BAD_DOMAIN = "evil.example"
_BAD_FILES = {
    "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f": 60,  # the EICAR test file
    "44d88612fea8a8f36de82e1278abb02f": 60,  # the same, by MD5
}


class VirusTotalInSmall(Simulator):
    """Knows every URL, and two hashes of one file."""

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer as API v3 does."""
        kind, _, name = request.path.removeprefix("/api/v3/").partition("/")
        if kind == "files" and name in _BAD_FILES:
            return self._report(_BAD_FILES[name])
        if kind == "urls":
            return self._report(8 if _is_bad(_decode(name)) else 0)
        return SimResponse(status=404, json={"error": {"code": "NotFoundError", "message": "never seen"}})

    def _report(self, malicious: int) -> SimResponse:
        stats = {"malicious": malicious, "suspicious": 0, "harmless": _SCANNERS - malicious, "undetected": 0}
        attributes = {"last_analysis_stats": stats, "last_analysis_date": int(self.now().timestamp())}
        return SimResponse(json={"data": {"attributes": attributes}})


def _decode(name: str) -> str:
    return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode(errors="replace")


def _is_bad(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == _BAD_DOMAIN or host.endswith("." + _BAD_DOMAIN)
