"""Models as a worker process holds them, over whatever computes in a test."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from contract.models.declaration import ModelSpec
from contract.models.midas_small import MODEL
from contract.settings import Settings
from worker.compute.held_model import HeldModel
from worker.compute.pace import pace_of
from worker.engines.protocol import EngineInfo

ABOUT = EngineInfo("e", "fp32", 1, "w", "m")


def held(batcher: Any, spec: ModelSpec = MODEL, about: EngineInfo = ABOUT) -> dict[str, HeldModel]:
    """Return one model by its name: `batcher` computes, `about` is what documents say of it."""
    pace = pace_of(spec, Settings(), threads=2, streams=1, alone=True)
    engine: Any = SimpleNamespace(describe=lambda: about)
    return {spec.name: HeldModel(spec, engine, batcher, pace)}
