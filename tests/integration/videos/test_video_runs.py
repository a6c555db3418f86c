"""Videos from request to films, on real Redis and files; segments die and are run again."""

from __future__ import annotations

import errno
import io
import tempfile
import time
import zipfile
from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from contract.ids import new_run_id
from contract.kinds.video import VIDEO
from contract.models.declaration import DEFAULT_MODEL
from contract.names.object_keys import RUN_ARCHIVE, run_object, run_prefix
from contract.names.queues import STEP_PLAN, TASK_PLAN_RUN
from contract.options import JobOptions
from contract.runs import DatasetSpec, RunRecord, RunRequest
from contract.settings import Settings
from contract.states import DatasetState
from contract.videos import VIDEO_FILES, VideoSpec, VideoWishes
from storage.objects.open import open_object_store
from tests.films import NETWORK, brightness, drifting, film
from tests.integration.datasets.rig import FakeQueue, Rig
from worker.runs.planner import MAX_CRASHES
from worker.videos import kind as video_kind
from worker.videos import originals

FRAMES = 26
FILES = {"heatmap.mp4", "depth.mkv", "depth.json", "frames.parquet"}
SPEC = VideoSpec(outputs=("heatmap", "depth", "parquet"))


class Network:
    """Stand in for the computer: counts frames, and dies when it is told to."""

    def __init__(self) -> None:
        self.frames = 0
        self.dies_at = -1
        self.asked = set()
        self.weights_id = "w-1"

    def network(self, model):
        self.asked.add(model)
        return replace(NETWORK, submit=self.submit, name=model, weights_id=self.weights_id)

    def submit(self, tensor):
        self.frames += 1
        if self.frames == self.dies_at:
            raise KeyboardInterrupt("killed")
        return brightness(tensor)


@pytest.fixture
def rigs(redis, tmp_path, monkeypatch):
    monkeypatch.setattr(video_kind, "SEGMENT_FRAMES", 8)
    made = []

    def new(queue=None, name="w1", **settings):
        own = Settings(data_dir=tmp_path, lease_s=0.4, concurrency=2, **settings)
        rig = Rig(own, redis, open_object_store(own), Network(), queue or FakeQueue(), name)
        made.append(rig)
        return rig

    yield new
    for rig in made:
        rig.stop()


@pytest.fixture(scope="module")
def clip():
    return film(drifting(FRAMES), options={"g": "6"}, sound_s=1.0)


def submit(
    rig: Rig,
    data: bytes,
    spec: VideoSpec = SPEC,
    model: str = DEFAULT_MODEL,
    place: str | None = None,
) -> str:
    run_id = new_run_id(VIDEO)
    key = run_object(run_id, RUN_ARCHIVE)
    if place is None:
        rig.objects.put(key, data, media_type="application/octet-stream")
    request = RunRequest(
        id=run_id,
        created_at=time.time(),
        spec=DatasetSpec(options=JobOptions(model=model)),
        archive=key if place is None else None,
        wishes=VideoWishes(spec=spec, s3=place).model_dump(exclude_defaults=True),
    )
    rig.files.write_request(request)
    rig.ledger.create(RunRecord(request=request))
    rig.queue.send(TASK_PLAN_RUN, f"{run_id}/{STEP_PLAN}")
    return run_id


def films(rig: Rig, run_id: str) -> dict[str, bytes]:
    """Return the files by name, segments as well; without what tells times of day."""
    prefix = run_prefix(run_id)
    found = {info.key.removeprefix(prefix): info.key for info in rig.objects.list(prefix)}
    own = {n: k for n, k in found.items() if n in FILES or n.startswith("segments/")}
    return {name: rig.objects.get(key) for name, key in own.items()}


def test_a_video_becomes_films_and_every_frame_counts(rigs, clip):
    rig = rigs()
    run_id = submit(rig, clip)
    record = rig.run(run_id)
    assert record.state is DatasetState.COMPLETED
    assert (record.counts.succeeded, record.counts.failed, record.shards_total) == (FRAMES, 0, 4)
    made = films(rig, run_id)
    assert set(made) >= FILES
    summary = rig.files.summary(run_id)
    assert {name: summary.files[name] for name in FILES} == {
        name: run_object(run_id, name) for name in FILES
    }
    with av.open(io.BytesIO(made["heatmap.mp4"])) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == FRAMES


def test_every_segment_is_computed_by_the_model_asked_for(rigs, clip):
    rig = rigs()
    run_id = submit(rig, clip, model="dpt_large_384")
    rig.run(run_id)
    assert comment(rig, run_id) == "depthq; model dpt_large_384; weights w-1"
    assert rig.computer.asked == {"dpt_large_384"}
    assert rig.computer.frames > FRAMES


def comment(rig: Rig, run_id: str) -> str:
    with av.open(io.BytesIO(films(rig, run_id)["heatmap.mp4"])) as movie:
        return movie.metadata["comment"]


def test_a_film_names_the_weights_of_its_frames_not_those_of_the_worker_that_joins_them(rigs, clip):
    queue = FakeQueue()
    computing, joining = rigs(queue, "computing"), rigs(queue, "joining")
    joining.computer.weights_id = "w-2"
    run_id = submit(computing, clip)
    while computing.ledger.get(run_id).counts.done < FRAMES:
        assert computing.step()
    joining.run(run_id)
    assert joining.computer.frames == 0
    assert comment(joining, run_id) == "depthq; model midas_small; weights w-1"


