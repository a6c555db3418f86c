"""What the API listens to, accepts and limits."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from contract.setting_groups.units import DAY_S, MIB
from contract.setting_kinds import (
    CommaSeparated,
    Host,
    HostPattern,
    HttpUrl,
    KeyLimit,
    Peer,
    PlaceText,
    Secret,
)

ExtraFormat = Literal["tiff", "bmp", "avif", "gif"]


class ApiSettings(BaseModel):
    """What the API listens to, accepts and limits."""

    heading: ClassVar[str] = "API"

    host: Host = Field("127.0.0.1", description="address to listen on; 0.0.0.0: all")
    port: int = Field(8000, ge=0, le=65_535, description="TCP port to listen on")
    api_threads: int = Field(64, ge=4, le=1024, description="request threads of the HTTP front")
    api_keys: CommaSeparated[Secret] = Field(
        (), description="comma-separated bearer keys; unset: no login"
    )
    public_url: HttpUrl | None = Field(None, description="prefix of links, when behind a proxy")
    max_upload_bytes: int = Field(
        64 * MIB, ge=1, le=5 * 1024 * MIB, description="largest request body"
    )
    allowed_hosts: CommaSeparated[HostPattern] = Field(
        (),
        description="host names that are answered, besides local ones, addresses and public_url's; "
        "comma-separated; `.example.org`: all below it too; `*`: any; unset with api_keys: any",
    )
    max_archive_bytes: int = Field(
        4096 * MIB,
        ge=1,
        le=5 * 1024 * MIB,
        description="largest zip or tar of a dataset; S3 takes 5 GiB",
    )
    max_video_bytes: int = Field(2048 * MIB, ge=1, le=5 * 1024 * MIB, description="largest video")
    max_video_s: float = Field(
        3600.0, gt=0, le=10**6, description="longest part of a video, in seconds"
    )
    max_video_frames: int = Field(
        250_000, ge=1, le=10**7, description="most frames of a video, before any are left out"
    )
    max_pixels: int = Field(
        120_000_000, ge=1, le=2**31 - 1, description="largest image, width times height"
    )
    max_uploads_bytes: int = Field(
        512 * MIB,
        ge=1,
        le=1024 * 1024 * MIB,
        description="bytes of unfinished uploads, together, at which POST answers 429",
    )
    rate_per_minute: int = Field(
        0,
        ge=0,
        le=10**9,
        description="submissions of one key, or address without keys; 0: no limit",
    )
    quota_per_day: int = Field(
        0,
        ge=0,
        le=10**9,
        description="accepted submissions of one key or address a day; 0: no limit",
    )
    key_limits: CommaSeparated[KeyLimit] = Field(
        (),
        description="other limits for single keys, comma-separated: beginning of the key's "
        "SHA-256=per minute/per day",
    )
    trusted_proxy: Peer | None = Field(
        None, description="peer whose X-Forwarded-For is believed; `*`: every peer; unset: none"
    )
    max_backlog: int = Field(
        10_000, ge=1, le=10**7, description="queued jobs before POST answers 429"
    )
    max_disk_share: float = Field(
        0.85,
        gt=0,
        le=1,
        description="share of data_dir's disk in use at which POST answers 503, unless 10 GiB are "
        "free; 1: never",
    )
    accept_unserved_models: bool = Field(
        False, description="accept jobs for known models that no worker holds now: they wait"
    )
    immediate_deadline_s: int = Field(
        10, ge=1, le=60, description="how long POST /v1/depth waits at most"
    )
    immediate_max_bytes: int = Field(
        16 * MIB,
        ge=1,
        le=30 * MIB,
        description="largest picture and largest answer of POST /v1/depth; Redis passes on 32 MiB",
    )
    retention_s: int = Field(
        7 * DAY_S, ge=1, le=3650 * DAY_S, description="how long inputs and results are kept"
    )
    presign_expires_s: int = Field(
        3_600, ge=1, le=7 * DAY_S, description="life of a presigned URL; S3 takes a week"
    )
    url_sources: bool = Field(False, description="fetch images from URLs that jobs name")
    extra_formats: CommaSeparated[ExtraFormat] = Field(
        (),
        description="formats beyond JPEG, PNG, WebP, HEIC and AVIF, "
        "comma-separated; `avif` is always on",
    )
    webhook_secret: Secret | None = Field(
        None, description="signing key, whsec_…; unset: no webhooks"
    )
    webhook_allow: CommaSeparated[PlaceText] = Field(
        (),
        description="private receivers of webhooks, comma-separated: host, host:port, network, "
        "network:port; without a port: 80 and 443",
    )
