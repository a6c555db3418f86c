"""Videos over HTTP: accepted, followed, fetched, removed; each caller sees only its own."""

from __future__ import annotations

import io

import pytest

from api.load import capacity
from contract.documents import Problem
from contract.names.queues import TASK_FINALIZE_RUN, TASK_PLAN_RUN, Lane
from contract.video_documents import VideoDocument
from contract.videos import VideoSpec
from storage.fleet.workers import WorkerInfo
from storage.objects.buckets import Buckets

CLIP = b"\x00\x00\x00\x20ftypisom" + bytes(2_000)


def submit(api, data: bytes = CLIP, headers=None, **fields):
    form = {"video": (io.BytesIO(data), "clip.mp4"), **fields}
    return api.client.post("/v1/videos", data=form, headers=headers or {})


def document(answer) -> VideoDocument:
    assert answer.status_code in (200, 202), answer.text
    return VideoDocument.model_validate_json(answer.data)


def refused(answer) -> tuple[int, str]:
    return answer.status_code, Problem.model_validate_json(answer.data).code


def test_an_upload_is_kept_recorded_and_sent_to_be_surveyed(api):
    answer = submit(api, outputs="heatmap,depth_npz", fps="12.5", name="walk")
    made = document(answer)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/videos/{made.id}" == made.links.self
    assert made.id.startswith("video-")
    assert (made.state, made.terminal, made.name, made.source) == (
        "queued",
        False,
        "walk",
        "upload",
    )
    assert made.spec == VideoSpec(outputs=("heatmap", "depth_npz"), fps=12.5)
    assert (made.frames.total, made.segments.planned, made.files) == (0, False, [])
    assert api.parts.objects.get(api.parts.files.request(made.id).archive) == CLIP
    assert api.parts.dispatch.steps == [(TASK_PLAN_RUN, f"{made.id}/plan")]
    assert document(api.client.get(made.links.self)) == made
    assert api.client.get("/v1/videos").json["videos"][0]["id"] == made.id


def test_a_video_in_a_bucket_is_read_there_by_workers(make_api):
    api = make_api(dataset_buckets=("clips",))
    store = Buckets(api.parts.settings, api.parts.objects).open("clips")
    (api.parts.settings.data_dir / "buckets" / "clips").mkdir(parents=True)
    store.put("a/clip.mp4", CLIP, media_type="video/mp4")
    made = document(api.client.post("/v1/videos", json={"source": {"s3": "s3://clips/a/clip.mp4"}}))
    assert made.source == "s3://clips/a/clip.mp4"
    whole = api.client.post("/v1/videos", json={"source": {"s3": "s3://clips/a/"}})
    assert document(whole).source == "s3://clips/a/"
    nothing = api.client.post("/v1/videos", json={"source": {"s3": "s3://clips/b/"}})
    assert refused(nothing) == (400, "invalid_request")
    missing = api.client.post("/v1/videos", json={"source": {"s3": "s3://clips/b.mp4"}})
    assert refused(missing) == (400, "invalid_request")
    closed = api.client.post("/v1/videos", json={"source": {"s3": "s3://other/b.mp4"}})
    assert refused(closed) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"outputs": "hologram"}, "outputs"),
        ({"fps": "0"}, "fps"),
        ({"start_s": "5", "end_s": "4"}, ""),
        ({"size": "model"}, "size"),
    ],
)
def test_a_wrong_option_is_named(api, fields, field):
    answer = submit(api, **fields)
    assert refused(answer) == (400, "invalid_request")
    problems = Problem.model_validate_json(answer.data).errors
    assert any(field in problem.field for problem in problems)
    assert api.kept() == []


def test_what_is_too_large_empty_or_nothing_is_refused(make_api):
    api = make_api(max_video_bytes=1_000)
    assert refused(submit(api)) == (413, "video_too_large")
    assert refused(submit(api, b"")) == (400, "invalid_request")
    assert refused(api.client.post("/v1/videos", data=CLIP)) == (415, "unsupported_media_type")
    source = {"source": {"url": "https://example.org/clip.mp4"}}
    assert refused(api.client.post("/v1/videos", json=source)) == (403, "url_forbidden")
    assert api.kept() == []


def test_the_same_key_gives_the_same_video(api):
    key = {"Idempotency-Key": "once"}
    first = document(submit(api, headers=key, fps="5"))
    assert document(submit(api, headers=key, fps="5")).id == first.id
    assert refused(submit(api, headers=key, fps="6")) == (409, "conflict")


def test_a_video_is_not_a_dataset_and_belongs_to_its_key(make_api):
    api = make_api(api_keys=("one-key-of-ours", "another-of-ours"))
    own, other = (
        {"Authorization": f"Bearer {key}"} for key in ("one-key-of-ours", "another-of-ours")
    )
    made = document(submit(api, headers=own))
    here = made.links.self
    assert api.client.get(here, headers=own).status_code == 200
    assert refused(api.client.get(here, headers=other)) == (404, "not_found")
    as_dataset = here.replace("videos", "datasets")
    assert refused(api.client.get(as_dataset, headers=own)) == (404, "not_found")


def test_files_come_later_and_a_canceled_video_can_be_removed(api):
    made = document(submit(api))
    here = made.links.self
    assert refused(api.client.get(f"{here}/files/heatmap.mp4")) == (409, "conflict")
    assert refused(api.client.get(f"{here}/files/depth.npz")) == (404, "not_found")
    assert refused(api.client.delete(here)) == (409, "conflict")
    assert document(api.client.post(made.links.cancel)).state == "canceled"
    assert (TASK_FINALIZE_RUN, f"{made.id}/finalize") in api.parts.dispatch.steps
    assert api.client.get(made.links.errors).json["errors"] == []
    assert refused(api.client.post(made.links.retry)) == (409, "conflict")


def announce(api, name: str, lane=Lane.BULK, ready=True, lacks=()) -> None:
    api.parts.workers.announce(
        WorkerInfo(name=name, lane=lane, pid=1, host="h", started_at=0.0, ready=ready, lacks=lacks),
        30,
    )


def test_where_no_worker_can_read_videos_they_are_refused_with_the_cure(make_api, monkeypatch):
    monkeypatch.setattr(capacity, "WORKERS_AGE_S", -1.0)
    api = make_api()
    announce(api, "interactive", Lane.INTERACTIVE)
    assert submit(api).status_code == 202  # a bulk worker may come
    announce(api, "a", lacks=("video",))
    announce(api, "b", lacks=("video",))
    before = api.client.get("/v1/videos").json["videos"]
    answer = submit(api)
    assert refused(answer) == (501, "not_installed")
    assert "`pip install 'depthq[video]'`" in answer.json["detail"]
    assert api.client.get("/v1/videos").json["videos"] == before
    announce(api, "starting", ready=False)
    assert submit(api).status_code == 501
    announce(api, "c")  # has all, or is of the version before and says nothing
    assert submit(api).status_code == 202