def test_a_worker_that_dies_in_a_segment_changes_no_byte(rigs, clip):
    whole = rigs()
    expected = films(whole, submitted_and_run(whole, clip))
    # Given a worker that dies in its second segment, and another with the same queue
    queue = FakeQueue()
    dying, other = rigs(queue, "dying"), rigs(queue, "other")
    run_id = submit(dying, clip)
    dying.computer.dies_at = 20
    with pytest.raises(KeyboardInterrupt):
        dying.run(run_id)
    # When the lease has expired and the other takes over
    record = other.run_until_over(run_id)
    # Then nothing tells that it happened
    assert record.state is DatasetState.COMPLETED
    again = films(other, run_id)
    assert {name: again.get(name) == data for name, data in expected.items()} == dict.fromkeys(
        expected, True
    )


def submitted_and_run(rig: Rig, data: bytes) -> str:
    run_id = submit(rig, data)
    rig.run(run_id)
    return run_id


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"no video at all" * 100, "unsupported_media_type"),
        (film(drifting(3))[:600], "unsupported_media_type"),
    ],
    ids=["noise", "cut"],
)
def test_what_is_no_video_ends_failed_with_a_code(rigs, data, code):
    rig = rigs()
    record = rig.run(submit(rig, data))
    assert record.state is DatasetState.FAILED
    assert record.error.code == code


def test_a_video_that_is_too_long_says_so(rigs, clip):
    rig = rigs(max_video_s=0.5)
    record = rig.run(submit(rig, clip))
    assert record.state is DatasetState.FAILED
    assert record.error.code == "video_too_large"


def test_a_worker_without_room_for_a_video_waits_for_it_and_counts_no_crash(
    rigs, clip, monkeypatch
):
    # Given a video that lies elsewhere, and a disk that is full for longer than crashes are allowed
    monkeypatch.setattr(originals, "_on_disk", lambda _stream: False)
    room, refused = tempfile.TemporaryFile, []

    def full_at_first(*args, **options):
        if len(refused) >= MAX_CRASHES:
            return room(*args, **options)
        refused.append(1)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(originals.tempfile, "TemporaryFile", full_at_first)
    rig = rigs()
    # When it is run, then it is done once there is room
    record = rig.run_until_over(submit(rig, clip))
    assert len(refused) == MAX_CRASHES
    assert (record.state, record.counts.succeeded) == (DatasetState.COMPLETED, FRAMES)


def test_a_canceled_video_keeps_its_segments_and_makes_no_film(rigs, clip):
    rig = rigs()
    run_id = submit(rig, clip)
    rig.step()  # the plan
    rig.step()  # one segment
    rig.cancel(run_id)
    record = rig.run(run_id)
    assert record.state is DatasetState.CANCELED
    made = films(rig, run_id)
    assert not FILES & set(made)
    assert any(name.startswith("segments/") for name in made)


def test_numbered_images_below_a_prefix_are_a_video_as_they_were_listed_first(rigs, tmp_path):
    # Given ten images, one of them broken, and other things beside them
    folder = tmp_path / "buckets" / "clips" / "walk"
    folder.mkdir(parents=True)
    frames = drifting(10)
    for number, frame in enumerate(frames):
        body = cv2.imencode(".png", frame)[1].tobytes() if number != 4 else b"broken"
        (folder / f"shot_{number + 1}.png").write_bytes(body)  # shot_10 comes before shot_2
    (folder / "notes.txt").write_text("not a frame")
    rig = rigs(dataset_buckets=("clips",))
    spec = VideoSpec(outputs=("depth_npz", "depth"), frames_fps=10)
    run_id = submit(rig, b"", spec, place="s3://clips/walk/")
    rig.step()  # the plan
    # When one more comes and one goes, and another worker computes the frames
    (folder / "shot_0.png").write_bytes((folder / "shot_1.png").read_bytes())
    (folder / "shot_7.png").unlink()
    other = rigs(rig.queue, "other", dataset_buckets=("clips",))
    record = other.run(run_id)
    # Then those that were listed are the frames, in the order of their numbers
    assert record.state is DatasetState.COMPLETED
    assert (record.counts.succeeded, record.counts.by_code) == (8, {"video_undecodable": 2})
    array = np.load(io.BytesIO(other.objects.get(run_object(run_id, "depth.npz"))))
    assert array["seconds"] == pytest.approx([0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9])
    assert array["depth"].shape[0] == 8


def test_a_prefix_without_numbered_images_says_what_to_name_them(rigs, tmp_path):
    (tmp_path / "buckets" / "clips").mkdir(parents=True)
    (tmp_path / "buckets" / "clips" / "cat.jpg").write_bytes(b"")
    rig = rigs(dataset_buckets=("clips",))
    record = rig.run(submit(rig, b"", place="s3://clips/"))
    assert record.state is DatasetState.FAILED
    assert (record.error.code, "000001.jpg" in record.error.message) == (
        "unsupported_media_type",
        True,
    )


def test_frames_that_cannot_be_read_fail_alone(rigs):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as images:
        for number, frame in enumerate(drifting(10)):
            body = cv2.imencode(".png", frame)[1].tobytes() if number != 4 else b"broken"
            images.writestr(f"{number:06d}.png", body)
    rig = rigs()
    run_id = submit(rig, packed.getvalue(), VideoSpec(outputs=("heatmap", "depth_npz")))
    record = rig.run(run_id)
    assert record.state is DatasetState.COMPLETED
    assert (record.counts.succeeded, record.counts.by_code) == (9, {"video_undecodable": 1})
    array = np.load(io.BytesIO(rig.objects.get(run_object(run_id, VIDEO_FILES["depth_npz"]))))
    assert array["depth"].shape[0] == 9
    assert 0.16 not in array["seconds"].round(3)
