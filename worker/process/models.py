"""Opens the models that this process holds: an engine and a batcher each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from contract.settings import Settings
from worker.advice import advise
from worker.attempts.metrics import observe_batch
from worker.compute.held_model import HeldModel, held_model
from worker.compute.pace import Pace, pace_of
from worker.engines.factory import build_engine
from worker.weights.resolve import Artefact, resolve


def open_models(settings: Settings, yielding: Callable[[], bool]) -> dict[str, HeldModel]:
    """Return the models of DEPTHQ_MODELS by name, not yet loaded.

    Raises WeightsError if one is unknown or its weights are missing.
    """
    held = {}
    for artefact, pace in paces(settings):
        engine = build_engine(
            settings,
            artefact,
            streams=pace.streams,
            threads=pace.threads,
            max_batch=pace.max_batch,
        )
        held[artefact.model] = held_model(
            engine,
            pace,
            artefact.spec,
            max_latency_s=settings.max_batch_latency_ms / 1e3,
            on_batch=observe_batch,
            yielding=yielding,
        )
    return held


def paces(settings: Settings) -> list[tuple[Artefact, Pace]]:
    """Return each model of DEPTHQ_MODELS with its pace. Raises WeightsError."""
    advice = advise(settings)
    artefacts = {a.model: a for a in (resolve(settings, name) for name in settings.models)}
    return [
        (
            artefact,
            pace_of(
                artefact.spec,
                settings,
                threads=advice.threads,
                streams=advice.streams,
                alone=len(artefacts) == 1,
            ),
        )
        for artefact in artefacts.values()
    ]


def load_all(held: Mapping[str, HeldModel]) -> None:
    """Load and warm every model, one after the other."""
    for model in held.values():
        model.load()
