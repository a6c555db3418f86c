"""A video from the command line to its films; real workers, a real S3 server, kill -9 between."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import av
import pytest

from contract.names.object_keys import run_object
from contract.states import DatasetState
from tests.conftest import ENVIRONMENT
from tests.films import drifting, film
from tests.services.datasets import BulkService
from tests.waits import wait_until

FRAMES = 24  # one segment; tests/integration/videos has many
WAIT_S = 240
OUTPUTS = ["heatmap", "depth"]


def of_the_store(service: BulkService, video_id: str) -> dict[str, bytes]:
    store = service.objects
    return {
        name: store.get(run_object(video_id, name))
        for name in ("heatmap.mp4", "depth.mkv", "depth.json")
    }


@pytest.mark.timeout(900)
def test_a_clip_comes_back_as_a_film_and_kill_9_changes_no_byte(service, tmp_path):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(film(drifting(FRAMES, 64, 32), options={"g": "12"}, sound_s=2.0))
    # Given what the command line brings
    command = [sys.executable, "-m", "client.cli", "video", clip, "--out", tmp_path / "out"]
    done = subprocess.run(
        [*map(str, command), "--output", "heatmap", "--output", "depth", "--json"],
        env={**ENVIRONMENT, "DEPTHQ_URL": service.api.url, "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=False, timeout=WAIT_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    brought = {path.name: path.read_bytes() for path in Path(tmp_path / "out").iterdir()}
    with av.open(io.BytesIO(brought["heatmap.mp4"])) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == FRAMES
    # When the worker is killed in the middle of the same clip
    videos = service.client.videos
    video = videos.submit(clip, outputs=OUTPUTS)
    wait_until(lambda: videos.get(video.id).frames["done"] > 4, "frames are done", WAIT_S)
    service.bulk[0].kill()
    service.bulk[0].start()
    ended = videos.wait(video.id, timeout=WAIT_S)
    # Then the files are the same
    assert (ended.state, ended.frames["failed"]) == (DatasetState.COMPLETED, 0)
    assert of_the_store(service, video.id) == brought
