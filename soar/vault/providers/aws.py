"""Keys in AWS KMS: https://docs.aws.amazon.com/kms/latest/APIReference/. Needs the extra `aws`."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from soar.model.errors import InputError, UnavailableError
from soar.model.ids import Randomness, encode_crockford
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

    Who we are is found as AWS' own libraries find it: role of the machine, variables, profile.

    Args:
        region: of the keys.
        key: id, ARN or alias of the first key.
        randomness: for the aliases of new keys.

    Raises:
        InputError: the extra `aws` is not installed.
    """

    scheme = "aws-kms"

    def __init__(self, *, region: str, key: str, randomness: Randomness) -> None:
        self._client = open_client("kms", region)
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

        def create() -> str:
            made = self._client.create_key(Description="soar: wraps keys of workspaces")["KeyMetadata"]["KeyId"]
            self._client.create_alias(AliasName=_ALIASES + code, TargetKeyId=made)
            return f"{self.scheme}:{made}"

        return await self._call(create)

    async def wrap(self, key: str, data_key: bytes, place: Place) -> bytes:
        """Return the blob as KMS writes it."""
        answer = await self._call(
            lambda: self._client.encrypt(KeyId=_name(key), Plaintext=data_key, EncryptionContext=_describe(key, place)),
            key,
        )
        return bytes(answer["CiphertextBlob"])

    async def unwrap(self, key: str, wrapped: bytes, place: Place) -> bytes:
        """Return the data key again."""
        answer = await self._call(
            lambda: self._client.decrypt(
                KeyId=_name(key), CiphertextBlob=wrapped, EncryptionContext=_describe(key, place)
            ),
            key,
        )
        return bytes(answer["Plaintext"])

    async def destroy(self, key: str) -> None:
        """Schedule the key's deletion: KMS keeps it out of use for seven days, then it is gone."""

        def destroy() -> None:
            if self._is_enabled(_name(key)):
                self._client.schedule_key_deletion(KeyId=_name(key), PendingWindowInDays=_WAITING_DAYS)

        await self._call(destroy)

    def _list(self) -> tuple[str, ...]:
        first = self._client.describe_key(KeyId=self._first)["KeyMetadata"]["KeyId"]
        pages = self._client.get_paginator("list_aliases").paginate()
        ours = [
            alias["TargetKeyId"]
            for page in pages
            for alias in page["Aliases"]
            if alias["AliasName"].startswith(_ALIASES) and "TargetKeyId" in alias
        ]
        return tuple(f"{self.scheme}:{key}" for key in dict.fromkeys((first, *ours)) if self._is_enabled(key))

    def _is_enabled(self, key: str) -> bool:
        return bool(self._client.describe_key(KeyId=key)["KeyMetadata"]["Enabled"])

    async def _call(self, work: Callable[[], T], key: str = "") -> T:
        return await call_aws(work, lambda code: _explain(code, key))


def open_client(service: str, region: str) -> Any:  # noqa: ANN401 -- the library makes its clients at run time
    """Return a client of an AWS service.

    Raises:
        InputError: the extra `aws` is not installed.
    """
    try:
        import boto3  # noqa: PLC0415 -- an extra, and slow to load
    except ImportError as error:
        raise InputError(
            "AWS is asked for, and its library is not installed",
            code="extra_missing",
            hint="install soar with the extra `aws`",
        ) from error
    return boto3.client(service, region_name=region)


async def call_aws(work: Callable[[], T], explain: Callable[[str], Exception]) -> T:
    """Return what a call of an AWS client returns.

    Args:
        work: makes the call.
        explain: turns the code of a refusal into our error.

    Raises:
        Exception: what `explain` made.
        UnavailableError: AWS is not reached, or we have no identity there.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- an extra, and slow to load

    try:
        return await asyncio.to_thread(work)
    except ClientError as error:
        raise explain(str(error.response.get("Error", {}).get("Code", ""))) from error
    except BotoCoreError as error:
        raise say_unavailable(type(error).__name__) from error


def say_unavailable(reason: str) -> UnavailableError:
    """Return the error for a call that AWS did not answer as asked."""
    return UnavailableError(
        f"AWS did not do what was asked: {reason}",
        code="key_provider_unavailable",
        hint="look at the service's role, its policy and the region",
        retry_after=5.0,
    )


def _explain(code: str, key: str) -> Exception:
    if code in _DAMAGED:
        return say_damaged()
    return say_missing(key, ()) if key and code in _MISSING else say_unavailable(code)


def _describe(key: str, place: Place) -> dict[str, str]:
    return {**place.describe(), "key": key}


def _name(key: str) -> str:
    return key.partition(":")[2]
