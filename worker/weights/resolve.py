"""Selects a model's weights: those asked for, else the first of its declaration that is here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from contract.models.declaration import DEFAULT_MODEL, ModelSpec, Weights
from contract.models.midas_small import BUNDLED, MODEL
from contract.models.own import own_folder, own_specs
from contract.models.registry import MODELS, find_model
from contract.settings import Settings
from contract.wrong_fields import no_model
from worker.weights import registry
from worker.weights.errors import WeightsError, WeightsUsageError
from worker.weights.files import sha256_of
from worker.weights.store import WeightsStore


@dataclass(frozen=True)
class Artefact:
    """An ONNX file ready to run, whose weights are in it, and of which model."""

    path: Path
    weights_id: str
    spec: ModelSpec = MODEL

    @property
    def model(self) -> str:
        """The model's name."""
        return self.spec.name


def bundled() -> Artefact:
    """Return the artefact that comes with depthq."""
    path = files("worker.weights").joinpath("bundled", BUNDLED.filename)
    return Artefact(Path(str(path)), BUNDLED.weights_id)


def resolve(settings: Settings, model: str = DEFAULT_MODEL) -> Artefact:
    """Return what to run as `model`; WeightsError if what was asked for is not to be had."""
    spec = find_spec(settings, model)
    if settings.engine == "simulated":
        return Artefact(Path(), "none", spec)
    if spec.name not in MODELS:
        return Artefact(own_folder(settings.cache_dir) / f"{spec.name}.onnx", _own_id(spec), spec)
    store = WeightsStore(settings.cache_dir)
    asked = asked_weights(settings.weights, spec.name)
    if asked is None:
        here = (weights for weights in spec.weights if store.has(weights))
        return fetched(store, spec, next(here, spec.weights[0]))
    known = registry.find(asked)
    if known is None:
        return from_file(store, Path(asked), spec)
    if known[0] != spec:
        raise WeightsError(f"{asked}: these weights are for {known[0].name}, not for {spec.name}")
    return fetched(store, *known)


def find_spec(settings: Settings, name: str) -> ModelSpec:
    """Return the declaration of the model called `name`. Raises WeightsUsageError."""
    own = own_specs(settings.cache_dir)
    spec = find_model(name) or own.get(name)
    if spec is None:
        raise WeightsUsageError(no_model(name, [*MODELS, *own]))
    return spec


def _own_id(spec: ModelSpec) -> str:
    return spec.weights[0].weights_id or spec.name


def asked_weights(setting: str | None, model: str) -> str | None:
    """Return what DEPTHQ_WEIGHTS names for `model`.

    It is a name or a file, for the default model, or `model=name or file` for each, by comma.
    """
    if setting is None:
        return None
    parts = dict(part.strip().split("=", 1) for part in setting.split(",") if "=" in part)
    if parts.keys() <= MODELS.keys() and len(parts) == setting.count(",") + 1:
        return parts.get(model)
    return setting if model == DEFAULT_MODEL else None


def fetched(store: WeightsStore, spec: ModelSpec, weights: Weights) -> Artefact:
    """Return the artefact of `weights`, which must have been fetched before."""
    if weights.url is None:
        return bundled()
    if not store.has(weights):
        raise WeightsError(
            f"{weights.name}: not here yet; get it with: depthq weights fetch {weights.name}"
        )
    path = store.network_of(
        store.path_of(weights),
        spec,
        weights_id=weights.weights_id,
        licence=weights.licence,
        sha256=store.sha256_of(weights),
    )
    return Artefact(path, weights.weights_id, spec)


def from_file(store: WeightsStore, path: Path, spec: ModelSpec) -> Artefact:
    """Return the artefact of a file of the user's: `.pt`, `.safetensors`, or `.onnx` of ours."""
    path = path.expanduser()
    if not path.is_file():
        names = ", ".join(weights.name for weights in spec.weights)
        raise WeightsError(f"{path}: neither a file nor known weights of {spec.name} ({names})")
    weights_id = f"file-{sha256_of(path)[:12]}"
    if path.suffix != ".onnx":
        path = store.network_of(path, spec, weights_id=weights_id, licence="unknown")
    return Artefact(path, weights_id, spec)
