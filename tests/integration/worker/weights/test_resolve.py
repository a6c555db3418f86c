"""Weights are looked for in one order, and the ones that ran are named."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from contract.models.declaration import Weights
from contract.models.midas_small import BUNDLED, MODEL, PUBLISHED
from contract.models.registry import MODELS
from contract.settings import Settings
from worker.weights.errors import WeightsError
from worker.weights.files import sha256_of
from worker.weights.resolve import bundled, resolve
from worker.weights.store import WeightsStore


@pytest.fixture
def published(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """The declared midas_small, as if the seeded checkpoint were its weights."""
    weights = replace(PUBLISHED, bytes=checkpoint.stat().st_size, sha256=sha256_of(checkpoint))
    spec = replace(MODEL, weights=(weights, BUNDLED))
    monkeypatch.setitem(MODELS, "midas_small", spec)
    return weights


def put(weights: Weights, checkpoint: Path, cache: Path) -> Path:
    path = WeightsStore(cache).path_of(weights)
    path.parent.mkdir(parents=True)
    shutil.copy(checkpoint, path)
    return path


def test_with_nothing_fetched_the_bundled_weights_run(tmp_path: Path) -> None:
    assert resolve(Settings(cache_dir=tmp_path)) == bundled()


def test_the_bundled_file_is_the_registered_one() -> None:
    assert sha256_of(bundled().path) == BUNDLED.sha256
    assert bundled().path.stat().st_size == BUNDLED.bytes


def test_fetched_published_weights_come_before_the_bundled(
    published: Weights, checkpoint: Path, tmp_path: Path
) -> None:
    put(published, checkpoint, tmp_path)
    artefact = resolve(Settings(cache_dir=tmp_path))
    assert artefact.weights_id == "midas_v21_small_256"
    assert artefact.path == tmp_path / "weights" / f"{published.sha256}.onnx"


def test_a_conversion_is_made_once(published: Weights, checkpoint: Path, tmp_path: Path) -> None:
    put(published, checkpoint, tmp_path)
    first = resolve(Settings(cache_dir=tmp_path)).path.stat()
    assert resolve(Settings(cache_dir=tmp_path)).path.stat().st_ino == first.st_ino


def test_altered_weights_are_refused(published: Weights, checkpoint: Path, tmp_path: Path) -> None:
    path = put(published, checkpoint, tmp_path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="fetch it again"):
        resolve(Settings(cache_dir=tmp_path))


@pytest.mark.parametrize("name", ["bundled", "bundled-2"])
def test_what_the_setting_names_comes_first(
    published: Weights, checkpoint: Path, tmp_path: Path, name: str
) -> None:
    put(published, checkpoint, tmp_path)
    assert resolve(Settings(cache_dir=tmp_path, weights=name)) == bundled()


def test_a_file_is_named_by_its_hash(checkpoint: Path, tmp_path: Path) -> None:
    artefact = resolve(Settings(cache_dir=tmp_path, weights=str(checkpoint)))
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert artefact.weights_id == f"file-{digest[:12]}"
    assert artefact.path.name == f"{digest}.onnx"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"weights": "midas_small"}, "depthq weights fetch midas_small"),
        ({"weights": "nonsense"}, "neither a file nor known weights of midas_small"),
    ],
)
def test_what_cannot_be_had_is_explained(tmp_path: Path, settings, said: str) -> None:
    with pytest.raises(WeightsError, match=said):
        resolve(Settings(cache_dir=tmp_path, **settings))


def test_an_unknown_model_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"No model is called nonsense; known are .*midas_small"):
        resolve(Settings(cache_dir=tmp_path), "nonsense")


def test_weights_are_named_for_one_model_each(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a second model, of the same network, whose weights and hash are recorded nowhere
    other = replace(MODEL, name="other", weights=(replace(PUBLISHED, name="other"),))
    monkeypatch.setitem(MODELS, "other", other)
    settings = Settings(cache_dir=tmp_path, weights=f"other={checkpoint}, midas_small=bundled")
    # When both are resolved, then each gets its own
    assert resolve(settings) == bundled()
    assert resolve(settings, "other").model == "other"
    assert resolve(settings, "other").weights_id.startswith("file-")
    # and weights of another model are refused
    with pytest.raises(WeightsError, match="for midas_small, not for other"):
        resolve(Settings(cache_dir=tmp_path, weights="other=bundled"), "other")
