"""The command measures every batch by every number of streams, and keeps what it found."""

from __future__ import annotations

from pathlib import Path

from contract.settings import Settings
from worker.fit import fit_all
from worker.process.models import known_costs, paces


def test_every_size_is_measured_and_kept(tmp_path: Path) -> None:
    settings = Settings(engine="simulated", simulation=True, cache_dir=tmp_path)
    said: list[str] = []
    fit_all(settings, 1, said.append)
    ((artefact, pace),) = paces(settings)
    kept = known_costs(settings, artefact, pace).read()
    assert list(kept[1]) == [1, 2, 4, 8, 16]
    assert "CPU ms per image by batch: 1: " in said[0]
    assert said[-1].startswith("midas_small: streams: ")


def test_a_model_that_takes_seconds_is_not_measured(tmp_path: Path) -> None:
    settings = Settings(
        engine="simulated", simulation=True, cache_dir=tmp_path, models=("dpt_large_384",)
    )
    said: list[str] = []
    fit_all(settings, 1, said.append)
    assert said == ["dpt_large_384: so slow that batches earn nothing\n"]
    assert not list(tmp_path.rglob("*.json"))
