"""Every setting, read once from the environment (`DEPTHQ_*`). The only place that reads it.

Without any variable set everything runs on this machine, with files on disk.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Engine = Literal["openvino", "onnxruntime", "torch", "simulated"]
ExtraFormat = Literal["tiff", "bmp", "avif", "gif"]
KeyLimit = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}=\d{1,9}/\d{1,9}$")]
MIB = 1024 * 1024


class Settings(BaseSettings):
    """The settings of all rooms. Sizes in bytes or pixels, times in seconds, by their suffix.

    The comments between them are the headings of docs/configuration.md.
    """

    model_config = SettingsConfigDict(
        env_prefix="DEPTHQ_",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # what is wrong may hold a secret, be it in the wrong place
    )

    # where things are
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="broker and job records",
        repr=False,  # it may hold a password
    )
    data_dir: Path = Field(Path("depthq-data"), description="filesystem store and local Redis data")
    cache_dir: Path = Field(Path("~/.cache/depthq"), description="fetched weights")
    s3_endpoint_url: str | None = Field(None, description="S3 server; unset with s3_bucket: AWS")
    s3_public_endpoint_url: str | None = Field(
        None, description="the same server as clients see it; signs their URLs"
    )
    s3_bucket: str | None = Field(None, description="set: results go to S3; unset: to data_dir")
    s3_region: str = Field("us-east-1", description="region that requests are signed for")
    s3_access_key_id: SecretStr | None = Field(
        None, description="unset: what boto3 finds by itself (profile, instance role)"
    )
    s3_secret_access_key: SecretStr | None = Field(None, description="belongs to the key id")
    s3_path_style: bool = Field(True, description="bucket in the path, as MinIO wants it")
    s3_create_bucket: bool = Field(True, description="make the bucket at start if it is missing")

    # api
    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0: all")
    port: int = Field(8000, ge=0, le=65_535, description="TCP port to listen on")
    api_threads: int = Field(64, ge=4, description="request threads of the HTTP front")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="comma-separated bearer keys; empty: no login"
    )
    public_url: str | None = Field(None, description="prefix of links, when behind a proxy")
    max_upload_bytes: int = Field(64 * MIB, description="largest request body")
    max_archive_bytes: int = Field(
        4096 * MIB, le=5 * 1024 * MIB, description="largest zip or tar of a dataset; S3 takes 5 GiB"
    )
    max_pixels: int = Field(120_000_000, description="largest image, width times height")
    max_uploads_bytes: int = Field(
        512 * MIB, description="uploads under way, together, before POST answers 429"
    )
    rate_per_minute: int = Field(
        0, ge=0, description="submissions of one key, or address without keys; 0: no limit"
    )
    quota_per_day: int = Field(
        0, ge=0, description="accepted submissions of one key or address a day; 0: no limit"
    )
    key_limits: Annotated[tuple[KeyLimit, ...], NoDecode] = Field(
        (),
        description="limits of single keys instead: beginning of a key's SHA-256=a minute/a day, "
        "comma-separated",
    )
    trusted_proxy: str | None = Field(
        None, description="peer whose X-Forwarded-For is believed; `*`: every peer; unset: none"
    )
    max_backlog: int = Field(10_000, description="queued jobs before POST answers 429")
    max_disk_share: float = Field(
        0.85,
        gt=0,
        le=1,
        description="of data_dir's disk, in use, from which on POST answers 503, unless 10 GiB are "
        "free; 1: never",
    )
    retention_s: int = Field(7 * 86_400, description="how long inputs and results are kept")
    presign_expires_s: int = Field(3_600, description="life of a presigned URL")
    url_sources: bool = Field(False, description='accept {"source": {"url": …}}')
    extra_formats: Annotated[tuple[ExtraFormat, ...], NoDecode] = Field(
        (), description="formats beyond JPEG, PNG and WebP, comma-separated"
    )
    webhook_secret: SecretStr | None = Field(None, description="whsec_…; unset: webhooks refused")

    # worker
    engine: Engine = Field("openvino", description="what computes; `simulated` only sleeps")
    precision: Literal["auto", "fp32", "bf16", "int8"] = Field(
        "auto",
        description="auto: bf16 where the CPU has it natively, else fp32; int8 is refused for now",
    )
    model: str = Field("midas_small", description="a name of `depthq weights list`")
    weights: str | None = Field(
        None,
        description="a weights id or a file; unset: the published weights if fetched, else bundled",
    )
    max_batch: int = Field(8, ge=1, le=64, description="images computed at once, at most")
    max_batch_latency_ms: float = Field(
        1_000.0, gt=0, description="batches expected to take longer are made smaller"
    )
    concurrency: int = Field(16, ge=1, description="task threads of a worker, twice max_batch")
    infer_threads: int = Field(0, ge=0, description="0: the cores this process is given")
    infer_streams: int = Field(
        0, ge=0, description="batches computed side by side; 0: as the cores suggest"
    )
    decode_processes: int = Field(0, ge=0, description="0: the cores this process is given")
    decode_memory_bytes: int = Field(1024 * MIB, description="address space of a decoding child")
    decode_timeout_s: float = Field(20.0, description="wall time of one decode")
    max_side_px: int = Field(4096, description="larger images are downsampled while decoding")
    result_cache: bool = Field(
        False, description="answer the same picture, options and API key by the earlier result"
    )
    lease_s: float = Field(6.0, description="how long a silent worker keeps a job")
    max_attempts: int = Field(3, description="deliveries before a job counts as poisoned")
    reconcile_interval_s: float = Field(2.0, description="how often lost jobs are looked for")
    visibility_timeout_s: int = Field(120, description="when Redis hands an unacked message on")
    metrics_port: int = Field(0, description="worker's own /metrics, /healthz, /readyz; 0: none")
    simulated_item_ms: float = Field(
        10.0, ge=0, description="what an item of s3://null/<count> takes, engine simulated"
    )
    dataset_buckets: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="buckets that datasets may read, comma-separated"
    )

    # client
    url: str | None = Field(None, description="service the client talks to; unset: host and port")
    api_key: SecretStr | None = Field(None, description="bearer key the client sends")
    debug: bool = Field(False, description="show tracebacks instead of one-line errors")

    # logs
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="auto: text on a terminal"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least severe lines that are logged"
    )

    @field_validator("api_keys", "key_limits", "extra_formats", "dataset_buckets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("cache_dir", "data_dir")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser()


def environment(**changes: object) -> dict[str, str]:
    """Return this process's environment for a child, with settings changed; None unsets one."""
    changed = {f"DEPTHQ_{name.upper()}": value for name, value in changes.items()}
    kept = {name: value for name, value in os.environ.items() if name not in changed}
    return kept | {name: str(value) for name, value in changed.items() if value is not None}
