"""`POST /v1/depth` over a real Redis; the worker's threads run here, over a stub computer."""

from __future__ import annotations

import io
import os
import threading
import time

import numpy as np
import pytest
from PIL import Image

from api.depth import at_once
from contract.errors import DecoderCrashed, DepthqError, ImageUndecodable, NotInstalled
from contract.immediate import Ask, Picture, Reply, unpack
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import immediate_queue
from contract.settings import Settings
from storage.immediate.exchange import Exchange
from storage.ledger.connection import open_redis
from tests.integration.api.at_once import StubComputer, announce, slots_over
from tests.pictures import encoded, photo
from tests.waits import PATIENT_S, wait_until
from worker.immediate.answer import Answerer

PICTURE = encoded(photo(), "PNG")


@pytest.fixture
def exchange(redis_url):
    with open_redis(Settings(redis_url=redis_url), text=False) as redis:
        yield Exchange(redis)


@pytest.fixture
def announced(api):
    """A worker that takes asks, as far as the API knows."""
    announce(api.parts.workers)


@pytest.fixture
def computer(exchange, announced):
    """The computer behind two running threads."""
    stub = StubComputer()
    ended: list[int] = []
    slots = slots_over(exchange, stub, ended.append)
    slots.start()
    yield stub
    slots.stop()
    assert ended == []


def post(api, query="", data=PICTURE, kind="image/png", **more):
    return api.client.post(f"/v1/depth{query}", data=data, content_type=kind, **more)


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_the_output_is_the_body_and_the_headers_say_what_made_it(api, computer):
    answer = post(api, "?output=heatmap&heatmap_format=webp&colormap=turbo")
    assert (answer.status_code, answer.data) == (200, computer.data)
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="heatmap.webp"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Depthq-Model"] == "midas_small"
    assert answer.headers["Depthq-Weights"] == "w-1"
    assert answer.headers["Depthq-Depth-Range"] == "-1.5 20.25"
    assert answer.headers["Depthq-Downsampled-To"] == "40x30"
    assert answer.headers["Depthq-Warnings"] == "truncated"
    timing = answer.headers["Server-Timing"]
    assert "infer;dur=12.3" in timing
    assert timing.endswith('batch;desc="3"')
    ((picture, options),) = computer.seen
    assert picture == PICTURE
    assert (options.outputs, options.colormap) == (("heatmap",), "turbo")


def test_a_form_is_taken_too_and_depth_is_the_default(api, computer):
    form = {"image": (io.BytesIO(PICTURE), "cat.png"), "depth_format": "npy"}
    answer = post(api, data=form, kind="multipart/form-data")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="depth.npy"'
    assert computer.seen[0][0] == PICTURE


def test_nothing_is_left_in_redis_or_the_store(api, computer, redis, valkey):
    before = set(redis.keys("*"))
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    picture = encoded(Image.fromarray(noise), "PNG")
    computer.data = os.urandom(5000)
    assert post(api, data=picture).data == computer.data
    assert set(redis.keys("*")) - before == set()
    assert (api.kept(), api.queued()) == ([], 0)
    written = b"".join(path.read_bytes() for path in valkey.folder.rglob("*.aof"))
    assert b'"answer_to"' in written, "the log is on: asks are in it"
    assert picture[100:140] not in written
    assert computer.data[:40] not in written


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (ImageUndecodable("no pixels"), 422, "image_undecodable"),
        (NotInstalled("pip install it"), 501, "not_installed"),
        (DecoderCrashed("it died"), 500, "internal"),
        (RuntimeError("a fault of ours"), 500, "internal"),
        (type("Later", (DepthqError,), {"code": "of_a_later_version"})("?"), 500, "internal"),
    ],
)
def test_what_the_worker_meets_with_is_a_coded_error(api, computer, raised, status, code):
    computer.raising = raised
    assert refused(post(api)) == (status, code)
    computer.raising = None
    assert post(api).status_code == 200, "and the thread goes on"


def test_an_answer_that_redis_would_not_pass_on_is_refused_with_a_way_out(api, computer):
    computer.data = bytes(10_001)
    answer = post(api)
    assert refused(answer) == (413, "image_too_large")
    assert "size=model" in answer.json["detail"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?output=everything", "output"),
        ("?output=depth&output=heatmap", "output"),
        ("?outputs=depth", "outputs"),
        ("?webhook_url=http://a.example/", "webhook_url"),
        ("?deadline_s=11", "deadline_s"),
        ("?deadline_s=0", "deadline_s"),
        ("?colormap=rainbows", "colormap"),
        ("?surprise=1", "surprise"),
    ],
)
def test_options_that_do_not_fit_are_named(api, announced, query, field):
    answer = post(api, query)
    assert refused(answer) == (400, "invalid_request")
    assert [each["field"] for each in answer.json["errors"]] == [field]


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        (b"", "image/png", 400, "invalid_request"),
        (b"no image", "image/png", 415, "unsupported_media_type"),
        (b"{}", "application/json", 415, "unsupported_media_type"),
        (PICTURE[:20], "image/png", 422, "image_corrupt"),
    ],
)
def test_what_is_no_image_is_refused_before_it_reaches_a_worker(
    api, announced, redis, data, kind, status, code
):
    assert refused(post(api, data=data, kind=kind)) == (status, code)
    assert redis.llen(immediate_queue()) == 0


