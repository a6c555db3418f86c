"""A lean HTTP client in a process of its own: reads a plan (JSON) on stdin, answers on stdout.

Written on bare asyncio streams, because it shares the cores with what it measures. Says `begin`
and `end` around the measured window, so that the parent can read the other processes' CPU clocks.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WAIT_S = 20  # of one long poll
PAUSE_S = 0.25  # before the next poll, when the service had no free place to wait


@dataclass
class Tally:
    """What happened in the measured window."""

    latencies_ms: list[float] = field(default_factory=list)
    requests: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    timed: int = 0

    def add_timings(self, timings: dict[str, Any] | None) -> None:
        """Sum up a finished job's own timings."""
        if timings:
            self.timed += 1
            for name, value in timings.items():
                self.timings[name] = self.timings.get(name, 0.0) + float(value)


class Connection:
    """One kept-alive HTTP/1.1 connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def request(self, head: bytes, body: bytes = b"") -> tuple[int, bytes]:
        """Send one request and return status and body; reconnects once if the server had closed."""
        for again in (True, False):
            try:
                if self._writer is None:
                    self._reader, self._writer = await asyncio.open_connection(
                        "127.0.0.1", self._port
                    )
                self._writer.write(head)
                if body:
                    self._writer.write(body)
                return await self._answer()
            except (ConnectionError, asyncio.IncompleteReadError):
                self.close()
                if not again:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _answer(self) -> tuple[int, bytes]:
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        if b"transfer-encoding: chunked" in head:
            body = await self._chunks()
        else:
            length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0].strip()
            body = await self._reader.readexactly(int(length or 0))
        if b"connection: close" in head:
            self.close()
        return status, body

    async def _chunks(self) -> bytes:
        assert self._reader is not None
        parts = []
        while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return b"".join(parts)


class Load:
    """Drives one target with what the plan says."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        self._port: int = plan["port"]
        images = [Path(path).read_bytes() for path in plan["images"]]
        self._posts = [self._post(*_body(image, plan["body"])) for image in images]
        self._tally = Tally()
        self._measuring = False
        self._next = 0
        self._idle: list[Connection] = []

    async def run(self) -> dict[str, Any]:
        """Warm up, measure, let what is in flight finish, and return the tally."""
        plan = self._plan
        stop = asyncio.Event()
        if plan.get("rate"):
            tasks = [asyncio.create_task(self._arrivals(plan["rate"], stop))]
        else:
            tasks = [asyncio.create_task(self._loop(stop)) for _ in range(plan["in_flight"])]
        await asyncio.sleep(plan["warm_s"])
        cpu, began = _cpu_s(), time.perf_counter()
        self._measuring = True
        _tell("begin")
        await asyncio.sleep(plan["measure_s"])
        self._measuring = False
        elapsed, cpu = time.perf_counter() - began, _cpu_s() - cpu
        _tell("end")
        stop.set()
        await asyncio.gather(*tasks)
        for connection in self._idle:
            connection.close()
        tally = self._tally
        return {
            "seconds": elapsed, "client_cpu_s": cpu, "latencies_ms": tally.latencies_ms,
            "requests": tally.requests, "errors": tally.errors,
            "stage_ms": {n: v / tally.timed for n, v in tally.timings.items()},
        }  # fmt: skip

    async def _loop(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._one(time.perf_counter())

    async def _arrivals(self, rate: float, stop: asyncio.Event) -> None:
        """Start requests at random times, `rate` a second on average, whatever becomes of them."""
        dice = random.Random(1)
        pending: set[asyncio.Task[None]] = set()
        due = time.perf_counter()
        while not stop.is_set():
            due += dice.expovariate(rate)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(self._one(due))  # late starts count as waiting
            pending.add(task)
            task.add_done_callback(pending.discard)
        await asyncio.gather(*pending)

    async def _one(self, due: float) -> None:
        connection = self._idle.pop() if self._idle else Connection(self._port)
        counted = self._measuring
        try:
            error = await self._carry_out(connection)
        except (OSError, asyncio.IncompleteReadError, ValueError) as exc:
            connection.close()
            error = type(exc).__name__
        self._idle.append(connection)
        if error:
            self._tally.errors[error] = self._tally.errors.get(error, 0) + 1
            await asyncio.sleep(PAUSE_S)
        elif counted if self._plan.get("rate") else self._measuring:
            # open loop: what arrived in the window; closed loop: what ends in it
            self._tally.latencies_ms.append((time.perf_counter() - due) * 1e3)

    async def _carry_out(self, connection: Connection) -> str | None:
        index = self._next = (self._next + 1) % len(self._posts)
        status, body = await self._request(connection, *self._posts[index])
        if status not in (200, 201, 202):
            return f"{status} on submit"
        if self._plan["style"] == "answer":
            return None
        document = json.loads(body)
        poll = self._get_head(f"{document['links']['self']}?wait={WAIT_S}")
        while not document["terminal"]:
            asked = time.perf_counter()
            status, body = await self._request(connection, poll)
            if status != 200:
                return f"{status} on poll"
            document = json.loads(body)
            if not document["terminal"] and time.perf_counter() - asked < PAUSE_S:
                await asyncio.sleep(PAUSE_S)
        if document["state"] != "succeeded":
            return str(document["state"])
        if self._measuring:
            self._tally.add_timings(document.get("timings"))
        return None

    async def _request(
        self, connection: Connection, head: bytes, body: bytes = b""
    ) -> tuple[int, bytes]:
        if self._measuring:
            self._tally.requests += 1
        return await connection.request(head, body)

    def _post(self, media_type: str, body: bytes) -> tuple[bytes, bytes]:
        head = (
            f"POST {self._plan['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
            f"{self._plan['prefer']}\r\n"
        )
        return head.encode(), body

    def _get_head(self, link: str) -> bytes:
        path = "/" + link.split("://", 1)[-1].partition("/")[2]
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _body(image: bytes, form: str) -> tuple[str, bytes]:
    """Return media type and body for an image: as it is, as a form, or as base64 in JSON."""
    if form == "raw":
        return "image/jpeg", image
    if form == "json":
        return "application/json", json.dumps({"image": b64encode(image).decode()}).encode()
    edge = "edge-of-the-form"
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="image.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    body = head.encode() + image + f"\r\n--{edge}--\r\n".encode()
    return f"multipart/form-data; boundary={edge}", body


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _tell(word: str) -> None:
    print(word, flush=True)


if __name__ == "__main__":
    _tell(json.dumps(asyncio.run(Load(json.loads(sys.stdin.readline())).run())))
