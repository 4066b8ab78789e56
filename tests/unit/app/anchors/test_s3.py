from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from soar.app.anchors.s3 import S3Anchor
from soar.app.anchors.settings import S3AnchorSettings
from soar.model.audit import AnchorState
from soar.model.errors import UnavailableError
from tests.support.anchors import Grow
from tests.support.clock import START, SteppedClock

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
STATE = AnchorState(name="s3")
REGION = "eu-central-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


async def test_the_newest_checkpoint_is_put_and_locked(aws: None, grow: Grow, clock: SteppedClock) -> None:
    client = boto3.client("s3", region_name=REGION)
    client.create_bucket(
        Bucket="worm", ObjectLockEnabledForBucket=True, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    anchor = S3Anchor(S3AnchorSettings(kind="s3", bucket="worm", region=REGION, days=30), clock)
    missed = [await grow(), await grow(2)]
    assert (await anchor.take(missed, STATE)).size == 3
    (listed,) = client.list_objects_v2(Bucket="worm")["Contents"]
    assert listed["Key"] == "soar-checkpoints/00000000000000000003.txt"
    found = client.get_object(Bucket="worm", Key=listed["Key"])
    assert found["Body"].read().decode() == missed[-1].note
    assert found["ObjectLockMode"] == "COMPLIANCE"
    assert found["ObjectLockRetainUntilDate"] == START + timedelta(days=30)


async def test_a_bucket_that_is_not_there_is_told_of(aws: None, grow: Grow, clock: SteppedClock) -> None:
    anchor = S3Anchor(S3AnchorSettings(kind="s3", bucket="gone", region=REGION), clock)
    with pytest.raises(UnavailableError, match="NoSuchBucket"):
        await anchor.take([await grow()], STATE)
