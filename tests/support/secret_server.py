"""A HashiCorp Vault in small, at the wire: a transit engine and a KV engine, version 2."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from soar.model.network import EgressRequest, EgressResponse
from soar.sdk.errors import TransientError
from soar.sdk.target import parse_target

HOST = "keys.example.test"
TOKEN = "s.token-of-the-service"


@dataclass
class SecretServer:
    """An `Egress` that leads to it and nowhere else.

    Attributes:
        keys: of the transit engine, by name.
        secrets: of the KV engine, by mount and path.
        is_down: whether nothing answers.
        asked: method and path of each request.
    """

    keys: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_down: bool = False
    asked: list[str] = field(default_factory=list)
    _nonce: int = 0

    async def send(self, request: EgressRequest) -> EgressResponse:
        parse_target(request.url, request.hosts, request.private_hosts)
        if self.is_down:
            raise TransientError(f"{HOST} could not be reached")
        target = urlsplit(request.url)
        self.asked.append(f"{request.method} {target.path}")
        headers = {name.lower(): value for name, value in request.headers}
        if headers.get("x-vault-token") != TOKEN:
            return _answer(403, {"errors": ["permission denied"]})
        body = json.loads(request.body) if request.body else {}
        _, _, mount, *rest = target.path.split("/")
        if mount == "transit":
            return self._transit(request.method, rest, body)
        found = self.secrets.get("/".join([mount, *rest[1:]])) if rest[:1] == ["data"] else None
        return _answer(200, {"data": {"data": found}}) if found is not None else _answer(404, {"errors": []})

    async def close(self) -> None:
        """Nothing is held open."""

    def _transit(self, method: str, rest: list[str], body: dict[str, Any]) -> EgressResponse:
        match method, rest:
            case "GET", ["keys"]:
                return (
                    _answer(200, {"data": {"keys": sorted(self.keys)}}) if self.keys else _answer(404, {"errors": []})
                )
            case "POST", ["keys", name]:
                assert body == {"type": "aes256-gcm96"}
                self.keys[name] = len(self.keys).to_bytes(1, "big") + b"k" * 31
                return _answer(200, {"data": {"name": name}})
            case "POST", ["keys", _, "config"]:
                return _answer(204, None)
            case "DELETE", ["keys", name]:
                del self.keys[name]
                return _answer(204, None)
            case "POST", [("encrypt" | "decrypt") as verb, name] if name in self.keys:
                return self._encrypt(name, body) if verb == "encrypt" else self._decrypt(name, body)
            case _:
                return _answer(400, {"errors": ["encryption key not found"]})

    def _encrypt(self, name: str, body: dict[str, Any]) -> EgressResponse:
        self._nonce += 1
        nonce = self._nonce.to_bytes(12, "big")
        plain, bound = (base64.b64decode(body[each]) for each in ("plaintext", "associated_data"))
        sealed = nonce + AESGCM(self.keys[name]).encrypt(nonce, plain, bound)
        return _answer(200, {"data": {"ciphertext": f"vault:v1:{base64.b64encode(sealed).decode()}"}})

    def _decrypt(self, name: str, body: dict[str, Any]) -> EgressResponse:
        try:
            sealed = base64.b64decode(str(body["ciphertext"]).removeprefix("vault:v1:"), validate=True)
            plain = AESGCM(self.keys[name]).decrypt(sealed[:12], sealed[12:], base64.b64decode(body["associated_data"]))
        except (InvalidTag, ValueError):
            return _answer(400, {"errors": ["cipher: message authentication failed"]})
        return _answer(200, {"data": {"plaintext": base64.b64encode(plain).decode()}})


def _answer(status: int, document: object) -> EgressResponse:
    body = b"" if document is None else json.dumps(document).encode()
    return EgressResponse(status=status, headers=(("content-type", "application/json"),), body=body)
