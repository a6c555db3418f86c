"""A network is kept as it was optimised, and taken again only if nothing about it has changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contract.settings import Settings
from worker.engines import kept_network
from worker.engines.factory import open_engine
from worker.engines.kept_network import KeptNetwork
from worker.engines.openvino_engine import OpenVinoEngine, openvino_library
from worker.engines.protocol import Depths
from worker.weights.resolve import bundled

IMAGE = np.random.default_rng(0).standard_normal((1, 3, 64, 96)).astype(np.float32)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "network.onnx"
    source.write_bytes(b"layers and weights")
    return source


def network(
    folder: Path, source: Path, runtime: str = "1.0", precision: str = "fp32"
) -> KeptNetwork:
    return KeptNetwork(folder / "kept", source, runtime, precision)


def files(folder: Path) -> list[Path]:
    return sorted((folder / "kept").glob("*"))


def test_what_was_kept_is_there_for_the_next_process(tmp_path: Path, source: Path) -> None:
    assert network(tmp_path, source).mapped() is None
    mapped = network(tmp_path, source).keep(memoryview(b"optimised"))
    assert mapped is not None
    assert mapped[:] == b"optimised"
    again = network(tmp_path, source).mapped()
    assert again is not None
    assert again[:] == b"optimised"


def test_another_runtime_precision_or_source_has_none(tmp_path: Path, source: Path) -> None:
    network(tmp_path, source).keep(memoryview(b"optimised"))
    assert network(tmp_path, source, runtime="1.1").mapped() is None
    assert network(tmp_path, source, precision="bf16").mapped() is None
    source.write_bytes(b"other weights")
    assert network(tmp_path, source).mapped() is None


@pytest.mark.parametrize("damage", [b"optimiseD", b"optim", b""])
def test_a_damaged_file_is_removed_and_not_used(
    tmp_path: Path, source: Path, damage: bytes
) -> None:
    network(tmp_path, source).keep(memoryview(b"optimised"))
    (path,) = files(tmp_path)
    path.write_bytes(damage)
    assert network(tmp_path, source).mapped() is None
    assert files(tmp_path) == []


def test_where_nothing_can_be_written_there_is_none(tmp_path: Path, source: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    assert network(tmp_path, source).keep(memoryview(b"optimised")) is None


def test_large_networks_are_not_kept(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert network(tmp_path, source).wanted
    monkeypatch.setattr(kept_network, "LARGEST_SOURCE_BYTES", 5)
    assert not network(tmp_path, source).wanted


def test_files_that_nothing_has_used_for_a_month_are_removed(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network(tmp_path, source, runtime="1.0").keep(memoryview(b"old"))
    (old,) = files(tmp_path)
    now = old.stat().st_mtime
    monkeypatch.setattr(kept_network.time, "time", lambda: now + 29 * 24 * 3600)
    network(tmp_path, source, runtime="1.1").keep(memoryview(b"new"))
    assert old in files(tmp_path)
    monkeypatch.setattr(kept_network.time, "time", lambda: now + 31 * 24 * 3600)
    network(tmp_path, source, runtime="1.2").keep(memoryview(b"newest"))
    assert old not in files(tmp_path)


def test_the_engine_computes_the_same_bits_from_a_kept_network(tmp_path: Path) -> None:
    settings = Settings(precision="fp32", infer_threads=1, cache_dir=tmp_path)
    first = _depth(settings)
    (path,) = (tmp_path / "weights" / "optimised").glob("*.blob")
    written = path.stat().st_ino
    assert np.array_equal(_depth(settings), first)
    assert path.stat().st_ino == written
    anew = OpenVinoEngine(bundled(), precision="fp32", threads=1, max_batch=1)
    anew.load()
    assert np.array_equal(anew.infer(IMAGE), first)


def test_a_kept_network_that_the_runtime_does_not_take_is_made_anew(tmp_path: Path) -> None:
    kept = KeptNetwork(
        tmp_path / "weights" / "optimised", bundled().path, openvino_library().__version__, "fp32"
    )
    assert kept.keep(memoryview(b"what no runtime takes" * 1000)) is not None
    settings = Settings(precision="fp32", infer_threads=1, cache_dir=tmp_path)
    assert np.isfinite(_depth(settings)).all()
    (path,) = (tmp_path / "weights" / "optimised").glob("*.blob")
    assert path.stat().st_size > 10_000_000


def _depth(settings: Settings) -> Depths:
    engine = open_engine(settings)
    engine.load()
    return engine.infer(IMAGE)


def test_after_a_shape_was_computed_its_engine_holds_no_page_of_the_kept_network(
    tmp_path: Path,
) -> None:
    engine = open_engine(Settings(precision="fp32", infer_threads=1, cache_dir=tmp_path))
    engine.load()
    first = engine.infer(IMAGE)
    (path,) = (tmp_path / "weights" / "optimised").glob("*.blob")
    assert _resident_kb(path) < 1024
    assert np.array_equal(engine.infer(np.repeat(IMAGE, 2, axis=0))[1], first[0])
    assert _resident_kb(path) < 1024


def _resident_kb(path: Path) -> int:
    """Return how many KiB of the mappings of the file at `path` are resident."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    starts = [number for number, line in enumerate(lines) if line.endswith(str(path))]
    assert starts  # it is mapped
    sizes = [next(line for line in lines[start:] if line.startswith("Rss:")) for start in starts]
    return sum(int(size.split()[1]) for size in sizes)


def test_a_file_of_another_user_is_used_as_it_is(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network(tmp_path, source).keep(memoryview(b"optimised"))
    before = files(tmp_path)

    def refuse(_path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "touch", refuse)
    mapped = network(tmp_path, source).mapped()
    assert mapped is not None
    assert mapped[:] == b"optimised"
    assert files(tmp_path) == before
