"""How a worker decodes, computes and holds its jobs."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from contract.models.declaration import DEFAULT_MODEL
from contract.setting_groups.units import DAY_S, MIB
from contract.setting_kinds import Bucket, CommaSeparated, HttpUrl, Name, NameOrFile

Engine = Literal["openvino", "onnxruntime", "torch", "simulated"]


class WorkerSettings(BaseModel):
    """How a worker decodes, computes and holds its jobs."""

    heading: ClassVar[str] = "worker"

    engine: Engine = Field(
        "openvino", description="runtime of the network; `simulated` only sleeps"
    )
    precision: Literal["auto", "fp32", "bf16", "int8"] = Field(
        "auto",
        description="auto: bf16 where the CPU has it natively, else fp32; int8 is refused for now",
    )
    models: CommaSeparated[Name] = Field(
        (DEFAULT_MODEL,),
        min_length=1,
        description="models that a worker holds, comma-separated names of `depthq models list`",
    )
    weights: NameOrFile | None = Field(
        None,
        description="a weights id or a file for midas_small, or `model=id or file` for each, by "
        "comma; unset: the published weights if fetched, else, of midas_small, the bundled",
    )
    weights_mirror: HttpUrl | None = Field(
        None, description="folder from which weights are fetched under their published names"
    )
    max_batch: int = Field(
        8,
        ge=1,
        le=64,
        description="images computed at once, at most; unset: about 4, or up to 16 where that is "
        "cheaper",
    )
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
        2.0, gt=0, le=600, description="s between checks for lost jobs"
    )
    visibility_timeout_s: int = Field(
        120, ge=1, le=DAY_S, description="s until an unacknowledged message is delivered again"
    )
    metrics_port: int = Field(
        0, ge=0, le=65_535, description="worker's own /metrics, /healthz, /readyz; 0: none"
    )
    dataset_buckets: CommaSeparated[Bucket] = Field(
        (), description="buckets that datasets may read, comma-separated"
    )
    dataset_output_buckets: CommaSeparated[Bucket] = Field(
        (), description="buckets that datasets may write; with API keys, each key its own folder"
    )
