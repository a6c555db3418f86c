"""Depth at once from Python and from the command line, against a stand-in of the service."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from client.async_client import AsyncDepthClient
from client.depth_client import DepthClient
from client.errors import UnexpectedAnswer
from client.wire.depth_calls import DepthNow
from client.wire.retries import RetryPolicy
from contract.errors import DeadlineExceeded, NotInTime, WorkerLost
from contract.settings import environment
from tests.services.fake_api import FakeApi, Reply

QUICK = RetryPolicy(attempts=2, first_s=0.01, longest_s=0.02)
HEADERS = {
    "Content-Type": "image/png",
    "Depthq-Model": "midas_small",
    "Depthq-Weights": "seeded-1",
    "Depthq-Depth-Range": "-1.5 20.25",
    "Depthq-Downsampled-To": "4096x3072",
    "Depthq-Warnings": "truncated, corrupt_data",
    "Server-Timing": 'queued;dur=0.4, infer;dur=12.5, batch;desc="2"',
}
DONE = Reply(200, b"the depth", HEADERS)
FOUND = DepthNow(
    data=b"the depth",
    media_type="image/png",
    extension="png",
    model="midas_small",
    weights_id="seeded-1",
    depth_min=-1.5,
    depth_max=20.25,
    timings_ms={"queued": 0.4, "infer": 12.5},
    warnings=("truncated", "corrupt_data"),
    downsampled_to=(4096, 3072),
)


def test_the_picture_is_the_body_and_the_options_are_in_the_url(api: FakeApi):
    api.script.append(DONE)
    with DepthClient(api.url, "key", retries=QUICK) as client:
        found = client.depth_now(b"picture", output="heatmap", colormap="turbo", deadline_s=None)
    assert found == FOUND
    (asked,) = api.asked
    assert (asked.method, asked.body) == ("POST", b"picture")
    assert asked.path == "/v1/depth?output=heatmap&colormap=turbo"
    assert asked.headers["Authorization"] == "Bearer key"


def test_the_client_for_asyncio_says_the_same(api: FakeApi):
    api.script.append(DONE)

    async def ask() -> DepthNow:
        async with AsyncDepthClient(api.url, retries=QUICK) as client:
            return await client.depth_now(b"picture")

    assert asyncio.run(ask()) == FOUND
    assert api.asked[0].path == "/v1/depth?output=depth"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "not_in_time", NotInTime),
        (503, "worker_lost", WorkerLost),
        (504, "deadline_exceeded", DeadlineExceeded),
    ],
)
def test_what_may_be_tried_again_is_and_then_raised(api: FakeApi, status, code, kind):
    api.script.extend([Reply.problem(status, code, "why")] * 2)
    with DepthClient(api.url, retries=QUICK) as client, pytest.raises(kind, match="why"):
        client.depth_now(b"picture")
    assert len(api.asked) == 2
    api.script.extend([Reply.problem(status, code), DONE])
    with DepthClient(api.url, retries=QUICK) as client:
        assert client.depth_now(b"picture").data == b"the depth"


def test_something_else_that_answers_is_no_depth(api: FakeApi):
    api.script.append(Reply(200, b"<html>", {"Content-Type": "text/html"}))
    with DepthClient(api.url) as client, pytest.raises(UnexpectedAnswer, match="not with depth"):
        client.depth_now(b"picture")


def test_now_writes_one_file_named_after_the_picture(api: FakeApi, depthq, tmp_path, monkeypatch):
    (tmp_path / "cat.jpg").write_bytes(b"picture")
    monkeypatch.chdir(tmp_path)
    api.script.append(DONE)
    options = ["--output", "gray", "--size", "model", "--json"]
    run = depthq("now", "cat.jpg", *options, url=api.url)
    assert run.returncode == 0
    first, second = run.stderr.splitlines()
    assert first.startswith("cat.jpg: the file is cut off")
    assert second.startswith("cat.jpg: the file is damaged")
    assert (tmp_path / "cat.gray.png").read_bytes() == b"the depth"
    assert api.asked[-1].path == "/v1/depth?output=gray&size=model"
    said = json.loads(run.stdout)
    assert (said["file"], said["depth"]) == ("cat.gray.png", {"min": -1.5, "max": 20.25})


def test_now_reads_and_writes_pipes(api: FakeApi, tmp_path):
    api.script.append(DONE)
    run = subprocess.run(
        [sys.executable, "-m", "client.cli", "now", "-", "-o", "-"],
        cwd=tmp_path, input=b"from a pipe", capture_output=True, check=False,
        env=environment(url=api.url) | {"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (0, b"the depth")
    assert api.asked[-1].body == b"from a pipe"
    assert list(tmp_path.iterdir()) == []


def test_now_never_overwrites_the_picture_itself(api: FakeApi, depthq, tmp_path, monkeypatch):
    (tmp_path / "cat.jpg").write_bytes(b"picture")
    monkeypatch.chdir(tmp_path)
    api.script.append(DONE)
    run = depthq("now", "cat.jpg", "-o", "./cat.jpg", url=api.url)
    assert run.returncode == 1
    assert "is the picture itself" in " ".join(run.stderr.split())
    assert (tmp_path / "cat.jpg").read_bytes() == b"picture"


@pytest.mark.parametrize("out", ["results", "results/", "new/"])
def test_a_folder_as_out_gets_the_file_under_its_own_name(api: FakeApi, depthq, tmp_path, out):
    (tmp_path / "cat.jpg").write_bytes(b"picture")
    (tmp_path / "results").mkdir()
    api.script.append(DONE)
    run = depthq("now", tmp_path / "cat.jpg", "-o", f"{tmp_path}/{out}", url=api.url)
    made = tmp_path / out / "cat.depth.png"
    assert (run.returncode, run.stdout) == (0, f"{made}\n")
    assert made.read_bytes() == b"the depth"


def test_now_says_that_a_result_is_smaller_than_its_picture(api: FakeApi, depthq, tmp_path):
    (tmp_path / "cat.jpg").write_bytes(b"picture")
    said = "larger than the service's limit; its results have 4096 x 3072 pixels"
    for size, told in (("original", True), ("model", False)):
        api.script.append(DONE)
        run = depthq("now", tmp_path / "cat.jpg", "-o", tmp_path, "--size", size, url=api.url)
        assert (said in " ".join(run.stderr.split())) == told


@pytest.mark.parametrize("command", [["now", "cat.jpg"], ["live", "clip.mp4"]])
def test_a_file_s_bytes_are_not_shown_on_a_terminal(
    api: FakeApi, depthq, tmp_path, monkeypatch, command
):
    (tmp_path / command[1]).write_bytes(b"picture")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("client.files.piped.sys.stdout.isatty", lambda: True)
    run = depthq(*command, "-o", "-", url=api.url)
    assert (run.returncode, run.stdout) == (2, "")
    assert "pipe or redirect them, or name a file" in " ".join(run.stderr.split())
    assert api.asked == []


def test_words_may_go_to_a_terminal(api: FakeApi, depthq, tmp_path, monkeypatch):
    (tmp_path / "cat.jpg").write_bytes(b"picture")
    monkeypatch.setattr("client.files.piped.sys.stdout.isatty", lambda: True)
    text = HEADERS | {"Content-Type": "text/plain; charset=utf-8"}
    api.script.append(Reply(200, b"One thing stands out.", text))
    run = depthq("now", tmp_path / "cat.jpg", "--output", "description", "-o", "-", url=api.url)
    assert (run.returncode, run.stdout) == (0, "One thing stands out.\n")