def test_a_picture_beyond_the_limit_is_refused(make_api, announced):
    small = make_api(immediate_max_bytes=len(PICTURE) - 1)
    assert refused(post(small)) == (413, "image_too_large")


def test_without_a_worker_that_takes_asks_the_answer_comes_at_once(api):
    announce(api.parts.workers, immediate=False)
    answer = post(api)
    assert refused(answer) == (503, "not_in_time")
    assert answer.headers["Retry-After"] == "5"


def test_a_model_that_is_not_known_is_refused_by_its_name(api, announced):
    answer = post(api, "?model=other_model")
    assert refused(answer) == (400, "invalid_request")
    assert "No model is called other_model" in answer.json["detail"]


def test_each_model_has_a_list_of_its_own(exchange):
    now = time.time()
    asks = [
        Ask(id=m, answer_to="c", asked_at=now, deadline_at=now + 9, model=m, options={})
        for m in ("a", "b")
    ]
    for ask in asks:
        assert exchange.submit(ask) == 0
    assert exchange.take(["b"], 1) == asks[1]
    assert exchange.take(["b", "a"], 1) == asks[0]
    assert exchange.take(["b", "a"], 0.01) is None


def test_a_queue_that_takes_longer_than_the_deadline_is_refused_at_once(api, announced, redis):
    redis.lpush(immediate_queue(), *["{}"] * 101)
    answer = post(api)
    assert refused(answer) == (503, "not_in_time")
    assert answer.headers["Retry-After"] == "11"
    assert "101 requests wait" in answer.json["detail"]


def test_when_all_waiting_places_are_taken_the_next_is_told_to_come_back(api, announced):
    while api.parts.waits.try_take("somebody"):
        pass
    answer = post(api)
    assert refused(answer) == (429, "overloaded")
    assert answer.headers["Retry-After"] == "1"


def test_a_deadline_that_passes_is_504_and_takes_the_ask_off_the_list(api, announced, redis):
    answer = post(api, "?deadline_s=1")
    assert refused(answer) == (504, "deadline_exceeded")
    assert "no worker was free" in answer.json["detail"]
    assert redis.llen(immediate_queue()) == 0


class Hand:
    """A worker's thread, played step by step."""

    def __init__(self, exchange) -> None:
        self.exchange, self.line = exchange, exchange.open_line()
        self.ask: Ask | None = None

    def take(self) -> None:
        self.ask = self.exchange.take([DEFAULT_MODEL], PATIENT_S)
        told = Reply(id=self.ask.id, send_to=self.line.channel)
        self.heard = self.exchange.publish(self.ask.answer_to, told)

    def picture(self) -> bytes:
        head, body = unpack(self.line.read(PATIENT_S))
        assert Picture.model_validate_json(head).id == self.ask.id
        return body


def in_thread(action):
    """Run `action` beside the test; returns its result when called."""
    found: list = []
    thread = threading.Thread(target=lambda: found.append(action()))
    thread.start()

    def result():
        thread.join()
        return found[0]

    return result


def test_a_worker_that_dies_over_a_picture_is_said_so_and_not_waited_for(api, announced, exchange):
    hand = Hand(exchange)
    answer = in_thread(lambda: post(api))
    hand.take()
    assert hand.picture() == PICTURE
    hand.line.close()  # as the kernel does for a killed process
    assert refused(answer()) == (503, "worker_lost")  # 504 is what the deadline would say
    assert answer().json["retryable"] is True


def test_a_worker_that_dies_before_the_picture_comes_is_found_at_once(api, announced, exchange):
    hand = Hand(exchange)
    answer = in_thread(lambda: post(api))
    hand.line.close()
    hand.take()
    assert refused(answer()) == (503, "worker_lost")


def test_a_worker_that_dies_before_it_can_say_that_it_took_the_ask_is_found_too(
    api, announced, exchange, monkeypatch
):
    monkeypatch.setattr(at_once, "LOOK_EVERY_S", 0.05)
    answer = in_thread(lambda: post(api))
    assert exchange.take([DEFAULT_MODEL], PATIENT_S) is not None
    assert refused(answer()) == (503, "worker_lost")


