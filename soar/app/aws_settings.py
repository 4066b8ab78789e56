"""Where services of AWS are, in the settings."""

from pydantic import BaseModel, ConfigDict, Field


class AwsPlaceSettings(BaseModel):
    """Where a service of AWS is.

    Attributes:
        region: of the service.
        endpoint: its address, `https://host`; empty is the one that AWS gives it in the region.
        is_private: whether its address may be inside the network; then an endpoint with plain `http` will do as well.
        has_machine_role: whether the machine or container may be asked who we are, at the metadata address of its
            cloud; without, variables, a profile or a token file say so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str
    endpoint: str = Field(default="", pattern=r"^(https?://[^/?#@]+/?)?$")
    is_private: bool = False
    has_machine_role: bool = False


class AwsSettings(AwsPlaceSettings):
    """Keys in AWS KMS.

    Attributes:
        key: id, ARN or alias of the first key.
    """

    key: str = "alias/soar-vault"
