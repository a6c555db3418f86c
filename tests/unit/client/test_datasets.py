"""`DepthClient.datasets` against a stand-in, and how datasets are worded."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from client import console
from client.bulk.download import Downloaded
from client.commands.dataset_say import code_of, say_forecast
from client.commands.dataset_view import board, describe, duration, size
from client.dataset import Dataset
from client.errors import ServiceUnreachable, UnexpectedAnswer, WaitedTooLong
from contract.errors import Conflict, InvalidRequest, NotFound
from tests.services.fake_api import Reply

ID = "20260131-abcdefghijklmnopqrstuvwxyz"


def document(state: str = "running", **changes) -> dict:
    counts = {
        "total": 10, "succeeded": 4, "failed": 2, "skipped": 0, "done": 6, "in_flight": 1,
        "by_code": {"image_corrupt": 2},
    }  # fmt: skip
    shards = {"total": 5, "done": 3, "planned": True}
    return {"id": ID, "state": state, "counts": counts, "shards": shards} | changes


def whole(**changes) -> dict:
    counts = {**document()["counts"], "succeeded": 10, "failed": 0, "by_code": {}}
    return document("completed", counts=counts, **changes)


def test_waiting_ends_with_its_time_and_says_where_the_dataset_stands(client, api):
    api.script.append(Reply.of(200, document()))
    with pytest.raises(WaitedTooLong, match=f"dataset {ID} is still running"):
        client.datasets.wait(ID, 0)


def test_waiting_shows_every_snapshot_until_the_end(client, api, monkeypatch):
    monkeypatch.setattr("client.datasets.POLL_S", 0.0)
    api.script += [Reply.of(200, document()), Reply.of(503, {}), Reply.of(200, whole())]
    seen = []
    ended = client.datasets.wait(ID, seen=seen.append)
    assert [dataset.state for dataset in seen] == ["running", "completed"]
    assert ended.whole


def test_a_submission_carries_a_key_and_leaves_out_what_was_not_given(client, api):
    api.script += [Reply.of(502, {}), Reply.of(202, document("queued"))]
    client.datasets.submit(prefix="s3://photos/", name=None, options={"size": "model"})
    first, second = api.asked
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert json.loads(second.body) == {"prefix": "s3://photos/", "options": {"size": "model"}}


def test_files_are_sent_with_their_length_and_again_when_the_service_is_away(client, api, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 5000)
    api.script += [Reply.of(503, {}), Reply.of(202, document("queued"))]
    client.datasets.submit({"a.jpg": path})
    assert api.asked[0].body == api.asked[1].body
    assert int(api.asked[0].headers["Content-Length"]) == len(api.asked[0].body) > 5000


def test_a_folder_that_is_too_large_is_sent_to_a_bucket(client, api, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x")
    api.script += [Reply.problem(413, "image_too_large", "At most 5 bytes.")]
    with pytest.raises(InvalidRequest, match="What is larger belongs into"):
        client.datasets.submit({"a.jpg": path})


def test_results_go_on_after_a_lost_connection(client, api):
    lines = b'{"id": "a"}\n{"id": "b"}\n'
    api.script += [Reply(hang_up=True), Reply(200, lines)]
    assert [one["id"] for one in client.datasets.results(ID)] == ["a", "b"]


def test_results_give_up_in_the_end(client, api):
    api.script += [Reply(hang_up=True)] * 10
    with pytest.raises(ServiceUnreachable):
        list(client.datasets.results(ID))


def test_errors_are_read_page_by_page(client, api):
    api.script += [
        Reply.of(200, {"errors": [{"id": "a"}], "next_cursor": "1.0"}),
        Reply.of(200, {"errors": [], "next_cursor": "2.0"}),
        Reply.of(200, {"errors": [{"id": "b"}], "next_cursor": None}),
    ]
    assert [one["id"] for one in client.datasets.errors(ID, ["internal"])] == ["a", "b"]
    assert "cursor" not in api.asked[0].path
    assert "cursor=2.0" in api.asked[2].path
    assert "code=internal" in api.asked[2].path


def test_a_forecast_is_polled_for_and_cleared_away(client, api):
    asked = {"id": ID, "done": False}
    api.script += [Reply.of(202, asked), Reply.of(200, asked)]
    api.script += [Reply.of(200, asked | {"done": True, "forecast": {"items": 3}}), Reply(204)]
    assert client.datasets.forecast(prefix="s3://photos/") == {"items": 3}
    assert api.asked[0].path == "/v1/datasets?dry_run=1"
    assert (api.asked[-1].method, api.asked[-1].path) == ("DELETE", f"/v1/datasets/{ID}")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply.problem(404, "not_found"), NotFound),
        (Reply.problem(409, "conflict"), Conflict),
        (Reply.of(200, {"id": ID, "state": "melted"}), UnexpectedAnswer),
        (Reply(200, b"<html>"), UnexpectedAnswer),
    ],
)
def test_refusals_and_nonsense_are_exceptions(client, api, reply, error):
    api.script += [reply]
    with pytest.raises(error):
        client.datasets.retry(ID)


def test_a_dataset_in_one_line():
    moving = document(images_per_s=2.5, eta_p50_s=95.0, eta_p90_s=7200.0)
    assert describe(Dataset.from_document(moving)) == (
        f"{ID}  running: 7 of 10, 2 failed (image_corrupt 2), 2.5 images/s, "
        "2 min to go (at most 2.0 h)"
    )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (whole(), console.OK),
        (document("completed"), console.SOME_FAILED),
        (document("canceled"), console.SOME_FAILED),
        (
            document("failed", error={"code": "invalid_request", "message": "row 3"}),
            console.USAGE,
        ),
    ],
)
def test_the_exit_code_tells_what_it_came_to(changed, code):
    assert code_of(Dataset.from_document(changed)) == code


def test_a_forecast_in_words(capsys):
    forecast = {
        "items": 1000, "complete": False, "input_bytes": 2_500_000, "images_per_s": 10.0,
        "sampled": 32, "sample_failed": 2, "errors": {"image_corrupt": 2},
        "hours": {"1": 0.0278, "2": 0.0139}, "output_bytes": 5_000_000_000,
    }  # fmt: skip
    assert say_forecast(forecast, as_json=False) == console.OK
    said = capsys.readouterr().out
    assert "at least 1000 images, 2.5 MB" in said
    assert "2 worker(s): 50 s" in said
    assert "image_corrupt 2" in said
    refused = {"error": {"code": "invalid_request", "message": "nothing there"}}
    assert say_forecast(forecast | refused, as_json=False) == console.USAGE


def test_times_and_sizes_are_for_people():
    assert [duration(s) for s in (4, 600, 36_000)] == ["4 s", "10 min", "10.0 h"]
    assert [size(n) for n in (12, 4_200, 3e12)] == ["12 B", "4.2 kB", "3.0 TB"]


def test_the_board_shows_progress_rate_and_failures_on_a_terminal(monkeypatch):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100, color_system=None)
    monkeypatch.setattr(console, "err", terminal)
    moving = document(images_per_s=2.5, eta_p50_s=95.0, eta_p90_s=7200.0)
    with board(as_json=False) as view:
        view.progress(Dataset.from_document(moving))
        view.downloaded(Downloaded(files=3, kept=1, bytes=4_200))
    shown = screen.getvalue()
    for words in ("7 / 10", "2.5 images/s", "2 min to go", "3 / 5", "image_corrupt"):
        assert words in shown
    assert "4 files, 4.2 kB" in shown


def test_without_a_terminal_the_board_says_a_line_now_and_then(capsys):
    with board(as_json=False) as view:
        for _ in range(3):
            view.progress(Dataset.from_document(document()))
        view.progress(Dataset.from_document(whole()))
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_as_json_the_board_writes_one_document_per_change(capsys):
    with board(as_json=True) as view:
        for changed in (document(), document(), whole()):
            view.progress(Dataset.from_document(changed))
    states = [json.loads(line)["state"] for line in capsys.readouterr().out.splitlines()]
    assert states == ["running", "completed"]


def test_events_are_followed_to_the_end(client, api):
    sent = [f"id: {n}\ndata: {json.dumps(d)}\n\n" for n, d in enumerate((document(), whole()))]
    stream = {"Content-Type": "text/event-stream"}
    api.script += [Reply(200, sent[0].encode(), stream), Reply(200, sent[1].encode(), stream)]
    assert [each.state for each in client.datasets.events(ID)] == ["running", "completed"]
    assert api.asked[1].headers["Last-Event-ID"] == "0"
