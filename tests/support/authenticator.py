"""A security key in software: makes key pairs, and signs what a page hands it (W3C Web Authentication, level 3)."""

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

_PRESENT, _VERIFIED, _HAS_KEY = 0x01, 0x04, 0x40


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class SecurityKey:
    """One key pair.

    Attributes:
        origin: the page's.
        counter: how often it was used, as it says.
        checks_owner: whether it asks for a PIN or a finger.
    """

    origin: str
    counter: int = 0
    checks_owner: bool = True
    id: bytes = b"credential-0001"
    _private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def register(self, options: dict, **client: str) -> dict:
        """Answer `navigator.credentials.create`."""
        point = self._private.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + encode_cbor(cose)
        data = self._data(options["rp"]["id"], _HAS_KEY) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        answer = {"clientDataJSON": self._client("webauthn.create", options, client)}
        return self._wrap({**answer, "attestationObject": encode(attestation)})

    def sign(self, options: dict, **client: str) -> dict:
        """Answer `navigator.credentials.get`."""
        self.counter += 1
        data = self._data(options["rpId"], 0)
        said = self._client("webauthn.get", options, client)
        plain = base64.urlsafe_b64decode(said + "==")
        signature = self._private.sign(data + hashlib.sha256(plain).digest(), ec.ECDSA(hashes.SHA256()))
        return self._wrap({"clientDataJSON": said, "authenticatorData": encode(data), "signature": encode(signature)})

    def _data(self, party: str, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.checks_owner else 0)
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + struct.pack(">I", self.counter)

    def _client(self, kind: str, options: dict, changes: dict[str, str]) -> str:
        client = {"type": kind, "challenge": options["challenge"], "origin": self.origin, **changes}
        return encode(json.dumps(client).encode())

    def _wrap(self, response: dict) -> dict:
        return {"id": encode(self.id), "rawId": encode(self.id), "type": "public-key", "response": response}
