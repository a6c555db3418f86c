"""Whatever a child does, the caller gets a coded error and the next image a living child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from contract.errors import DecoderCrashed, ImageCorrupt, ImageTooLarge, ImageUndecodable
from tests.hostile.builders import jpeg_with_scans, png_bomb
from tests.open_files import open_files
from tests.pictures import encoded, photo
from tests.unit.worker.imaging.conftest import LIMITS, fake
from tests.waits import PATIENT_S, wait_until
from worker.imaging.decoder import Decoder

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    """Two children, whose places are filled again whatever a test does to them."""
    decoder = fake(processes=2)
    decoder.start()
    decoder.wait_until_ready()
    yield decoder
    decoder.stop()


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    "order", ["segfault", "abort", "exit", "nonsense", "wrong answer", "half an answer"]
)
def test_a_child_that_dies_or_raves_is_a_crash_of_ours(decoder: Decoder, order: str) -> None:
    with pytest.raises(DecoderCrashed):
        decoder.decode(order.encode())
    assert decoder.decode(b"good").height == 1
    assert len(decoder.pids) == 2


@pytest.mark.parametrize(
    "lie",
    [
        "{'size': (10**9, 10**9)}; (3, 256, 256)",
        "{'size': (4096, 10**15)}; (3, 32, 256)",
        "{'size': (20_000, 20_000)}; (3, 256, 256)",  # more pixels than may be sent
        "{'size': (0, 5)}; (3, 32, 256)",
        "{'size': (-4, -4)}; (3, 256, 256)",
        "{'size': ('4', 4)}; (3, 256, 256)",
        "{'size': (4.5, 4)}; (3, 256, 256)",
        "{'size': (True, True)}; (3, 256, 256)",
        "{'size': (4, 4, 4)}; (3, 256, 256)",
        "{'size': (40, 40)}; (3, 32, 32)",  # not what the network sees of a square
        "{'decode_ms': float('inf')}; (3, 32, 256)",
        "{'decode_ms': -1}; (3, 32, 256)",
        "{'prepare_ms': 1e300}; (3, 32, 256)",
        "{'damage': ['worse']}; (3, 32, 256)",
        "{'damage': 'truncated'}; (3, 32, 256)",
        "{'warnings': ['x'] * 6}; (3, 32, 256)",
        "{'warnings': ['x' * 900]}; (3, 32, 256)",
        "{'warnings': [5]}; (3, 32, 256)",
    ],
)
def test_a_false_answer_of_a_child_is_refused(decoder: Decoder, lie: str) -> None:
    with pytest.raises(DecoderCrashed, match="no sense"):
        decoder.decode(f"lie {lie}".encode())
    assert decoder.decode(b"good").height == 1


def test_numbers_that_are_none_and_endless_brackets_are_not_believed(decoder: Decoder) -> None:
    with pytest.raises(DecoderCrashed, match="no sense"):
        decoder.decode(b"not a number")
    with pytest.raises(DecoderCrashed):
        decoder.decode(b"nested")
    assert decoder.decode(b"good").height == 1


def test_what_a_child_says_of_an_error_is_cut_and_printable(decoder: Decoder) -> None:
    lie = "{'error': 'image_corrupt', 'message': chr(27) + 'x' * 9000}; (0,)"
    with pytest.raises(ImageCorrupt) as caught:
        decoder.decode(f"lie {lie}".encode())
    assert len(str(caught.value)) == 300
    assert str(caught.value).isprintable()


def test_a_child_that_hangs_is_killed_in_time(decoder: Decoder) -> None:
    before = decoder.pids
    with pytest.raises(ImageUndecodable, match="longer than 3 s"):
        decoder.decode(b"sleep")
    assert decoder.decode(b"good").height == 1
    assert sum(is_gone(pid) for pid in before) == 1


def test_a_frozen_child_does_not_freeze_the_parent_even_while_it_writes() -> None:
    decoder = fake(processes=1)
    decoder.start()
    decoder.wait_until_ready()
    os.kill(decoder.pids[0], signal.SIGSTOP)
    with pytest.raises(ImageUndecodable):
        decoder.decode(b"x" * 8_000_000)  # more than a pipe holds
    assert decoder.decode(b"good").height == 1
    decoder.stop()


def test_a_child_that_died_idle_costs_no_image(decoder: Decoder) -> None:
    for pid in decoder.pids:
        os.kill(pid, signal.SIGKILL)
    assert decoder.decode(b"good").height == 1
    assert decoder.decode(b"good").height == 1


def test_many_threads_share_few_children(decoder: Decoder) -> None:
    orders = [b"good", b"exit", b"good", b"abort"] * 3
    seen = []

    def run(order: bytes) -> None:
        try:
            seen.append(decoder.decode(order).height)
        except DecoderCrashed:
            seen.append(0)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(run, orders))
    assert sorted(seen) == [0] * 6 + [1] * 6
    assert len(decoder.pids) == 2


def test_children_retire_after_their_share_of_images() -> None:
    decoder = fake(processes=1, retire_after=3)
    pids = [decoder.decode(b"good").width for _ in range(7)]
    decoder.stop()
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


def test_leaves_no_process_and_no_file_open_behind() -> None:
    before = open_files()
    decoder = fake(processes=3)
    decoder.start()
    for order in (b"good", b"exit", b"sleep", b"nonsense"):
        try:
            decoder.decode(order)
        except (DecoderCrashed, ImageUndecodable):
            continue
    pids = decoder.pids
    decoder.stop()
    assert all(is_gone(pid) for pid in pids)
    assert open_files() - before == set()


def test_a_stopped_decoder_says_so_also_to_those_who_wait() -> None:
    decoder = fake(processes=1, timeout_s=PATIENT_S)
    decoder.start()
    errors = []

    def run(order: bytes) -> None:
        try:
            decoder.decode(order)
        except DecoderCrashed as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(b"sleep",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    decoder.stop()
    for thread in threads:
        thread.join(PATIENT_S)
        assert not thread.is_alive()
    assert len(errors) == 3


def test_a_child_that_cannot_start_is_reported_at_start() -> None:
    decoder = fake(max_side_px=13)
    decoder.start()
    with pytest.raises(DecoderCrashed, match="did not start"):
        decoder.wait_until_ready()
    decoder.stop()


def test_children_end_when_their_parent_is_killed() -> None:
    code = (
        "import sys, time; from tests.unit.worker.imaging.conftest import fake;"
        "d = fake(processes=2); d.start(); d.wait_until_ready(); print(*d.pids, flush=True);"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    wait_until(lambda: all(is_gone(pid) for pid in pids), "both are gone")


def test_a_jpeg_of_thousands_of_scans_is_stopped_by_the_clock() -> None:
    flat = encoded(Image.new("RGB", (3000, 3000)), "JPEG", progressive=True)
    slow = jpeg_with_scans(flat, 2000)
    assert len(slow) < 1_000_000
    decoder = Decoder(**{**LIMITS, "timeout_s": 2.0, "max_pixels": 2**31})  # scans pass
    with pytest.raises(ImageUndecodable, match="longer than 2 s"):
        decoder.decode(slow)
    assert decoder.decode(encoded(photo(), "PNG")).width == 64
    decoder.stop()


def test_memory_is_limited_inside_the_child() -> None:
    bomb = png_bomb(10_000, 10_000)  # 300 MB of pixels, within max_pixels
    decoder = Decoder(**{**LIMITS, "memory_bytes": 450 * 1024 * 1024})
    with pytest.raises(ImageTooLarge, match="memory"):
        decoder.decode(bomb)
    assert decoder.decode(encoded(photo(), "PNG")).width == 64
    decoder.stop()


def test_no_secret_of_the_parent_reaches_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPTHQ_S3_SECRET_ACCESS_KEY", "secret")
    decoder = Decoder(**LIMITS)
    decoder.start()
    decoder.wait_until_ready()
    environment = Path(f"/proc/{decoder.pids[0]}/environ").read_bytes()
    limits = Path(f"/proc/{decoder.pids[0]}/limits").read_text()
    decoder.stop()
    assert b"secret" not in environment
    assert b"OPENCV_IO_MAX_IMAGE_PIXELS=120000000" in environment
    assert "Max core file size        0" in limits
    assert "Max address space         1073741824" in limits
