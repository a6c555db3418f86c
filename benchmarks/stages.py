"""Suite `stages`: what each stage of one image costs, alone, by size of the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from benchmarks import photographs
from benchmarks.contenders import MAX_BATCH
from benchmarks.context import Context
from benchmarks.null_store import NullStore
from benchmarks.timing import milliseconds
from contract.image_header import read_header
from contract.jobs import DepthInfo, ModelInfo
from contract.options import JobOptions
from contract.settings import Settings
from storage.objects.filesystem import FilesystemStore
from storage.objects.protocol import ObjectStore
from storage.objects.s3 import S3Store
from tests.services.choose import choose_s3
from worker.engines.factory import open_engine
from worker.imaging.decode import decode
from worker.imaging.decoder import Decoder
from worker.imaging.reduction import REDUCED_MARGIN
from worker.models.prepare import MODEL, net_size, prepare
from worker.outputs.depth import DEPTH_ENCODERS
from worker.outputs.encoding.about import About
from worker.outputs.encoding.quantise import quantise
from worker.outputs.encoding.upsample import upsample
from worker.outputs.heatmap import Shades, encode_heatmap, heatmap
from worker.outputs.render import Rendered, render
from worker.outputs.view import View

BUCKET = "bench-stages"
_MAX_PIXELS = Settings.model_fields["max_pixels"].default
Step = Callable[[], Any]


def run(context: Context) -> dict[str, Any]:
    """Return p50 and p95 in ms per stage and size, and the bytes that are stored."""
    cv2.setNumThreads(1)  # as in the worker: many images at once, not many threads on one
    settings = Settings(max_batch=MAX_BATCH)
    engine = open_engine(settings)
    engine.load()
    model = engine.describe().at((192, 256))
    server = choose_s3(context.scratch / "s3", {})
    server.start()
    decoder = _decoder(settings)
    try:
        stores: dict[str, ObjectStore] = {
            "null": NullStore(),
            "files": FilesystemStore(context.scratch / "files"),
            server.name: S3Store.from_settings(server.settings(BUCKET)),
        }
        rows = []
        for name in list(photographs.SIZES)[: 2 if context.quick else None]:
            context.say(f"stages: {name}")
            rows += _size(name, engine, model, decoder, stores, context)
    finally:
        decoder.stop()
        server.stop()
    return {"rows": rows, "s3_server": server.name}


def _size(
    name: str, engine: Any, model: ModelInfo, decoder: Decoder,
    stores: dict[str, ObjectStore], context: Context,
) -> list[dict[str, Any]]:  # fmt: skip
    width, height = photographs.SIZES[name]
    data = photographs.jpeg(0, width, height)
    steps = _input_steps(data, decoder)
    prepared = decoder.decode(data)
    batch = np.stack([prepared.tensor] * MAX_BATCH)
    steps["infer, alone"] = lambda: engine.infer(batch[:1])
    steps[f"infer, {MAX_BATCH} together"] = lambda: engine.infer(batch)
    depth = engine.infer(batch[:1])[0]
    small = JobOptions(size="model")
    full = JobOptions()
    rendered = {
        "model": render(View(depth, small, prepared.width, prepared.height, model)),
        "original": render(View(depth, full, prepared.width, prepared.height, model)),
    }
    steps |= _render_steps(depth, prepared.width, prepared.height, model)
    for store_name, store in stores.items():
        for size, files in rendered.items():
            steps[f"store, {store_name}, {size} size"] = _store_step(store, files)
    rows = []
    for step, call in steps.items():
        taken = milliseconds(call, seconds=0.15 if context.quick else 0.6)
        if step.startswith("infer") and "together" in step:
            taken = {key: value / MAX_BATCH for key, value in taken.items()}
        rows.append({"size": name, "stage": step, **taken})
    sizes = {f"{size} {f.output}": len(f.data) for size, r in rendered.items() for f in r.files}
    rows.append({"size": name, "stage": "bytes", "input": len(data), **sizes})
    return rows


def _input_steps(data: bytes, decoder: Decoder) -> dict[str, Step]:
    header = read_header(data)
    side = MODEL.input.decoded_long_side_px(header.height, header.width, REDUCED_MARGIN)
    picture = decode(data, header, _MAX_PIXELS, side)
    target = net_size(picture.height, picture.width)
    return {
        "decode": lambda: decode(data, header, _MAX_PIXELS, side),
        "prepare": lambda: prepare(picture.rgb, *target),
        "decode and prepare in a child": lambda: decoder.decode(data),
    }


def _render_steps(depth: Any, width: int, height: int, model: ModelInfo) -> dict[str, Step]:
    low, high = float(depth.min()), float(depth.max())
    values = upsample(depth, width, height)
    about = About(DepthInfo(min=float(values.min()), max=float(values.max())), model, width, height)
    shades = Shades("inferno")
    pixels = heatmap(depth, low, high, shades, width, height)
    small, full = JobOptions(size="model"), JobOptions()
    return {
        "render, model size": lambda: render(View(depth, small, width, height, model)),
        "render, original size": lambda: render(View(depth, full, width, height, model)),
        "of it: upsample": lambda: upsample(depth, width, height),
        "of it: quantise": lambda: quantise(values, about.depth.min, about.depth.max, np.uint16),
        "of it: encode png16": lambda: DEPTH_ENCODERS["png16"](values, about),
        "of it: color": lambda: heatmap(depth, low, high, shades, width, height),
        "of it: encode jpg": lambda: encode_heatmap(pixels, "jpg"),
    }


def _store_step(store: ObjectStore, rendered: Rendered) -> Step:
    def store_all() -> None:
        for file in rendered.files:
            store.put(f"jobs/2000/01/01/bench/{file.output}", file.data, media_type=file.media_type)
        store.put("jobs/2000/01/01/bench/result.json", b"{}" * 600, media_type="application/json")

    return store_all


def _decoder(settings: Settings) -> Decoder:
    decoder = Decoder(
        processes=1,
        memory_bytes=settings.decode_memory_bytes,
        timeout_s=settings.decode_timeout_s,
        max_pixels=settings.max_pixels,
        max_side_px=settings.max_side_px,
    )
    decoder.start()
    decoder.wait_until_ready()
    return decoder
