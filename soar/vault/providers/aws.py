"""Keys in AWS KMS: https://docs.aws.amazon.com/kms/latest/APIReference/. Needs the extra `aws`."""

from collections.abc import Callable
from typing import Any, TypeVar

from soar.model.ids import Randomness, encode_crockford
from soar.model.network import Egress
from soar.vault.amazon import AwsClient, AwsPlace, say_unavailable
from soar.vault.cipher import Place, say_damaged
from soar.vault.keys import say_missing

T = TypeVar("T")

_ALIASES = "alias/soar-vault-"
_WAITING_DAYS = 7  # the least that KMS waits before a key is gone
_DAMAGED = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_MISSING = frozenset({"NotFoundException", "KMSInvalidStateException", "DisabledException"})
_SUFFIX_LENGTH, _SUFFIX_BYTES = 8, 5


class AwsKeyProvider:
    """Lets KMS wrap. The keys never leave it; each blob is bound to its place by the encryption context.

    Args:
        place: where KMS is.
        key: id, ARN or alias of the first key.
        egress: the way out.
        randomness: for the aliases of new keys.

    Raises:
        InputError: the extra `aws` is not installed.
    """

    scheme = "aws-kms"

    def __init__(self, place: AwsPlace, *, key: str, egress: Egress, randomness: Randomness) -> None:
        self._client = AwsClient("kms", place, egress)
        self._first = key
        self._randomness = randomness

    def __repr__(self) -> str:
        return f"AwsKeyProvider({self._first})"

    async def list(self) -> tuple[str, ...]:
        """Return the ids, each `aws-kms:` and the key's id: the first, then those with an alias `soar-vault-…`."""
        return await self._call(self._list)

    async def create(self) -> str:
        """Make a symmetric key with an alias of ours and return its id."""
        code = encode_crockford(self._randomness.bytes(_SUFFIX_BYTES), _SUFFIX_LENGTH)

        def create(kms: Any) -> str:  # noqa: ANN401 -- the library makes its clients at run time
            made = str(kms.create_key(Description="soar: wraps keys of workspaces")["KeyMetadata"]["KeyId"])
            kms.create_alias(AliasName=_ALIASES + code, TargetKeyId=made)
            return f"{self.scheme}:{made}"

        return await self._call(create)

    async def wrap(self, key: str, data_key: bytes, place: Place) -> bytes:
        """Return the blob as KMS writes it."""
        answer = await self._call(
            lambda kms: kms.encrypt(KeyId=_name(key), Plaintext=data_key, EncryptionContext=_describe(key, place)),
            key,
        )
        return bytes(answer["CiphertextBlob"])

    async def unwrap(self, key: str, wrapped: bytes, place: Place) -> bytes:
        """Return the data key again."""
        answer = await self._call(
            lambda kms: kms.decrypt(KeyId=_name(key), CiphertextBlob=wrapped, EncryptionContext=_describe(key, place)),
            key,
        )
        return bytes(answer["Plaintext"])

    async def destroy(self, key: str) -> None:
        """Schedule the key's deletion: KMS keeps it out of use for seven days, then it is gone."""

        def destroy(kms: Any) -> None:  # noqa: ANN401 -- as above
            if _is_enabled(kms, _name(key)):
                kms.schedule_key_deletion(KeyId=_name(key), PendingWindowInDays=_WAITING_DAYS)

        await self._call(destroy)

    def _list(self, kms: Any) -> tuple[str, ...]:  # noqa: ANN401 -- as above
        first = kms.describe_key(KeyId=self._first)["KeyMetadata"]["KeyId"]
        pages = kms.get_paginator("list_aliases").paginate()
        ours = [
            alias["TargetKeyId"]
            for page in pages
            for alias in page["Aliases"]
            if alias["AliasName"].startswith(_ALIASES) and "TargetKeyId" in alias
        ]
        return tuple(f"{self.scheme}:{key}" for key in dict.fromkeys((first, *ours)) if _is_enabled(kms, key))

    async def _call(self, work: Callable[[Any], T], key: str = "") -> T:
        return await self._client.call(work, lambda code: _explain(code, key))


def _is_enabled(kms: Any, key: str) -> bool:  # noqa: ANN401 -- as above
    return bool(kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"])


def _explain(code: str, key: str) -> Exception:
    if code in _DAMAGED:
        return say_damaged()
    return say_missing(key, ()) if key and code in _MISSING else say_unavailable(code)


def _describe(key: str, place: Place) -> dict[str, str]:
    return {**place.describe(), "key": key}


def _name(key: str) -> str:
    return key.partition(":")[2]
