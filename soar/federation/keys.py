"""The public keys that an identity provider signs with (RFC 7517), and signatures checked with them."""

from collections.abc import Mapping
from typing import TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from soar.federation.discovery import ALGORITHMS, Foreign, read_document, refuse_provider

PublicKey: TypeAlias = RSAKey | ECKey | OKPKey

_KINDS: Mapping[str, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_KIND_OF = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
_SHORTEST_RSA = 2048  # bits (NIST SP 800-131A)


class _KeySet(Foreign):
    keys: list[dict[str, object]]


class Key:
    """A key, and what it may be used for.

    Args:
        document: a JSON Web Key of one of our kinds.

    Raises:
        ValueError: it is no key, or too short.
    """

    def __init__(self, document: Mapping[str, object]) -> None:
        self.kind = str(document["kty"])
        named, algorithm = document.get("kid"), document.get("alg")
        self.id = named if isinstance(named, str) else None
        self._algorithm = algorithm if isinstance(algorithm, str) else None
        self._key = _KINDS[self.kind].import_key({name: str(document[name]) for name in _FIELDS[self.kind]})
        if isinstance(self._key, RSAKey) and self._key.public_key.key_size < _SHORTEST_RSA:
            raise ValueError("an RSA key has at least 2048 bits")

    def may_check(self, algorithm: str) -> bool:
        """Whether it is a key for signatures of this kind."""
        return _KIND_OF.get(algorithm) == self.kind and self._algorithm in {None, algorithm}

    def verify(self, algorithm: str, signed: bytes, signature: bytes) -> bool:
        """Say whether a signature is right; the key has to be for signatures of this kind."""
        return self.may_check(algorithm) and JWSRegistry.algorithms[algorithm].verify(signed, signature, self._key)


class KeyRing:
    """An identity provider's keys.

    Args:
        keys: those that can be used.
    """

    def __init__(self, keys: tuple[Key, ...]) -> None:
        self._keys = keys

    def find(self, id_: str | None, algorithm: str) -> Key | None:
        """Return the key of this id for this algorithm; without an id, the only one there is for the algorithm."""
        fit = [key for key in self._keys if key.may_check(algorithm) and id_ in {None, key.id}]
        return fit[0] if len(fit) == 1 else None


def parse_keys(raw: bytes) -> KeyRing:
    """Read a set of keys. Those for other purposes are passed over.

    Raises:
        InputError: none can be used, or a private or shared one lies open (`sign_on.insecure`); or the document does
            not fit (`sign_on.malformed`).
    """
    documents = read_document(raw, _KeySet, "the set of keys").keys
    if any(document.get("kty") == "oct" or "d" in document for document in documents):
        raise refuse_provider("a key that has to be secret lies open among its public ones")
    keys = tuple(key for document in documents if (key := _read_key(document)) is not None)
    if not keys:
        raise refuse_provider("it has no key to check a signature with")
    return KeyRing(keys)


_FIELDS = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y"), "OKP": ("kty", "crv", "x")}


def _read_key(document: Mapping[str, object]) -> Key | None:
    """Return a key; None if it is for something else, or too weak."""
    kind, operations = document.get("kty"), document.get("key_ops", ["verify"])
    if not isinstance(kind, str) or kind not in _KINDS or document.get("use", "sig") != "sig":
        return None
    if not isinstance(operations, list) or "verify" not in operations or document.get("alg", "RS256") not in ALGORITHMS:
        return None
    if document.get("crv") != _CURVES.get(kind):
        return None
    if not all(isinstance(document.get(name), str) for name in _FIELDS[kind]):
        return None
    try:
        return Key(document)
    except (JoseError, ValueError):
        return None
