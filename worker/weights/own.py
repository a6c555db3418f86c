"""Adds a model of one's own: checks an ONNX file on a rendered scene, then keeps it with its TOML.

See contract.models.own for where they lie and what the TOML says.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.models.own import OwnModel, own_folder
from contract.models.registry import find_model
from contract.settings import Settings
from worker.engines.factory import build_engine
from worker.engines.protocol import EngineError
from worker.machine import memory_used
from worker.models.prepare import prepare
from worker.weights.errors import WeightsError
from worker.weights.files import sha256_of, write_whole
from worker.weights.resolve import Artefact
from worker.weights.scene import agreement, scene

AGREES, CONTRADICTS = 0.2, -0.2  # correlation with the scene's inverse depth


@dataclass(frozen=True)
class Added:
    """A model that was added, and how its depth of the scene agrees with the truth, -1…1."""

    own: OwnModel
    path: Path
    agreement: float


def add(settings: Settings, source: Path, own: OwnModel, *, force: bool = False) -> Added:
    """Check `source`, an ONNX file, as `own` declares it, and keep both; WeightsError says why not.

    `force` keeps it although its depth seems to be upside down, and in the place of an older one.
    """
    if find_model(own.name) is not None:
        raise WeightsError(f"{own.name}: that name is taken; --name gives another")
    folder = own_folder(settings.cache_dir)
    target = folder / f"{own.name}.onnx"
    if target.exists() and not force:
        raise WeightsError(f"{own.name} is here already ({target}); --force replaces it")
    own = own.model_copy(update={"max_batch": _max_batch(source, own)})
    own, found = _tried(settings, source, own)
    if found <= CONTRADICTS and not force:
        other = "depth" if own.output == "inverse" else "inverse"
        raise WeightsError(
            f"{source.name}: what is far has the larger numbers (agreement {found:.2f} with a "
            f"rendered scene); try --output {other}, or --force if it is right"
        )
    folder.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    shutil.copyfile(source, part)
    part.replace(target)
    write_whole(folder / f"{own.name}.toml", as_toml(own).encode())
    return Added(own, target, found)


def as_toml(own: OwnModel) -> str:
    """Return the content of the TOML file."""
    fields = own.model_dump(exclude={"name"}, exclude_none=True)
    return "".join(f"{name} = {_literal(value)}\n" for name, value in fields.items())


def _literal(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _max_batch(source: Path, own: OwnModel) -> int | None:
    """Return 1 if the network takes one image at a time; WeightsError if its input does not fit."""
    import onnx  # only adding needs it

    if not source.is_file():
        raise WeightsError(f"{source}: there is no such file")
    try:
        model = onnx.load(str(source), load_external_data=False)
    except Exception as exc:  # the parser's own errors share no base class
        raise WeightsError(f"{source.name}: cannot be read as ONNX ({exc})") from exc
    if any(tensor.external_data for tensor in model.graph.initializer):
        raise WeightsError(f"{source.name}: keeps its weights in other files; save it as one file")
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        raise WeightsError(f"{source.name}: has {len(inputs)} inputs; one image is what is given")
    return _batch_of(source, own, [_size(d) for d in inputs[0].type.tensor_type.shape.dim])


def _batch_of(source: Path, own: OwnModel, sizes: list[int | None]) -> int | None:
    if len(sizes) != 4 or sizes[1] not in (None, 3):
        raise WeightsError(f"{source.name}: its input is {sizes}, not images (B, 3, H, W)")
    fixed = [side for side in sizes[2:] if side is not None]
    if fixed and (own.rule != "exact" or any(side != own.input for side in fixed)):
        raise WeightsError(
            f"{source.name}: takes only {sizes[2]} x {sizes[3]} pixels (height, width); give "
            "--rule exact and that side as --input, or export it with dynamic sides"
        )
    if sizes[0] not in (None, 1):
        raise WeightsError(
            f"{source.name}: takes exactly {sizes[0]} images at once, not any number"
        )
    return sizes[0]


def _size(dimension: Any) -> int | None:
    return int(dimension.dim_value) if dimension.HasField("dim_value") else None


def _tried(settings: Settings, source: Path, own: OwnModel) -> tuple[OwnModel, float]:
    """Run the network on the scene; return what was measured, and how well it agrees."""
    before = memory_used()
    spec = own.spec()
    height, width = spec.input.net_size(*scene().rgb.shape[:2])
    tensor = prepare(scene().rgb, height, width, spec.input)[None]
    try:
        engine = build_engine(settings, Artefact(source, own.name, spec), max_batch=1)
        engine.load()
        engine.infer(tensor)
        began = time.perf_counter()
        depth = engine.infer(tensor)
        image_s = time.perf_counter() - began
    except EngineError as exc:
        raise WeightsError(f"{source.name}: {exc.message}") from exc
    _check(source, depth, (1, height, width))
    measured = {
        "image_s": float(f"{max(image_s, 1e-4):.3g}"),
        "memory_bytes": max(0, memory_used() - before),
        "weights_id": own.weights_id or f"file-{sha256_of(source)[:12]}",
    }
    truth = cv2.resize(scene().inverse, (width, height), interpolation=cv2.INTER_AREA)
    return own.model_copy(update=measured), agreement(depth[0], truth)


def _check(source: Path, depth: NDArray[np.float32], shape: tuple[int, ...]) -> None:
    if depth.shape != shape:
        raise WeightsError(f"{source.name}: answers {depth.shape} where {shape} is due")
    if not np.isfinite(depth).all():
        raise WeightsError(f"{source.name}: some of its numbers are not finite")
    if float(np.ptp(depth)) <= 1e-6 * max(1.0, float(np.abs(depth).max())):
        raise WeightsError(f"{source.name}: answers the same number everywhere")
