"""Checkpoints are read strictly: exactly the network's names and shapes, and no code."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.golden.seeded_weights import state_dict
from worker.weights.convert import convert
from worker.weights.errors import WeightsError
from worker.weights.resolve import bundled
from worker.weights.tensors import check, read_tensors


def test_all_three_forms_hold_the_same_tensors(checkpoint: Path, tmp_path: Path) -> None:
    # Given one checkpoint as .pt, as .safetensors, and converted
    save_file(state_dict(), tmp_path / "seeded.safetensors")
    convert(checkpoint, tmp_path / "seeded.onnx", weights_id="seeded")
    # When each is read
    pt = read_tensors(checkpoint)
    safetensors = read_tensors(tmp_path / "seeded.safetensors")
    onnx = read_tensors(tmp_path / "seeded.onnx")
    # Then they agree to the last bit
    assert pt.keys() == safetensors.keys()
    for name, array in onnx.items():
        np.testing.assert_array_equal(array, pt[name])
        np.testing.assert_array_equal(array, safetensors[name])


def test_converting_twice_gives_the_same_bytes(checkpoint: Path, tmp_path: Path) -> None:
    first, second = (
        convert(checkpoint, tmp_path / name, weights_id="seeded") for name in ("a.onnx", "b.onnx")
    )
    assert first.read_bytes() == second.read_bytes()


def test_the_bundled_file_is_complete() -> None:
    check(read_tensors(bundled().path), "bundled")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("scratch.layer1_rn.weight"), "scratch.layer1_rn.weight is missing"),
        (lambda t: t.update(intruder=np.zeros(1)), "intruder does not belong"),
        (
            lambda t: t.update({"scratch.output_conv.4.bias": np.zeros(2)}),
            r"scratch.output_conv.4.bias has shape \(2,\), not \(1,\)",
        ),
    ],
)
def test_other_names_and_shapes_are_refused(change, said: str) -> None:
    tensors = state_dict()
    change(tensors)
    with pytest.raises(WeightsError, match=said):
        check(tensors, "some.pt")


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    (tmp_path / "hostile.pt").write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(WeightsError, match=r"hostile\.pt: cannot be read"):
        read_tensors(tmp_path / "hostile.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors", "a.onnx"])
def test_rubbish_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"rubbish")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_tensors(tmp_path / name)


def test_unknown_forms_and_absent_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"not as \.zip"):
        read_tensors(tmp_path / "a.zip")
    with pytest.raises(WeightsError, match="no such file"):
        read_tensors(tmp_path / "a.pt")
