"""The asyncio client keeps the promises of DepthClient, and a canceled call leaves nothing."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from client.async_client import AsyncDepthClient
from client.async_datasets import AsyncDatasets
from client.async_videos import AsyncVideos
from client.datasets import Datasets
from client.depth_client import DepthClient
from client.errors import DownloadCorrupt, LocalProblem, ServiceUnreachable, WaitedTooLong
from client.local.ports import any_free
from client.videos import Videos
from client.wire.retries import RetryPolicy
from contract import errors
from tests.services.fake_api import DEPTH, FakeApi, Reply
from tests.waits import PATIENT_S

QUICK = RetryPolicy(attempts=4, first_s=0.01, longest_s=0.02)
DATASET = {
    "id": "d1",
    "state": "completed",
    "counts": {"total": 2, "failed": 1},
    "shards": {"total": 1},
}


def run(api: FakeApi, work: Callable[[AsyncDepthClient], Awaitable[Any]], **how: Any) -> Any:
    async def main() -> Any:
        async with AsyncDepthClient(api.url, **{"retries": QUICK, **how}) as client:
            return await work(client)

    return asyncio.run(main(), debug=True)


def public(kind: type) -> dict[str, list[str]]:
    return {
        name: list(inspect.signature(member).parameters)
        for name, member in vars(kind).items()
        if callable(member) and not name.startswith("_")
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [(DepthClient, AsyncDepthClient), (Datasets, AsyncDatasets), (Videos, AsyncVideos)],
)
def test_both_clients_have_the_same_methods_with_the_same_parameters(one, other):
    assert public(one) == public(other)


@pytest.mark.parametrize("make", [Path, str, Path.read_bytes])
def test_paths_and_bytes_are_submitted_with_their_options(api: FakeApi, tmp_path, make):
    picture = tmp_path / "cat.jpg"
    picture.write_bytes(b"\xff\xd8 a cat")
    job = run(api, lambda c: c.submit(make(picture), size="model", outputs=["depth", "heatmap"]))
    assert [job.id] == api.jobs
    body = api.asked[-1].body
    assert b"\xff\xd8 a cat" in body
    assert body.count(b'name="outputs"') == 2
    assert b'name="size"\r\n\r\nmodel' in body


def test_a_lost_answer_to_a_submission_does_not_make_two_jobs(api: FakeApi):
    api.script.extend([Reply(hang_up=True), Reply(503), Reply(429, headers={"Retry-After": "0"})])
    run(api, lambda c: c.submit(b"the whole image"))
    assert len({asked.headers["Idempotency-Key"] for asked in api.asked}) == 1
    assert [b"the whole image" in asked.body for asked in api.asked] == [True] * 4
    assert len(api.jobs) == 1


def test_a_key_of_ones_own_and_the_bearer_token_are_sent(api: FakeApi):
    run(api, lambda c: c.submit(b"x", idempotency_key="mine"), api_key="s3cret")
    assert api.asked[0].headers["Idempotency-Key"] == "mine"
    assert api.asked[0].headers["Authorization"] == "Bearer s3cret"


def test_a_refusal_becomes_the_exception_of_its_code_at_once(api: FakeApi):
    api.script.append(Reply.problem(415, "unsupported_media_type", "says the service"))
    with pytest.raises(errors.UnsupportedMediaType, match="says the service"):
        run(api, lambda c: c.submit(b"x"))
    assert len(api.asked) == 1


def test_nobody_there_is_said_after_a_few_tries(api: FakeApi):
    api.url = f"http://127.0.0.1:{any_free()}"
    with pytest.raises(ServiceUnreachable, match=api.url):
        run(api, lambda c: c.version())


def test_submit_with_wait_polls_until_the_end(api: FakeApi):
    api.polls_to_end = 3
    assert run(api, lambda c: c.submit(b"x", wait=90)).succeeded
    assert api.asked[0].headers["Prefer"] == "wait=60"
    assert len(api.paths("GET")) == 3
    assert all("wait=" in path for path in api.paths("GET"))


def test_wait_gives_up_but_the_job_goes_on(api: FakeApi):
    api.polls_to_end = 1000

    async def work(client: AsyncDepthClient) -> None:
        await client.wait((await client.submit(b"x")).id, timeout=0.2)

    with pytest.raises(WaitedTooLong, match="still running"):
        run(api, work)
    assert api.paths("DELETE") == []


def test_many_jobs_at_once_share_one_client(api: FakeApi):
    async def work(client: AsyncDepthClient) -> list[str]:
        jobs = await asyncio.gather(*(client.submit(b"x", wait=5) for _ in range(20)))
        assert all(job.succeeded for job in jobs)
        return [job.id for job in jobs]

    assert sorted(run(api, work)) == sorted(api.jobs)


def test_a_broken_event_stream_is_resumed_where_it_stopped(api: FakeApi):
    async def work(client: AsyncDepthClient) -> list[str]:
        job_id = (await client.submit(b"x")).id
        half = f'id: 41\ndata: {{"id": "{job_id}", "state": "running"}}\n\n'.encode()
        api.script.append(Reply(200, half, {"Content-Type": "text/event-stream"}))
        return [job.state.value async for job in client.events(job_id)]

    assert run(api, work) == ["running", "running", "succeeded"]
    assert api.asked[-1].headers["Last-Event-ID"] == "41"


def test_downloads_are_whole_and_named_after_the_output(api: FakeApi, tmp_path):
    async def work(client: AsyncDepthClient) -> dict[str, Path]:
        job = await client.submit(b"x", wait=5)
        api.script.append(Reply(200, b"torn"))  # fetched again
        return await client.download(job, tmp_path / "new", stem="cat")

    files = run(api, work)
    assert files["depth"].read_bytes() == DEPTH
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == [
        "cat.depth.png",
        "cat.heatmap.jpg",
    ]


def test_a_damaged_download_leaves_no_file(api: FakeApi, tmp_path):
    api.announced["depth"] = b"something else"

    async def work(client: AsyncDepthClient) -> None:
        await client.download((await client.submit(b"x", wait=5)).id, tmp_path)

    with pytest.raises(DownloadCorrupt, match="damaged"):
        run(api, work)
    assert list(tmp_path.iterdir()) == []


def test_cancel_removes_a_running_job_and_leaves_an_ended_one(api: FakeApi):
    api.polls_to_end = 2

    async def work(client: AsyncDepthClient) -> list[str]:
        job_id = (await client.submit(b"x")).id
        return [(await client.cancel(job_id)).state.value for _ in range(2)]

    assert run(api, work) == ["canceled", "succeeded"]
    assert len(api.paths("DELETE")) == 1


def test_files_of_a_dataset_are_sent_as_one_tar_of_the_announced_length(api: FakeApi, tmp_path):
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"a picture")
    api.script.extend([Reply(503), Reply.of(202, DATASET)])
    dataset = run(api, lambda c: c.datasets.submit({"a.jpg": picture}, layout="files"))
    assert dataset.id == "d1"
    assert [b"a picture" in asked.body for asked in api.asked] == [True, True]
    assert len(api.asked[1].body) == int(api.asked[1].headers["Content-Length"])


def test_a_file_that_cannot_be_read_is_said(api: FakeApi, tmp_path):
    with pytest.raises(LocalProblem, match=r"none\.jpg"):
        run(api, lambda c: c.submit(tmp_path / "none.jpg"))


def test_errors_come_page_by_page_and_results_go_on_after_a_lost_connection(api: FakeApi):
    lines = [json.dumps({"id": str(n)}).encode() + b"\n" for n in range(3)]
    short = {"Content-Type": "application/x-ndjson"}
    api.script.extend(
        [
            Reply.of(200, {"errors": [{"id": "a"}], "next_cursor": "c2"}),
            Reply.of(200, {"errors": [{"id": "b"}], "next_cursor": None}),
            Reply(hang_up=True),
            Reply(200, b"".join(lines), short),
            Reply.of(200, DATASET),
            Reply.of(200, {"datasets": [DATASET]}),
        ]
    )

    async def work(client: AsyncDepthClient) -> tuple[Any, ...]:
        failed = [error["id"] async for error in client.datasets.errors("d1", ["image_corrupt"])]
        results = [result["id"] async for result in client.datasets.results("d1")]
        ended = await client.datasets.wait("d1")
        return failed, results, ended.state.value, [d.id for d in await client.datasets.list()]

    assert run(api, work) == (["a", "b"], ["0", "1", "2"], "completed", ["d1"])
    assert "cursor=c2" in api.asked[1].path


class Stuck:
    """A server that answers with `begin`, then says nothing more; counts open connections."""

    def __init__(self, begin: bytes) -> None:
        self.begin, self.open, self.asked = begin, 0, asyncio.Event()
        self.left = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.begin)
        await writer.drain()
        self.asked.set()
        while await reader.read(1024):  # ends when the client has gone
            pass
        self.open -= 1
        self.left.set()
        writer.close()


HALF = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99999\r\n\r\nhalf"
ENDED = {
    "id": "j1",
    "state": "succeeded",
    "outputs": {"depth": {"media_type": "image/png", "sha256": "0"}},
}


async def first(events: Any) -> Any:
    return await anext(events)


@pytest.mark.parametrize(
    ("begin", "work"),
    [
        (b"", lambda client, folder: client.submit(b"x" * 100_000, wait=60)),
        (b"", lambda client, folder: client.wait("j1")),
        (HALF, lambda client, folder: client.download(client.ended, folder)),
        (HALF, lambda client, folder: first(client.events("j1"))),
        (HALF, lambda client, folder: first(client.datasets.results("d1"))),
    ],
    ids=["submit", "wait", "download", "events", "results"],
)
def test_a_canceled_call_leaves_no_connection_task_thread_or_file(tmp_path, begin, work):
    from client.job import Job

    async def main() -> None:
        stuck = Stuck(begin)
        server = await asyncio.start_server(stuck, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        threads = threading.active_count()
        async with AsyncDepthClient(f"http://127.0.0.1:{port}", retries=QUICK) as client:
            client.ended = Job.from_document(ENDED)
            task = asyncio.create_task(work(client, tmp_path))
            await stuck.asked.wait()
            await asyncio.sleep(0.05)  # until it is in the midst of reading
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(PATIENT_S):
                await stuck.left.wait()  # before the client is closed
            assert stuck.open == 0
            assert list(tmp_path.iterdir()) == []
            assert threading.active_count() == threads
            server.close()
            await asyncio.sleep(0)
            assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []

    asyncio.run(main())


@pytest.mark.parametrize("which", ["events", "results"])
def test_closing_a_stream_half_way_closes_its_connection(which):
    event = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99999\r\n\r\n"
    event += b'data: {"id": "j1", "state": "running"}\n\n' if which == "events" else b'{"id": 1}\n'

    async def main() -> None:
        stuck = Stuck(event)
        server = await asyncio.start_server(stuck, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with AsyncDepthClient(f"http://127.0.0.1:{port}", retries=QUICK) as client:
            stream = client.events("j1") if which == "events" else client.datasets.results("d1")
            async with aclosing(stream):
                assert await anext(stream)
                assert stuck.open == 1
            async with asyncio.timeout(PATIENT_S):
                await stuck.left.wait()  # before the client is closed
            server.close()

    asyncio.run(main())


def test_canceling_between_two_tries_ends_the_tries(api: FakeApi):
    api.script.extend([Reply(503, headers={"Retry-After": "30"})] * 2)

    async def work(client: AsyncDepthClient) -> None:
        task = asyncio.create_task(client.submit(b"x"))
        while not api.asked:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(api, work)
    assert len(api.asked) == 1
