"""Depth in this process: from paths, bytes, arrays and PIL images, alone, by threads, in order."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from client.depth_file import read_depth
from contract.errors import Conflict, ImageUndecodable, InputError, InvalidRequest
from contract.settings import Settings
from tests.waits import PATIENT_S, wait_until
from worker.engines.factory import open_engine
from worker.estimator.depth import Depth
from worker.estimator.estimator import DepthEstimator
from worker.models.prepare import net_size, prepare

CAT = data.chelsea()  # 300 x 451
REAL = {"precision": "fp32", "weights": "bundled"}


@pytest.fixture(scope="module")
def real() -> Iterator[DepthEstimator]:
    with DepthEstimator(**REAL) as opened:
        yield opened


@pytest.fixture(scope="module")
def simulated() -> Iterator[DepthEstimator]:
    with DepthEstimator(engine="simulated", decode_processes=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def cat(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "cat.png"
    Image.fromarray(CAT).save(path)
    return path


def shade(value: int, width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def test_a_path_gives_the_depth_that_the_network_gives_resized_to_the_picture(real, cat):
    depth = real(str(cat))
    engine = open_engine(Settings(**REAL))
    engine.load()
    net = engine.infer(prepare(CAT, *net_size(300, 451))[None])[0]
    expected = cv2.resize(net, (451, 300), interpolation=cv2.INTER_CUBIC)
    assert depth.values.dtype == np.float32
    assert depth.values.shape == (300, 451)
    np.testing.assert_allclose(depth.values, expected, rtol=1e-4, atol=1e-2)
    assert depth.network_values.shape == (160, 256)
    assert depth.model.engine == "openvino"


@pytest.mark.parametrize(
    "make",
    [Path, Path.read_bytes, lambda path: CAT, lambda path: Image.fromarray(CAT), Image.open],
    ids=["path", "bytes", "array", "image", "opened"],
)
def test_a_path_its_bytes_its_pixels_and_a_pil_image_have_the_same_depth(real, cat, make):
    given = make(cat)
    np.testing.assert_allclose(real(given).values, real(str(cat)).values, rtol=1e-4, atol=1e-2)
    if isinstance(given, Image.Image):
        given.close()


def test_a_pil_image_is_turned_as_exif_says_and_put_on_white(simulated):
    image = Image.fromarray(CAT)
    exif = image.getexif()
    exif[0x0112] = 6  # a quarter turn to the right
    file = io.BytesIO()
    image.save(file, "PNG", exif=exif)
    with Image.open(file) as turned:
        assert simulated(turned).values.shape == (451, 300)
    clear = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    np.testing.assert_array_equal(simulated(clear).values, simulated(shade(255)).values)


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8), 7, None],
    ids=["gray", "floats", "empty", "number", "nothing"],
)
def test_what_is_no_picture_is_refused_by_what_it_is(simulated, wrong):
    with pytest.raises(ImageUndecodable, match=r"RGB|no picture"):
        simulated(wrong)


def test_a_file_that_is_no_picture_is_an_input_error_and_a_missing_one_an_os_error(
    simulated, tmp_path
):
    with pytest.raises(InputError):
        simulated(b"not a picture")
    with pytest.raises(FileNotFoundError):
        simulated(tmp_path / "none.jpg")


@pytest.mark.parametrize("suffix", [".png", ".npy", ".pfm", ".exr", ".PNG"])
def test_saved_depth_is_read_back(real, tmp_path, suffix):
    depth = real(CAT)
    path = depth.save(tmp_path / f"cat{suffix}")
    step = np.ptp(depth.values) / 65535
    np.testing.assert_allclose(read_depth(path).values, depth.values, atol=step)


def test_depth_is_saved_as_depth_only(simulated, tmp_path):
    with pytest.raises(InvalidRequest, match=r"\.png, \.npy, \.pfm, \.exr"):
        simulated(CAT).save(tmp_path / "cat.jpg")


def test_the_heat_map_is_bright_where_it_is_near_and_turned_round_where_asked(simulated):
    depth = simulated(shade(100))  # the simulated engine makes the bottom nearer
    colors = np.asarray(depth.heatmap())
    assert colors.shape == (48, 64, 3)
    assert colors[0].sum() < colors[-1].sum()
    near = colors[-1, 0].astype(int)  # inferno ends in a pale yellow: RGB, not BGR
    assert np.abs(near - (252, 255, 164)).max() <= 8
    inverted = np.asarray(depth.heatmap("gray", invert=True))
    assert inverted.shape == (48, 64)
    assert inverted[0, 0] > 250
    assert inverted[-1, 0] < 5
    with pytest.raises(ValueError, match="colormap"):
        depth.heatmap("mud")


def test_numpy_reads_a_depth(simulated):
    depth = simulated(shade(3))
    np.testing.assert_array_equal(np.asarray(depth), depth.values)


def test_many_pictures_come_in_their_order_and_progress_counts_them(simulated):
    shades = list(range(0, 250, 5))  # the simulated depth follows the brightness
    seen: list[tuple[int, int | None]] = []
    pictures = [shade(value, 64 + 32 * (value % 3)) for value in shades]  # of mixed shapes
    depths = list(simulated.map(pictures, progress=lambda *counts: seen.append(counts)))
    assert [depth.values.shape for depth in depths] == [p.shape[:2] for p in pictures]
    assert [d.values.mean() for d in depths] == sorted(d.values.mean() for d in depths)
    assert seen == [(number + 1, 50) for number in range(50)]


def test_pictures_of_one_shape_are_computed_in_batches(monkeypatch):
    sizes: list[int] = []
    with DepthEstimator(engine="simulated", max_batch=4) as estimator:
        estimator(shade(0))
        batcher = estimator._parts._batcher
        monkeypatch.setattr(batcher, "_on_batch", lambda size, seconds: sizes.append(size))
        assert len(list(estimator.map(shade(1) for _ in range(40)))) == 40
    assert sum(sizes) == 40
    assert max(sizes) == 4


def test_a_generator_is_read_only_so_far_ahead_as_is_needed_and_has_no_total():
    taken: list[int] = []
    counts: list[int | None] = []

    def endless() -> Iterator[np.ndarray]:
        while True:
            taken.append(1)
            yield shade(1)

    with DepthEstimator(engine="simulated", concurrency=2) as estimator:
        depths = estimator.map(endless(), progress=lambda done, total: counts.append(total))
        assert isinstance(next(depths), Depth)
        assert len(taken) == 4
        for _ in range(10):
            next(depths)
        assert len(taken) == 14
        depths.close()
        assert len(taken) == 14
        assert counts == [None] * 11
        assert not [t.name for t in threading.enumerate() if "depthq-estimator" in t.name]


def test_a_bad_picture_ends_a_map_or_takes_its_place_in_it(simulated):
    pictures = [shade(1), b"bad", "/none.jpg", shade(2)]
    kinds = [type(found).__name__ for found in simulated.map(pictures, errors="return")]
    assert kinds == ["Depth", "UnsupportedMediaType", "FileNotFoundError", "Depth"]
    with pytest.raises(InputError):
        list(simulated.map(pictures))
    with pytest.raises(InvalidRequest, match="errors"):
        simulated.map(pictures, errors="ignore")


def test_threads_share_one_estimator_and_each_gets_its_own_depth():
    with DepthEstimator(engine="simulated") as estimator, ThreadPoolExecutor(8) as threads:
        values = list(range(0, 240, 10))
        depths = list(threads.map(lambda v: estimator(shade(v)).values, values))  # opened once
        for value, depth in zip(values, depths, strict=True):
            np.testing.assert_array_equal(depth, estimator(shade(value)).values)


def in_a_fork(work) -> dict[str, str]:
    """Return what `work` returns in a forked process."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of forks beside threads
        pid = os.fork()
    if pid == 0:
        try:
            said = work()
        except BaseException as exc:
            said = f"{type(exc).__name__}: {exc}"
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = json.load(pipe)
    os.waitpid(pid, 0)
    return said


