"""Every setting, read once from the environment (`DEPTHQ_*`). The only place that reads it.

Without any variable set everything runs on this machine, with files on disk.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from contract.models.declaration import DEFAULT_MODEL
from contract.places import Place, read_place
from contract.setting_kinds import (
    Bucket,
    CaFile,
    Folder,
    Host,
    HostPattern,
    HttpUrl,
    KeyLimit,
    Name,
    NameOrFile,
    Peer,
    PlaceText,
    RedisUrl,
    Secret,
    names_a_host,
)

Engine = Literal["openvino", "onnxruntime", "torch", "simulated"]
ExtraFormat = Literal["tiff", "bmp", "avif", "gif"]
MIB = 1024 * 1024
DAY_S = 86_400


class Settings(BaseSettings):
    """The settings of all packages. Sizes in bytes or pixels, times in seconds, by their suffix.

    The comments between them are the headings of docs/configuration.md.
    """

    model_config = SettingsConfigDict(
        env_prefix="DEPTHQ_",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # what is wrong may hold a secret, be it in the wrong place
    )

    # where things are
    redis_url: RedisUrl = Field(
        "redis://127.0.0.1:6379/0",
        description="broker and job records: one server; rediss:// speaks TLS",
        repr=False,  # it may hold a password
    )
    redis_ca_file: CaFile | None = Field(
        None, description="PEM file of the CA that rediss:// is to trust; unset: the system's"
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
    s3_bucket: Bucket | None = Field(None, description="set: results go to S3; unset: to data_dir")
    s3_region: Name = Field("us-east-1", description="region that requests are signed for")
    s3_access_key_id: Secret | None = Field(
        None, description="unset: what boto3 finds by itself (profile, instance role)"
    )
    s3_secret_access_key: Secret | None = Field(None, description="belongs to the key id")
    s3_session_token: Secret | None = Field(
        None, description="belongs to the key id where it is a temporary one"
    )
    s3_ca_file: CaFile | None = Field(
        None, description="PEM file of the CA that S3 is to be trusted by; unset: the public ones"
    )
    s3_path_style: bool = Field(
        True, description="bucket in the path, as MinIO wants it; false: in the host name"
    )
    s3_create_bucket: bool = Field(True, description="make the bucket at start if it is missing")

    # api
    host: Host = Field("127.0.0.1", description="address to listen on; 0.0.0.0: all")
    port: int = Field(8000, ge=0, le=65_535, description="TCP port to listen on")
    api_threads: int = Field(64, ge=4, le=1024, description="request threads of the HTTP front")
    api_keys: Annotated[tuple[Secret, ...], NoDecode] = Field(
        (), description="comma-separated bearer keys; unset: no login"
    )
    public_url: HttpUrl | None = Field(None, description="prefix of links, when behind a proxy")
    max_upload_bytes: int = Field(
        64 * MIB, ge=1, le=5 * 1024 * MIB, description="largest request body"
    )
    allowed_hosts: Annotated[tuple[HostPattern, ...], NoDecode] = Field(
        (),
        description="names of this service beyond local ones, addresses and public_url's, "
        "comma-separated; `.example.org`: with all below; `*`: every; unset with api_keys: every",
    )
    max_archive_bytes: int = Field(
        4096 * MIB,
        ge=1,
        le=5 * 1024 * MIB,
        description="largest zip or tar of a dataset; S3 takes 5 GiB",
    )
    max_pixels: int = Field(
        120_000_000, ge=1, le=2**31 - 1, description="largest image, width times height"
    )
    max_uploads_bytes: int = Field(
        512 * MIB,
        ge=1,
        le=1024 * 1024 * MIB,
        description="uploads under way, together, before POST answers 429",
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
    key_limits: Annotated[tuple[KeyLimit, ...], NoDecode] = Field(
        (),
        description="limits of single keys instead: beginning of a key's SHA-256=a minute/a day, "
        "comma-separated",
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
        description="of data_dir's disk, in use, from which on POST answers 503, unless 10 GiB are "
        "free; 1: never",
    )
    retention_s: int = Field(
        7 * DAY_S, ge=1, le=3650 * DAY_S, description="how long inputs and results are kept"
    )
    presign_expires_s: int = Field(
        3_600, ge=1, le=7 * DAY_S, description="life of a presigned URL; S3 takes a week"
    )
    url_sources: bool = Field(False, description='accept {"source": {"url": …}}')
    extra_formats: Annotated[tuple[ExtraFormat, ...], NoDecode] = Field(
        (),
        description="formats beyond JPEG, PNG, WebP, HEIC and AVIF, "
        "comma-separated; `avif` needs no naming any more",
    )
    webhook_secret: Secret | None = Field(None, description="whsec_…; unset: webhooks refused")
    webhook_allow: Annotated[tuple[PlaceText, ...], NoDecode] = Field(
        (),
        description="private receivers of webhooks, comma-separated: host, host:port, network, "
        "network:port; without a port: 80 and 443",
    )

    # worker
    engine: Engine = Field("openvino", description="what computes; `simulated` only sleeps")
    precision: Literal["auto", "fp32", "bf16", "int8"] = Field(
        "auto",
        description="auto: bf16 where the CPU has it natively, else fp32; int8 is refused for now",
    )
    models: Annotated[tuple[Name, ...], NoDecode] = Field(
        (DEFAULT_MODEL,),
        min_length=1,
        description="models that a worker holds, comma-separated names of `depthq models list`",
    )
    weights: NameOrFile | None = Field(
        None,
        description="a weights id or a file for midas_small, or `model=id or file` for each, by "
        "comma; unset: the published weights if fetched, else, of midas_small, the bundled",
    )
    max_batch: int = Field(8, ge=1, le=64, description="images computed at once, at most")
    max_batch_latency_ms: float = Field(
        1_000.0, gt=0, le=600_000, description="batches expected to take longer are made smaller"
    )
    concurrency: int = Field(
        16, ge=1, le=1024, description="jobs of a worker at once, twice max_batch"
    )
    infer_threads: int = Field(0, ge=0, le=1024, description="0: the cores this process is given")
    infer_streams: int = Field(
        0, ge=0, le=64, description="batches computed side by side; 0: as the cores suggest"
    )
    decode_processes: int = Field(0, ge=0, le=256, description="0: the cores this process is given")
    decode_memory_bytes: int = Field(
        1024 * MIB, ge=64 * MIB, le=64 * 1024 * MIB, description="address space of a decoding child"
    )
    decode_timeout_s: float = Field(20.0, gt=0, le=600, description="wall time of one decode")
    max_side_px: int = Field(
        4096, ge=1, le=32_767, description="larger images are downsampled while decoding"
    )
    result_cache: bool = Field(
        False, description="answer the same picture, options and API key by the earlier result"
    )
    lease_s: float = Field(6.0, gt=0, le=600, description="how long a silent worker keeps a job")
    max_attempts: int = Field(
        3, ge=1, le=100, description="deliveries before a job counts as poisoned"
    )
    reconcile_interval_s: float = Field(
        2.0, gt=0, le=600, description="how often lost jobs are looked for"
    )
    visibility_timeout_s: int = Field(
        120, ge=1, le=DAY_S, description="when Redis hands an unacked message on"
    )
    metrics_port: int = Field(
        0, ge=0, le=65_535, description="worker's own /metrics, /healthz, /readyz; 0: none"
    )
    simulated_item_ms: float = Field(
        10.0,
        ge=0,
        le=60_000,
        description="what an item of s3://null/<count> takes, engine simulated",
    )
    dataset_buckets: Annotated[tuple[Bucket, ...], NoDecode] = Field(
        (), description="buckets that datasets may read, comma-separated"
    )
    dataset_output_buckets: Annotated[tuple[Bucket, ...], NoDecode] = Field(
        (), description="buckets that datasets may write; with API keys, each key its own folder"
    )

    # client
    url: HttpUrl | None = Field(
        None, description="service the client talks to; unset: host and port"
    )
    api_key: Secret | None = Field(None, description="bearer key the client sends")
    debug: bool = Field(False, description="show tracebacks instead of one-line errors")

    # logs
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="auto: text on a terminal"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least severe lines that are logged"
    )

    @field_validator(
        "api_keys",
        "key_limits",
        "extra_formats",
        "webhook_allow",
        "dataset_buckets",
        "dataset_output_buckets",
        "allowed_hosts",
        "models",
        mode="before",
    )
    @classmethod
    def _divide(cls, value: object, info: ValidationInfo) -> object:
        """Divide a list at its commas. One that is set and holds nothing is a slip.

        Blank may mean none, but for keys: a login that was asked for is never left out.
        """
        if not isinstance(value, str):
            return value
        parts = tuple(part.strip() for part in value.split(",") if part.strip())
        if not parts and (value.strip() or info.field_name == "api_keys"):
            raise ValueError("is set and names nothing; unset it if that is meant")
        return parts

    @model_validator(mode="after")
    def _s3_fits(self) -> Self:
        if (self.s3_access_key_id is None) != (self.s3_secret_access_key is None):
            raise ValueError("DEPTHQ_S3_ACCESS_KEY_ID and DEPTHQ_S3_SECRET_ACCESS_KEY go together")
        if self.s3_session_token and not self.s3_access_key_id:
            raise ValueError("DEPTHQ_S3_SESSION_TOKEN belongs to a DEPTHQ_S3_ACCESS_KEY_ID")
        if not self.s3_path_style and not names_a_host(self.s3_endpoint_url, self.s3_bucket):
            raise ValueError(
                "DEPTHQ_S3_PATH_STYLE=false puts the bucket before the host's name: it needs an "
                "endpoint with a name, not a number, and with TLS a bucket without dots"
            )
        return self

    @property
    def webhook_places(self) -> tuple[Place, ...]:
        """The private places that webhooks may go to."""
        return tuple(read_place(text) for text in self.webhook_allow)


def environment(**changes: object) -> dict[str, str]:
    """Return this process's environment for a child, with settings changed; None unsets one."""
    changed = {f"DEPTHQ_{name.upper()}": value for name, value in changes.items()}
    kept = {name: value for name, value in os.environ.items() if name not in changed}
    return kept | {name: str(value) for name, value in changed.items() if value is not None}
