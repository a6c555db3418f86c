"""Checkpoints are read strictly: exactly the network's names and shapes, and no code."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.golden.seeded_weights import state_dict
from worker.weights.convert import convert
from worker.weights.errors import WeightsError
from worker.weights.pt_file import _rebuild, read_pt
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


def test_weights_that_were_saved_while_training_are_found(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    saved = {"model": {"a.weight": torch.ones(2, 3)}, "optimizer": {"step": 7}}
    torch.save(saved, tmp_path / "training.pt")
    tensors = read_pt(tmp_path / "training.pt")
    assert list(tensors) == ["a.weight"]
    np.testing.assert_array_equal(tensors["a.weight"], np.ones((2, 3), np.float32))


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


def test_a_zip_that_names_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hostile.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(print))
    with pytest.raises(WeightsError, match="which no state dict needs"):
        read_tensors(path)


def test_a_tensor_that_reaches_outside_its_storage_is_refused() -> None:
    storage = np.zeros(4, np.float32)
    for offset, size, stride in ((0, (5,), (1,)), (-1, (2,), (1,)), (3, (2,), (-1,))):
        with pytest.raises(pickle.UnpicklingError, match="outside its storage"):
            _rebuild(storage, offset, size, stride)


def test_the_form_before_torch_1_6_is_read_too(checkpoint: Path, tmp_path: Path) -> None:
    import torch

    state = torch.load(checkpoint, weights_only=True)
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    old, new = read_tensors(tmp_path / "old.pt"), read_tensors(checkpoint)
    assert all((old[name] == array).all() for name, array in new.items())


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