def test_a_picture_that_comes_late_is_never_taken_for_the_next(exchange, computer_stub):
    # Given a thread that has been sent the picture of an ask it had given up
    now = time.time()
    mine = exchange.open_line()
    ask = Ask(id="2", answer_to=mine.channel, asked_at=now, deadline_at=now + PATIENT_S, options={})
    slots = slots_over(exchange, computer_stub)
    slots.start()
    exchange.submit(ask)
    told = Reply.model_validate_json(unpack(mine.read(PATIENT_S))[0])
    exchange.publish(told.send_to, Picture(id="1"), b"of another")
    exchange.publish(told.send_to, Picture(id="2"), b"of mine")
    reply, data = unpack(mine.read(PATIENT_S))
    slots.stop()
    mine.close()
    assert [picture for picture, _ in computer_stub.seen] == [b"of mine"]
    assert (Reply.model_validate_json(reply).id, data) == ("2", computer_stub.data)


def test_a_client_that_hangs_up_takes_its_ask_along(api, announced, exchange, redis):
    gone = threading.Event()
    environ = {"waitress.client_disconnected": gone.is_set}
    answer = in_thread(lambda: post(api, environ_base=environ))
    wait_until(lambda: redis.llen(immediate_queue()) == 1, "the ask")
    gone.set()
    assert answer().status_code == 400
    assert redis.llen(immediate_queue()) == 0


def test_a_worker_that_takes_the_ask_of_a_disconnected_client_finds_out(
    api, announced, exchange, computer_stub
):
    hand, gone = Hand(exchange), threading.Event()
    environ = {"waitress.client_disconnected": gone.is_set}
    answer = in_thread(lambda: post(api, environ_base=environ))
    hand.take()
    hand.picture()
    gone.set()
    answer()
    assert exchange.publish(hand.ask.answer_to, Reply(id=hand.ask.id), b"too late") is False


@pytest.fixture
def computer_stub():
    return StubComputer()


def test_expired_asks_and_those_of_dead_apis_are_dropped_before_decoding(
    exchange, computer_stub, redis
):
    now = time.time()
    late = Ask(id="1", answer_to="nobody", asked_at=now - 9, deadline_at=now - 1, options={})
    left = Ask(id="2", answer_to="nobody", asked_at=now, deadline_at=now + PATIENT_S, options={})
    for ask in (late, left):
        exchange.submit(ask)
    redis.lpush(immediate_queue(), "not an ask")
    slots = slots_over(exchange, computer_stub)
    slots.start()
    wait_until(lambda: redis.llen(immediate_queue()) == 0, "all taken")
    slots.stop()
    assert computer_stub.seen == []


def test_options_of_a_newer_api_are_answered_as_such(exchange, computer_stub):
    now = time.time()
    ask = Ask(id="1", answer_to="c", asked_at=now, deadline_at=now + PATIENT_S, options={"new": 1})
    reply, data = Answerer(computer_stub, 10_000).answer(ask, PICTURE, 0.0)
    assert (reply.error.code, reply.error.retryable, data) == ("internal", True, b"")


def test_a_line_that_redis_dropped_is_not_used_again(api, computer, redis):
    assert post(api).status_code == 200
    for client in redis.client_list(_type="pubsub"):
        redis.client_kill(client["addr"])
    assert post(api).status_code == 200


def test_the_list_of_asks_expires_by_itself(exchange, redis):
    now = time.time()
    waiting = Ask(id="1", answer_to="c", asked_at=now, deadline_at=now + PATIENT_S, options={})
    assert exchange.submit(waiting) == 0
    assert exchange.holds(waiting)
    assert 0 < redis.ttl(immediate_queue()) <= 120
    exchange.withdraw(waiting)
    assert not exchange.holds(waiting)


def test_a_picture_is_written_out_in_no_log(exchange, caplog):
    line = exchange.open_line()
    with caplog.at_level("DEBUG"):
        assert exchange.publish(line.channel, Picture(id="1"), b"\xff\xd8 a private picture")
        assert line.read(2.0).endswith(b"a private picture")
    assert "private" not in caplog.text
    line.close()


def test_limits_of_callers_count_it_like_any_submission(make_api, announced):
    limited = make_api(rate_per_minute=1)
    assert refused(post(limited, "?deadline_s=1")) == (504, "deadline_exceeded")
    answer = post(limited)
    assert refused(answer) == (429, "overloaded")
    assert "submissions a minute" in answer.json["detail"]


def test_with_keys_it_needs_one(make_api, announced):
    closed = make_api(api_keys=("secret-key-1",))
    assert refused(post(closed)) == (401, "unauthorized")
