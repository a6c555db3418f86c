"""Where Redis, objects and files are."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field

from contract.setting_groups.units import MIB
from contract.setting_kinds import Bucket, CaFile, Folder, HttpUrl, Name, RedisUrl, Secret


class StoreSettings(BaseModel):
    """Where Redis, objects and files are."""

    heading: ClassVar[str] = "where things are"

    redis_url: RedisUrl = Field(
        "redis://127.0.0.1:6379/0",
        description="broker and job records: one server; rediss:// speaks TLS",
        repr=False,  # it may hold a password
    )
    redis_ca_file: CaFile | None = Field(
        None, description="PEM file of the CA for rediss://; unset: the system's CAs"
    )
    handover_bytes: int = Field(
        32 * MIB,
        ge=0,
        le=1024 * MIB,
        description="most memory of Redis for small inputs on their way to a worker, with S3; 0: "
        "workers fetch them",
    )
    data_dir: Folder = Field(
        Path("depthq-data"), description="filesystem store and local Redis data"
    )
    cache_dir: Folder = Field(Path("~/.cache/depthq"), description="fetched weights")
    s3_endpoint_url: HttpUrl | None = Field(
        None, description="S3 server; unset with s3_bucket: AWS"
    )
    s3_public_endpoint_url: HttpUrl | None = Field(
        None, description="the same server as clients see it; signs their URLs"
    )
    s3_bucket: Bucket | None = Field(
        None, description="bucket for inputs and results; unset: they are in data_dir"
    )
    s3_region: Name = Field("us-east-1", description="region that requests are signed for")
    s3_access_key_id: Secret | None = Field(
        None, description="access key id; unset: what boto3 finds (profile, instance role)"
    )
    s3_secret_access_key: Secret | None = Field(None, description="secret of that key id")
    s3_session_token: Secret | None = Field(
        None, description="session token, where the key id is a temporary one"
    )
    s3_ca_file: CaFile | None = Field(
        None, description="PEM file of the CA of the S3 server; unset: the public CAs"
    )
    s3_path_style: bool = Field(
        True, description="bucket in the path, as MinIO wants it; false: in the host name"
    )
    s3_create_bucket: bool = Field(True, description="make the bucket at start if it is missing")
