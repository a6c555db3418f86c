"""Suite `service`: HTTP → Redis → worker → store on the same cores, against the bare engine."""

from __future__ import annotations

from typing import Any

from benchmarks import photographs
from benchmarks.compare import compare
from benchmarks.contenders import AtOnce, BareEngine, Service, in_memory
from benchmarks.context import Context

SHARES = (0.3, 0.6, 0.9)  # of the saturation rate, for the open loop


def run(context: Context) -> dict[str, Any]:
    """Return saturation and open-loop figures, for S3 and for the filesystem store."""
    images = photographs.files(context.scratch / "images", 8, 640, 480)
    folder = context.scratch
    makers = {
        "bare": BareEngine,
        "bare, one stream": lambda: BareEngine("bare engine, one stream", 1),
        "s3": lambda: Service("service, S3", folder / "s3", images, s3=True),
        **in_memory(context, images),
        "files": lambda: Service("service, files", folder / "files", images, s3=False),
        "at once": lambda: AtOnce(folder / "at-once", images),
    }
    rounds, seconds = (1, 5.0) if context.quick else (3, 6.0)
    results = compare(makers, rounds=rounds, seconds=seconds, say=context.say)
    results["s3_server"] = _s3_server(results)
    saturation = results["rows"]["service, S3"]["images_per_s"]
    results["open_loop"] = _open_loop(context, images, saturation)
    return results


def _open_loop(context: Context, images: Any, saturation: float) -> list[dict[str, Any]]:
    """Return latencies at fixed rates of random arrivals, below what the service can bear."""
    service = Service("open loop", context.scratch / "open", images, s3=True)
    rows = []
    try:
        for share in SHARES[:1] if context.quick else SHARES:
            outcome = service.measure(4.0 if context.quick else 8.0, rate=share * saturation)
            rows.append({"share": share, "arrivals_per_s": share * saturation, **outcome.to_json()})
            context.say(f"  open loop at {share:.0%}: p95 {outcome.p95_ms:.0f} ms")
    finally:
        service.stop()
    return rows


def _s3_server(results: dict[str, Any]) -> str:
    clocks = results["rows"]["service, S3"]["cpu_ms"]
    return next((n for n in ("minio", "versitygw", "moto") if n in clocks), "another")