def test_after_a_fork_an_estimator_in_use_says_what_to_do_and_goes_on_in_the_parent(cat):
    with DepthEstimator(engine="simulated") as estimator:
        before = estimator(cat).values
        said = in_a_fork(lambda: estimator(cat).values.shape)
        assert said.startswith("Conflict: ")
        assert "make one in each process" in said
        assert in_a_fork(lambda: estimator.close() or "closed") == "closed"
        np.testing.assert_array_equal(estimator(cat).values, before)


def test_an_estimator_that_was_not_in_use_yet_works_after_a_fork_and_a_pickle():
    estimator = DepthEstimator(engine="simulated")
    assert in_a_fork(lambda: list(estimator(shade(1)).values.shape)) == [48, 64]
    with pickle.loads(pickle.dumps(estimator)) as copy:
        assert copy(shade(1)).model.engine == "simulated"


def test_one_in_use_is_pickled_as_its_settings_only(simulated):
    simulated(shade(1))
    with pickle.loads(pickle.dumps(simulated)) as copy:
        np.testing.assert_array_equal(copy(shade(9)).values, simulated(shade(9)).values)


def test_a_closed_estimator_leaves_no_thread_and_no_process_and_says_so(cat):
    with DepthEstimator(engine="simulated", decode_processes=1) as estimator:
        estimator(cat)
        (pid,) = estimator._parts._decoder.pids
    assert not Path(f"/proc/{pid}").exists()
    estimator.close()
    with pytest.raises(Conflict, match="closed"):
        estimator(cat)


