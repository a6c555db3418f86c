"""`depthq live`: a camera is never waited for, a video loses no frame."""

from __future__ import annotations

from concurrent.futures import Future

import cv2
import numpy as np
from rich.progress import Progress, TaskID

from client import console
from client.commands.live import results
from tests.services.fake_api import FakeApi, Reply


def test_of_a_camera_frames_without_room_are_skipped():
    asked: list[tuple[bytes, Future]] = []

    def ask(frame: bytes) -> Future:
        asked.append((frame, Future()))
        return asked[-1][1]

    def frames():
        yield from (b"0", b"1", b"2", b"3")
        asked[0][1].set_result("depth of 0")
        yield b"4"
        for _, future in asked[1:]:
            future.set_result("later")

    found = list(results(frames(), ask, skipping=True))
    assert [frame for frame, _ in asked] == [b"0", b"1", b"4"]
    assert found == ["depth of 0", "later", "later"]


def test_of_a_video_every_frame_is_asked_for_in_order():
    def ask(frame: bytes) -> Future:
        future: Future = Future()
        future.set_result(frame)
        return future

    frames = [bytes([n]) for n in range(9)]
    assert list(results(iter(frames), ask, skipping=False)) == frames


DEPTH = Reply(200, b"depth", {"Content-Type": "image/jpeg", "Depthq-Depth-Range": "0 1"})


def film(path):
    clip = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (1280, 720))
    for shade in (0, 100, 200):
        clip.write(np.full((720, 1280, 3), shade, np.uint8))
    clip.release()


def test_frames_of_a_video_become_numbered_files(api: FakeApi, depthq, tmp_path, monkeypatch):
    film(tmp_path / "clip.avi")
    monkeypatch.chdir(tmp_path)
    api.script.extend([DEPTH] * 3)
    run = depthq("live", "clip.avi", "--out", "depth", "--colormap", "turbo", url=api.url)
    assert (run.returncode, run.stderr) == (0, "3 frames\n")
    names = sorted(path.name for path in (tmp_path / "depth").iterdir())
    assert names == ["000000.jpg", "000001.jpg", "000002.jpg"]
    posts = [asked for asked in api.asked if asked.method == "POST"]
    assert {asked.path for asked in posts} == {"/v1/depth?output=heatmap&size=model&colormap=turbo"}
    sent = cv2.imdecode(np.frombuffer(posts[0].body, np.uint8), cv2.IMREAD_COLOR)
    assert sent.shape == (360, 640, 3)


def test_a_video_that_is_not_there_is_one_line(api: FakeApi, depthq, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = depthq("live", "none.mp4", "-o", "-", url=api.url)
    assert run.returncode == 2  # usage, as for every command
    assert "there is no file none.mp4" in " ".join(run.stderr.split())


def test_a_terminal_sees_how_many_frames_of_how_many_are_done(
    api: FakeApi, depthq, tmp_path, monkeypatch
):
    film(tmp_path / "clip.avi")
    seen: list[tuple[float, float | None]] = []
    monkeypatch.setattr(console.err, "_force_terminal", True)
    advance = Progress.advance

    def noted(self: Progress, task: TaskID, by: float = 1) -> None:
        advance(self, task, by)
        seen.append((self.tasks[task].completed, self.tasks[task].total))

    monkeypatch.setattr(Progress, "advance", noted)
    api.script.extend([DEPTH] * 3)
    run = depthq("live", tmp_path / "clip.avi", "--out", tmp_path / "out", url=api.url)
    assert run.returncode == 0
    assert seen == [(1, 3), (2, 3), (3, 3)]
    api.script.extend([DEPTH] * 3)
    depthq("live", tmp_path / "clip.avi", "-o", tmp_path, "--frames", 2, url=api.url)
    assert seen[3:] == [(1, 2), (2, 2)]


def test_ctrl_c_ends_it_and_says_how_many_frames_there_are(
    api: FakeApi, depthq, tmp_path, monkeypatch
):
    film(tmp_path / "clip.avi")
    found = results

    def interrupted(*given, **more):
        yield next(found(*given, **more))
        raise KeyboardInterrupt

    monkeypatch.setattr("client.commands.live.results", interrupted)
    api.script.extend([DEPTH] * 3)
    run = depthq("live", tmp_path / "clip.avi", "--out", tmp_path / "out", url=api.url)
    assert (run.returncode, run.stderr) == (130, "1 frame\n")


def test_what_is_no_video_is_one_line(api: FakeApi, depthq, tmp_path):
    (tmp_path / "notes.txt").write_text("no film")
    run = depthq("live", tmp_path / "notes.txt", "--out", tmp_path / "out", url=api.url)
    assert run.returncode == 1
    assert "is no video that OpenCV reads; for one picture: depthq now" in (
        " ".join(run.stderr.split())
    )
