"""Videos by both clients and from the command line: what is sent, waited for and brought."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import client.commands.video as video_command
from client.async_client import AsyncDepthClient
from client.depth_client import DepthClient
from client.errors import WaitedTooLong
from client.wire.retries import RetryPolicy
from contract.errors import InvalidRequest, VideoUndecodable
from tests.services.fake_api import FakeApi, Reply

QUICK = RetryPolicy(attempts=3, sleep=lambda _: None)
Use = Callable[[Any], Any]


def document(state: str = "completed", **more: Any) -> dict[str, Any]:
    frames = {"total": 3, "succeeded": 3, "failed": 0, "done": 3, "by_code": {}}
    files = [{"name": "depth.npz", "url": "/v1/videos/video-1/files/depth.npz", "media_type": "-"}]
    return {
        "id": "video-1",
        "state": state,
        "frames": frames,
        "segments": {"total": 1, "done": 1, "planned": True},
        "files": files if state == "completed" else [],
        **more,
    }


@pytest.fixture(params=["blocking", "asyncio"])
def use(request: pytest.FixtureRequest, api: FakeApi) -> Callable[[Use], Any]:
    """Run a use of `videos` by either client; of the awaited one each result is awaited."""

    async def awaited(work: Use) -> Any:
        async with AsyncDepthClient(api.url, retries=QUICK) as client:
            made = work(client.videos)
            return await made if inspect.isawaitable(made) else made

    def run(work: Use) -> Any:
        if request.param == "asyncio":
            return asyncio.run(awaited(work), debug=True)
        with DepthClient(api.url, retries=QUICK) as client:
            return work(client.videos)

    return run


def test_a_file_is_sent_with_its_options_and_the_same_key_on_every_try(api: FakeApi, use, tmp_path):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"a film")
    api.script.extend([Reply(503), Reply.of(202, document("queued"))])
    made = use(lambda v: v.submit(clip, outputs=["heatmap", "depth"], model="dpt_large_384"))
    assert (made.id, made.terminal) == ("video-1", False)
    assert len({asked.headers["Idempotency-Key"] for asked in api.asked}) == 1
    body = api.asked[-1].body
    assert b'filename="clip.mp4"' in body
    assert b"a film" in body
    assert b'name="model"\r\n\r\ndpt_large_384' in body
    assert body.count(b'name="outputs"') == 2


def test_a_place_is_sent_as_json(api: FakeApi, use):
    api.script.append(Reply.of(202, document("queued")))
    use(lambda v: v.submit(source={"s3": "s3://shots/walk/"}, frames_fps=24, name=None))
    sent = json.loads(api.asked[-1].body)
    assert sent == {"source": {"s3": "s3://shots/walk/"}, "frames_fps": 24}


def test_neither_or_both_of_file_and_place_are_refused_before_anything_is_sent(api: FakeApi, use):
    for video, source in ((None, None), (b"film", {"s3": "s3://a/b"})):
        with pytest.raises(InvalidRequest):
            use(lambda v, video=video, source=source: v.submit(video, source=source))
    assert api.asked == []


def test_waiting_shows_each_snapshot_and_ends_with_the_video(api: FakeApi, use, monkeypatch):
    for module in ("client.videos", "client.async_videos"):
        monkeypatch.setattr(f"{module}.POLL_S", 0.01)
    api.script.extend(Reply.of(200, document(state)) for state in ("running", "completed"))
    seen: list[str] = []
    ended = use(lambda v: v.wait("video-1", 5, seen=lambda now: seen.append(now.state.value)))
    assert (seen, ended.whole) == (["running", "completed"], True)


def test_waiting_ends_with_its_time_and_says_where_the_video_stands(api: FakeApi, use):
    api.script.append(Reply.of(200, document("running")))
    with pytest.raises(WaitedTooLong, match="video video-1 is still running"):
        use(lambda v: v.wait("video-1", 0))


def test_files_are_brought_under_their_names(api: FakeApi, use, tmp_path: Path):
    api.script.extend([Reply.of(200, document()), Reply(200, b"numbers")])
    made = use(lambda v: v.download("video-1", tmp_path / "out"))
    assert made == {"depth.npz": tmp_path / "out" / "depth.npz"}
    assert made["depth.npz"].read_bytes() == b"numbers"
    error = {"code": "video_undecodable", "message": "no frame", "retryable": False}
    api.script.append(Reply.of(200, document("failed", error=error)))
    with pytest.raises(VideoUndecodable, match="no frame"):
        use(lambda v: v.download("video-1", tmp_path / "out"))


@pytest.mark.parametrize("call", ["retry", "cancel"])
def test_a_video_is_run_again_or_stopped(api: FakeApi, use, call):
    api.script.append(Reply.of(202, document("running")))
    assert use(lambda v: getattr(v, call)("video-1")).state.value == "running"
    assert (api.asked[-1].method, api.asked[-1].path) == ("POST", f"/v1/videos/video-1/{call}")


def test_the_command_line_takes_places_and_brings_the_files(api: FakeApi, depthq, tmp_path):
    api.script.extend([Reply.of(202, document("queued")), Reply.of(200, document())])
    api.script.append(Reply(200, b"numbers"))
    arguments = ["--output", "depth_npz", "--frames-fps", 24, "--model", "midas_small"]
    ended = depthq("video", "s3://shots/walk/", "--out", tmp_path / "out", *arguments, url=api.url)
    assert (ended.returncode, ended.stdout) == (0, f"{tmp_path / 'out' / 'depth.npz'}\n")
    (sent,) = [asked for asked in api.asked if asked.method == "POST"]
    assert json.loads(sent.body) == {
        "source": {"s3": "s3://shots/walk/"},
        "outputs": ["depth_npz"],
        "frames_fps": 24.0,
        "model": "midas_small",
        "name": "walk",
    }


def test_several_videos_are_sent_before_any_is_waited_for_and_have_a_folder_each(
    api: FakeApi, depthq, tmp_path
):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "clip.mp4").write_bytes(b"film")
    clips = [tmp_path / "a" / "clip.mp4", tmp_path / "b" / "clip.mp4"]
    out = tmp_path / "out"
    missing = depthq("video", clips[0], tmp_path / "none.mp4", "--out", out, url=api.url)
    assert (missing.returncode, api.paths("POST")) == (2, [])
    frames = {"total": 3, "succeeded": 2, "failed": 1, "done": 3, "by_code": {"internal": 1}}
    api.script.extend([Reply.of(202, document("queued"))] * 2)
    api.script.extend([Reply.of(200, document()), Reply(200, b"first")])
    api.script.extend([Reply.of(200, document(frames=frames)), Reply(200, b"second")])
    ended = depthq("video", *clips, "--out", out, "--json", url=api.url)
    assert ended.returncode == 1  # frames of one failed
    assert [json.loads(line)["id"] for line in ended.stdout.splitlines()] == ["video-1"] * 2
    made = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.npz")}
    assert made == {"clip/depth.npz": b"first", "clip-2/depth.npz": b"second"}


def test_help_says_every_output_and_how_to_give_frames(depthq):
    said = depthq("video", "--help").stdout
    assert all(name in said for name in ("depth_exr", "side_by_side", "s3://shots/walk/"))


ID = "video-20260131-abcdefghijklmnopqrstuvwxyz"


def test_the_files_of_a_video_that_was_left_come_by_its_id(api: FakeApi, depthq, tmp_path):
    api.script.extend([Reply.of(200, document("running", id=ID)), Reply.of(200, document(id=ID))])
    api.script.append(Reply(200, b"numbers"))
    ended = depthq("video", ID, "--out", tmp_path, url=api.url)
    assert ended.returncode == 0
    assert (tmp_path / "depth.npz").read_bytes() == b"numbers"
    assert api.paths("POST") == []


def test_what_is_no_terminal_gets_a_line_when_the_work_changes(api: FakeApi, depthq, tmp_path):
    waits = {"total": 0, "succeeded": 0, "failed": 0, "done": 0, "by_code": {}}
    api.script.append(Reply.of(200, document("queued", id=ID, frames=waits)))
    api.script.append(Reply.of(200, document("running", id=ID)))
    api.script.extend([Reply.of(200, document(id=ID)), Reply(200, b"numbers")])
    said = depthq("video", ID, "--out", tmp_path, url=api.url).stderr.splitlines()
    assert said[:2] == [
        f"{ID}  making the files: 3 of 3 frames",
        f"{ID}  completed: 3 of 3 frames",
    ]


def test_ctrl_c_says_how_to_go_on_and_how_to_stop(api: FakeApi, depthq, tmp_path, monkeypatch):
    def interrupted(*_args: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("client.commands.video.watched", interrupted)
    (tmp_path / "clip.mp4").write_bytes(b"film")
    api.script.append(Reply.of(202, document("queued", id=ID)))
    left = depthq("video", tmp_path / "clip.mp4", "--out", tmp_path / "out", url=api.url)
    assert left.returncode == 130
    assert f"depthq video {ID} --out {tmp_path / 'out'}" in left.stderr
    assert f"depthq cancel {ID}" in left.stderr


def test_ctrl_c_while_the_second_is_sent_says_what_goes_on(
    api: FakeApi, depthq, tmp_path, monkeypatch
):
    begun = video_command._begun
    ids = iter([ID])

    def interrupted(videos: Any, source: Any, options: Any) -> Any:
        if next(ids, None) is None:
            raise KeyboardInterrupt
        return begun(videos, source, options)

    monkeypatch.setattr(video_command, "_begun", interrupted)
    clips = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for clip in clips:
        clip.write_bytes(b"film")
    api.script.append(Reply.of(202, document("queued", id=ID)))
    left = depthq("video", *clips, "--out", tmp_path / "my films", url=api.url)
    assert left.returncode == 130
    assert f"depthq video {ID} --out '{tmp_path / 'my films'}'" in left.stderr
    monkeypatch.setattr(video_command, "_begun", lambda *_: interrupted(None, None, None))
    left = depthq("video", *clips, "--out", tmp_path, url=api.url)
    assert left.stderr == "stopped before anything was submitted; the same command begins again\n"


def test_a_folder_of_frames_is_told_to_become_a_zip(depthq, tmp_path):
    refused = depthq("video", tmp_path, "--out", tmp_path / "out")
    assert refused.returncode == 2
    assert "is a folder; of numbered images make a zip" in " ".join(refused.stderr.split())


def test_outputs_come_by_comma_too(api: FakeApi, depthq, tmp_path):
    api.script.extend([Reply.of(202, document("queued")), Reply.of(200, document())])
    api.script.append(Reply(200, b"numbers"))
    depthq("video", "s3://a/b.mp4", "--out", tmp_path, "--outputs", "depth_npz,depth", url=api.url)
    (sent,) = [asked for asked in api.asked if asked.method == "POST"]
    assert json.loads(sent.body)["outputs"] == ["depth_npz", "depth"]


@pytest.mark.parametrize(("command", "state"), [("status", "completed"), ("cancel", "canceled")])
def test_status_and_cancel_take_the_id_of_a_video(api: FakeApi, depthq, command, state):
    api.script.append(Reply.of(200, document(state, id=ID)))
    shown = depthq(command, ID, url=api.url)
    assert (shown.returncode, shown.stdout) == (0, f"{ID}  {state}: 3 of 3 frames\n")
    assert api.asked[-1].path.startswith(f"/v1/videos/{ID}")


def test_an_unknown_id_is_told_whose_it_may_be(api: FakeApi, depthq):
    job = ID.removeprefix("video-")
    api.script.extend([Reply.problem(404, "not_found", "There is no job.")] * 2)
    assert f"depthq dataset status {job}" in depthq("status", job, url=api.url).stderr
    assert "cat.jpg is no id" in depthq("status", "cat.jpg", url=api.url).stderr
