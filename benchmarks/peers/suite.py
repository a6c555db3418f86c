"""Suite `peers`: the whole service against other ways to serve the same model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import contenders, photographs
from benchmarks.celery_contender import PlainCelery
from benchmarks.compare import compare
from benchmarks.contenders import AtOnce, Service, in_memory
from benchmarks.context import Context


def run(context: Context) -> dict[str, Any]:
    """Return the comparison at network size for VGA, and at original size for 1080p."""
    small = photographs.files(context.scratch / "images", 8, 640, 480)
    large = photographs.files(context.scratch / "images", 4, 1920, 1080)
    rounds, seconds = (1, 5.0) if context.quick else (3, 6.0)
    return {
        "vga": compare(
            _at_network_size(context, context.scratch / "vga", small),
            rounds=rounds, seconds=seconds, say=context.say,
        ),
        "full_hd": compare(
            _at_original_size(context, context.scratch / "full", large),
            rounds=rounds, seconds=seconds, say=context.say,
        ),
    }  # fmt: skip


def _at_network_size(context: Context, folder: Path, images: list[Path]) -> dict[str, Any]:
    return {
        "plain": lambda: contenders.plain(folder / "plain", images),
        "s3": lambda: Service("service, S3", folder / "s3", images, s3=True),
        **in_memory(context, images),
        "at once": lambda: AtOnce(folder / "at-once", images),
        **_peers(folder, images, "nothing"),
        **_peers(folder, images, "s3"),
    }


def _peers(folder: Path, images: list[Path], keeps: str) -> dict[str, Any]:
    """Return the makers of the peers that keep `nothing` or all in `s3`, as the service does."""
    here = folder / keeps
    return {
        f"litserve {keeps}": lambda: contenders.litserve(here / "litserve", images, keeps),
        f"bentoml {keeps}": lambda: contenders.bentoml(here / "bentoml", images, keeps),
        f"celery {keeps}": lambda: PlainCelery(here / "celery", images, keeps),
    }


def _at_original_size(context: Context, folder: Path, images: list[Path]) -> dict[str, Any]:
    return {
        "plain": lambda: contenders.plain(folder / "plain", images, original_size=True),
        "s3": lambda: Service("service, S3", folder / "s3", images, s3=True, query="size=original"),
        **in_memory(context, images, "size=original"),
    }
