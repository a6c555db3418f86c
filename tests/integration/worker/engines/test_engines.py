"""One suite that every engine passes, and the parity of those that compute."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from contract.settings import Settings
from tests.golden.cases import CASES, golden
from tests.golden.seeded_weights import state_dict
from tests.tiers import thorough
from worker.engines.factory import build_engine, open_engine
from worker.engines.openvino_engine import choose_precision
from worker.engines.protocol import Engine, EngineError
from worker.weights.convert import convert
from worker.weights.resolve import Artefact

ENGINES = ("openvino", "onnxruntime", "torch", "simulated")
PARITY = {"torch": 1e-4, "onnxruntime": 1e-3, "openvino": 1e-3}
LARGE = "1080x1920_4"
GOLDENS = [
    (thorough if case == LARGE and name != "openvino" else pytest.param)(name, case)
    for name in PARITY
    for case in CASES
]


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    """The seeded weights, through the same conversion that a fetched checkpoint takes."""
    import torch

    folder = tmp_path_factory.mktemp("weights")
    source = folder / "seeded.pt"
    torch.save({name: torch.from_numpy(array) for name, array in state_dict().items()}, source)
    path = convert(source, folder / "seeded.onnx", weights_id="seeded")
    return Artefact(path, "seeded")


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Each engine on the bundled weights, fp32."""
    settings = Settings(
        engine=request.param,
        precision="fp32",
        infer_threads=2,
        max_batch=4,
        cache_dir=tmp_path_factory.mktemp("cache"),
    )
    engine = open_engine(settings)
    engine.load()
    return engine


def batch_of(count: int, height: int = 64, width: int = 96) -> np.ndarray:
    return np.random.default_rng(7).standard_normal((count, 3, height, width), dtype=np.float32)


def test_depth_has_the_shape_of_the_images(engine: Engine) -> None:
    for height, width in ((32, 256), (64, 96), (256, 32)):
        depth = engine.infer(batch_of(2, height, width))
        assert depth.shape == (2, height, width)
        assert depth.dtype == np.float32
        assert (depth >= 0).all()


def test_an_image_has_the_same_depth_in_any_batch(engine: Engine) -> None:
    images = batch_of(4)
    together = engine.infer(images)
    alone = np.concatenate([engine.infer(image[None]) for image in images])
    scale = together.max() - together.min()
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-4 * scale)


def test_a_result_survives_the_next_batch(engine: Engine) -> None:
    images = batch_of(2)
    first = engine.infer(images)
    kept = first.copy()
    engine.infer(images[::-1] * 2)
    np.testing.assert_array_equal(first, kept)


def test_the_input_is_left_as_it_was(engine: Engine) -> None:
    images = batch_of(1)
    kept = images.copy()
    engine.infer(images)
    np.testing.assert_array_equal(images, kept)


def test_a_batch_that_is_none_is_refused(engine: Engine) -> None:
    for wrong in (
        batch_of(1)[0],
        batch_of(5),
        batch_of(1, 40, 64),
        batch_of(1).astype(np.float64),
        np.zeros((0, 3, 64, 64), np.float32),
    ):
        with pytest.raises(EngineError, match="batch"):
            engine.infer(wrong)


def test_it_says_what_it_is(engine: Engine, request: pytest.FixtureRequest) -> None:
    about = engine.describe()
    assert about.engine in ENGINES
    assert about.precision == "fp32"
    assert about.threads == 2
    assert about.model == "midas_small"
    assert about.weights_id == ("none" if about.engine == "simulated" else "bundled-2")


def test_it_warms_up_any_shape(engine: Engine) -> None:
    engine.warm_up([(32, 32), (64, 32)])


@pytest.mark.parametrize(("name", "case"), GOLDENS)
def test_it_equals_the_original(seeded: Artefact, name: str, case: str) -> None:
    # Given the seeded weights, as a .pt converted into the network that workers load
    engine = build_engine(Settings(engine=name, precision="fp32"), seeded)
    engine.load()
    # When it sees the golden's image
    expected = golden(case)
    depth = engine.infer(expected.tensor)
    # Then it computes the original's numbers
    assert expected.deviation(depth) < PARITY[name]


def test_several_threads_compute_side_by_side_and_each_gets_its_own(seeded: Artefact) -> None:
    # Given an engine of two streams, fresh from loading
    settings = Settings(engine="openvino", precision="fp32", infer_threads=2, max_batch=4)
    engine = build_engine(settings, seeded, streams=2)
    engine.load()
    assert (engine.streams, engine.max_batch) == (2, 2)
    # When many threads' first calls meet, with one image and with two
    batches = [batch_of(1 + number % 2) + number for number in range(12)]
    with ThreadPoolExecutor(2) as threads:
        depths = list(threads.map(engine.infer, batches))
    # Then every caller gets an answer, and its own depth
    for batch, depth in zip(batches, depths, strict=True):
        alone = engine.infer(batch)
        np.testing.assert_allclose(depth, alone, rtol=0, atol=1e-4 * np.ptp(alone))


def test_bf16_is_chosen_only_where_the_cpu_has_it() -> None:
    assert choose_precision("auto", native_bf16=True) == "bf16"
    assert choose_precision("auto", native_bf16=False) == "fp32"
    with pytest.raises(EngineError, match="no native bf16"):
        choose_precision("bf16", native_bf16=False)


@pytest.mark.parametrize("name", ["openvino", "onnxruntime", "torch"])
def test_a_precision_that_cannot_be_had_is_refused(seeded: Artefact, name: str) -> None:
    with pytest.raises(EngineError, match="int8"):
        build_engine(Settings(engine=name, precision="int8"), seeded).load()


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, name: str) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with pytest.raises(EngineError, match=r"broken\.onnx"):
        build_engine(Settings(engine=name), Artefact(broken, "broken")).load()


@pytest.mark.parametrize("name", ["openvino", "onnxruntime", "simulated"])
def test_the_serving_path_does_not_import_torch(name: str) -> None:
    script = f"""
import sys
from contract.settings import Settings
from worker.engines.factory import open_engine
engine = open_engine(Settings(engine={name!r}))
engine.load()
engine.warm_up([(32, 32)])
heavy = {{"torch", "timm", "onnx", "safetensors"}} & set(sys.modules)
sys.exit(f"imported {{heavy}}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_default_engine_s_library_sends_no_word_of_its_use(tmp_path: Path) -> None:
    # Given a home of its own: at import the library's telemetry leaves a number for this user there
    code = (
        "import sys; from contract.settings import Settings;"
        "from worker.engines.factory import open_engine; open_engine(Settings()).load();"
        "print(sorted(n for n, m in sys.modules.items() if 'openvino_telemetry' in n and m))"
    )
    home = {**os.environ, "HOME": str(tmp_path), "DEPTHQ_CACHE_DIR": str(tmp_path / "cache")}

    # When a worker's engine is loaded in a fresh process
    done = subprocess.run(
        [sys.executable, "-c", code], env=home, capture_output=True, text=True, check=True
    )

    # Then that part of it never ran
    assert done.stdout.strip() == "[]"
    assert [path.name for path in tmp_path.iterdir()] in ([], ["cache"])
