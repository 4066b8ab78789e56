"""An anchor that is a bucket with object lock: what is there cannot be deleted or replaced before its time."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from importlib.util import find_spec

from soar.app.anchors.anchor import Receipt, refuse
from soar.app.anchors.settings import S3AnchorSettings
from soar.model.audit import AnchorState, Checkpoint
from soar.model.clock import Clock
from soar.model.errors import InputError


class S3Anchor:
    """Puts the newest checkpoint as an object of its own, locked in compliance mode.

    Args:
        settings: which bucket.
        clock: for the day that the lock ends.

    Raises:
        InputError: the library is not installed.
    """

    def __init__(self, settings: S3AnchorSettings, clock: Clock) -> None:
        if find_spec("boto3") is None:
            raise InputError(
                "an anchor in S3 needs the extra `aws`", code="extra_missing", hint="pip install 'soar[aws]'"
            )
        self._settings = settings
        self._clock = clock

    @property
    def name(self) -> str:
        """The bucket and the prefix."""
        return f"s3://{self._settings.bucket}/{self._settings.prefix}"

    @property
    def every(self) -> float:
        """Seconds between objects."""
        return self._settings.every

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:  # noqa: ARG002 -- an `Anchor`
        """Put the newest checkpoint.

        Raises:
            UnavailableError: the bucket does not take it.
        """
        newest = missed[-1]
        await asyncio.to_thread(self._put, newest)
        return Receipt(newest.size)

    def _put(self, checkpoint: Checkpoint) -> None:
        import boto3  # noqa: PLC0415 -- an extra, and slow to load
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- as above

        settings = self._settings
        try:
            boto3.client("s3", region_name=settings.region or None, endpoint_url=settings.endpoint or None).put_object(
                Bucket=settings.bucket,
                Key=f"{settings.prefix}{checkpoint.size:020}.txt",
                Body=checkpoint.note.encode(),
                ContentType="text/plain; charset=utf-8",
                ChecksumAlgorithm="SHA256",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=self._clock.now() + timedelta(days=settings.days),
            )
        except (BotoCoreError, ClientError) as error:
            raise refuse(self.name, error) from error
