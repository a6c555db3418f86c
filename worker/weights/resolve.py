"""Selects the weights: those asked for, else the published if fetched, else the bundled."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from contract.settings import Settings
from worker.models.midas_small import plan
from worker.weights import registry
from worker.weights.errors import WeightsError
from worker.weights.files import sha256_of
from worker.weights.registry import Weights
from worker.weights.store import WeightsStore


@dataclass(frozen=True)
class Artefact:
    """An ONNX file ready to run, and whose weights are in it."""

    path: Path
    weights_id: str
    model: str


def bundled() -> Artefact:
    """Return the artefact that comes with depthq."""
    path = files("worker.weights").joinpath("bundled", registry.BUNDLED.filename)
    return Artefact(Path(str(path)), registry.BUNDLED.weights_id, registry.BUNDLED.model)


def resolve(settings: Settings) -> Artefact:
    """Return what to run under `settings`; WeightsError if what was asked for is not to be had."""
    if settings.model != plan.NAME:
        raise WeightsError(f"this version of depthq runs {plan.NAME}, not {settings.model}")
    store = WeightsStore(settings.cache_dir)
    if settings.weights is None:
        published = registry.MIDAS_SMALL
        return fetched(store, published) if store.has(published) else bundled()
    known = registry.find(settings.weights)
    return fetched(store, known) if known else from_file(store, Path(settings.weights))


def fetched(store: WeightsStore, weights: Weights) -> Artefact:
    """Return the artefact of `weights`, which must have been fetched before."""
    if not weights.runnable:
        raise WeightsError(f"{weights.name}: this version of depthq runs {plan.NAME} only")
    if weights.url is None:
        return bundled()
    if not store.has(weights):
        raise WeightsError(
            f"{weights.name}: not here yet; get it with: depthq weights fetch {weights.name}"
        )
    path = store.network_of(
        store.path_of(weights),
        weights_id=weights.weights_id,
        licence=weights.licence,
        sha256=weights.sha256,
    )
    return Artefact(path, weights.weights_id, weights.model)


def from_file(store: WeightsStore, path: Path) -> Artefact:
    """Return the artefact of a file of the user's: `.pt`, `.safetensors`, or `.onnx` of ours."""
    path = path.expanduser()
    if not path.is_file():
        names = ", ".join(w.name for w in registry.KNOWN if w.runnable)
        raise WeightsError(f"{path}: neither a file nor known weights ({names})")
    weights_id = f"file-{sha256_of(path)[:12]}"
    if path.suffix != ".onnx":
        path = store.network_of(path, weights_id=weights_id, licence="unknown")
    return Artefact(path, weights_id, plan.NAME)