def test_closing_amid_a_map_ends_it_with_a_sentence():
    with DepthEstimator(engine="simulated", concurrency=1) as estimator:
        depths = estimator.map(shade(1) for _ in range(10))
        next(depths)
        estimator.close()
        with pytest.raises(Conflict, match="closed"):
            list(depths)


def test_a_depth_can_be_sent_to_another_process(simulated):
    depth = simulated(shade(5))
    copy = pickle.loads(pickle.dumps(depth))
    np.testing.assert_array_equal(copy.values, depth.values)
    assert copy.model == depth.model


def test_a_program_that_forgets_to_close_ends_and_leaves_no_process(tmp_path, cat):
    script = f"""
from depthq import DepthEstimator
estimator = DepthEstimator(engine="simulated", decode_processes=1)
for depth in estimator.map([{str(cat)!r}] * 50):
    break
print(*estimator._parts._decoder.pids)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", script],
        capture_output=True,
        text=True,
        timeout=PATIENT_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for pid in done.stdout.split():
        wait_until_gone(Path(f"/proc/{pid}"))


def wait_until_gone(process: Path) -> None:
    """Wait for a process that has lost its parent; a zombie counts as gone."""

    def gone() -> bool:
        try:
            return process.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True

    wait_until(gone, f"{process} is gone")


def test_wrong_settings_are_refused_when_it_is_made():
    with pytest.raises(ValueError, match="max_batch"):
        DepthEstimator(max_batch=0)


def test_an_estimator_needs_only_what_its_extra_brings_and_loads_no_queue_or_store(cat):
    script = f"""
import sys
others = ("celery kombu redis boto3 botocore obstore prometheus_client flask waitress httpx2 onnx"
          " onnxruntime pyarrow safetensors torch skimage typer rich").split()
sys.modules.update(dict.fromkeys(others))  # None: importing one of them fails
from depthq import DepthEstimator
with DepthEstimator(weights="bundled", decode_processes=1) as estimator:
    print(estimator({str(cat)!r}).heatmap().size)
print([name for name in ("storage", "api", "outbound", "client") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["(451, 300)", "[]"]
