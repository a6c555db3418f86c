"""A model of one's own is kept only if it computes depth of a rendered scene."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from contract.models.own import own_specs, read_own
from contract.settings import Settings
from tests.onnx_models import toy
from worker.engines.factory import build_engine
from worker.weights.own_cli import main
from worker.weights.resolve import resolve
from worker.weights.scene import agreement, scene

OPTIONS = ["--input", "64", "--multiple", "32", "--rule", "lower_bound", "--json"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEPTHQ_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("DEPTHQ_ENGINE", "onnxruntime")
    return tmp_path / "cache"


def test_what_is_added_is_declared_and_runs_as_a_model(tmp_path, cache, capsys) -> None:
    # Given a network with an input of its own name
    source = toy(tmp_path / "My-Net.onnx")
    # When it is added
    assert main([str(source), *OPTIONS, "--licence", "mine"]) == 0
    said = json.loads(capsys.readouterr().out)
    # Then it is declared under its name, with what was measured
    assert (said["name"], said["rule"], said["licence"]) == ("my_net", "lower_bound", "mine")
    assert said["agreement"] > 0.5
    spec = own_specs(cache)["my_net"]
    assert spec.input.net_size(480, 640) == (64, 96)
    assert spec.cost.image_s > 0
    # and runs as every other
    settings = Settings()
    artefact = resolve(settings, "my_net")
    assert artefact.weights_id.startswith("file-")
    engine = build_engine(settings, artefact)
    engine.load()
    depth = engine.infer(np.zeros((2, 3, 64, 96), np.float32))
    assert depth.shape == (2, 64, 96)
    np.testing.assert_array_equal(depth[1, :, 5], np.arange(64) + 2.0)


def test_distances_are_turned_into_inverse_depth(tmp_path, capsys) -> None:
    source = toy(tmp_path / "far.onnx", "depth")
    assert main([str(source), *OPTIONS]) == 1
    assert "try --output depth" in capsys.readouterr().err
    assert main([str(source), *OPTIONS, "--output", "depth"]) == 0
    artefact = resolve(Settings(), "far")
    engine = build_engine(Settings(), artefact)
    engine.load()
    depth = engine.infer(np.zeros((1, 3, 64, 64), np.float32))
    np.testing.assert_allclose(depth[0, :, 0], 1 / (2999.0 - np.arange(64)), rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("constant", "the same number everywhere"),
        ("nan", "not finite"),
        ("flat", r"answers \(1, 1, 1\) where \(1, 64, 96\) is due"),
    ],
)
def test_what_computes_no_depth_is_refused(tmp_path, cache, capsys, kind, said) -> None:
    assert main([str(toy(tmp_path / f"{kind}.onnx", kind)), *OPTIONS]) == 1
    assert __import__("re").search(said, capsys.readouterr().err)
    assert own_specs(cache) == {}


def test_fixed_sides_need_the_rule_exact(tmp_path, cache, capsys) -> None:
    source = toy(tmp_path / "fixed.onnx", size=(1, 3, 96, 96))
    assert main([str(source), *OPTIONS]) == 1
    assert "takes only 96 x 96 pixels" in capsys.readouterr().err
    assert main([str(source), "--input", "96", "--rule", "exact"]) == 0
    assert "jobs name it as model=fixed" in capsys.readouterr().out
    assert own_specs(cache)["fixed"].max_batch == 1


@pytest.mark.parametrize(
    ("size", "said"),
    [((4, 3, "h", "w"), "takes exactly 4 images"), ((1, 1, "h", "w"), "not images")],
)
def test_other_inputs_are_refused(tmp_path, capsys, size, said) -> None:
    assert main([str(toy(tmp_path / "odd.onnx", size=size)), *OPTIONS]) == 1
    assert said in capsys.readouterr().err


def test_a_file_that_is_no_onnx_is_refused_in_a_sentence(tmp_path, capsys) -> None:
    (tmp_path / "text.onnx").write_text("hello")
    assert main([str(tmp_path / "text.onnx"), *OPTIONS]) == 1
    assert "cannot be read as ONNX" in capsys.readouterr().err


def test_a_toml_beside_it_says_the_rest(tmp_path, cache, capsys) -> None:
    source = toy(tmp_path / "beside.onnx")
    (tmp_path / "beside.toml").write_text('input = 64\nmultiple = 32\nrule = "minimal"\n')
    assert main([str(source), "--multiple", "16", "--json"]) == 0
    spec = own_specs(cache)["beside"]
    assert (spec.input.rule, spec.input.multiple_px) == ("minimal", 16), "options come first"


def test_names_are_not_taken_over(tmp_path, capsys) -> None:
    source = toy(tmp_path / "midas_small.onnx")
    assert main([str(source), *OPTIONS]) == 1
    assert "that name is taken" in capsys.readouterr().err
    assert main([str(source), *OPTIONS, "--name", "mine"]) == 0
    assert main([str(source), *OPTIONS, "--name", "mine"]) == 1
    assert "--force replaces it" in capsys.readouterr().err


def test_a_declaration_that_cannot_be_read_is_named_and_harms_nothing(tmp_path, cache) -> None:
    folder = cache / "models"
    folder.mkdir(parents=True)
    (folder / "bad.toml").write_text('input = "wide"')
    assert own_specs(cache) == {}
    with pytest.raises(ValueError, match=r"bad.toml: input: "):
        read_own(folder / "bad.toml")


def test_the_scene_has_what_is_near_below_and_its_own_depth_agrees() -> None:
    inverse = scene().inverse
    assert inverse[-1, 5] > inverse[240, 5] > inverse[0, 5] > 0
    assert agreement(inverse, inverse) == pytest.approx(1)
    assert agreement(-inverse, inverse) == pytest.approx(-1, abs=0.3)


def test_a_file_or_an_option_that_cannot_be_meant_is_wrong_usage(capsys, tmp_path):
    assert main([str(tmp_path / "none.onnx")]) == 2
    assert "there is no file" in capsys.readouterr().err
    assert main([str(toy(tmp_path / "toy.onnx")), "--input", "5"]) == 2
    assert "--input must be at least 16; see --help" in capsys.readouterr().err
