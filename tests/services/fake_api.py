"""A stand-in for the HTTP API that misbehaves on demand: for tests of the client alone."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from contract.ids import new_id

DEPTH, HEATMAP = b"the depth", b"the heat map"


@dataclass(frozen=True)
class Reply:
    """An answer as it goes over the wire; `hang_up` closes the connection instead."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False

    @classmethod
    def of(cls, status: int, document: Any, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(document).encode(), named)

    @classmethod
    def problem(cls, status: int, code: str, detail: str = "because", **headers: str) -> Reply:
        return cls.of(status, {"status": status, "code": code, "detail": detail}, **headers)


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class FakeApi:
    """Honest answers, unless `script` holds others for the next requests to /v1/."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    script: deque[Reply] = field(default_factory=deque)
    polls_to_end: int = 1  # how many GETs of a job it takes
    ending: dict[str, Any] = field(default_factory=lambda: {"state": "succeeded"})
    models: list[str] = field(default_factory=lambda: ["midas_small"])
    announced: dict[str, bytes] = field(default_factory=dict)  # what the hashes are of, if not true
    _by_key: dict[str, dict[str, Any]] = field(default_factory=dict)
    _polls: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def jobs(self) -> list[str]:
        return [document["id"] for document in self._by_key.values()]

    def paths(self, method: str) -> list[str]:
        return [asked.path for asked in self.asked if asked.method == method]

    def answer(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            if self.script and asked.path.startswith("/v1/"):
                return self.script.popleft()
            return self._honest(asked)

    def _honest(self, asked: Asked) -> Reply:
        path, parts = asked.path.partition("?")[0], asked.path.partition("?")[0].split("/")
        if path == "/version":
            return Reply.of(200, {"name": "depthq", "version": "0"})
        if path == "/v1/models":
            known = [{"name": name, "aliases": [f"{name}_alias"]} for name in self.models]
            return Reply.of(200, {"models": [], "known": known})
        if path == "/v1/jobs" and asked.method == "POST":
            return self._create(asked.headers["Idempotency-Key"])
        if len(parts) < 4 or parts[3] not in self.jobs:
            return Reply.problem(404, "not_found", "There is no such job.")
        if asked.method == "DELETE":
            return Reply(204)
        if parts[4:5] == ["outputs"]:
            return Reply(200, {"depth": DEPTH, "heatmap": HEATMAP}[parts[5]])
        if parts[4:5] == ["events"]:
            return self._events(parts[3])
        return self._poll(parts[3])

    def _create(self, key: str) -> Reply:
        job_id = new_id()
        document = {"id": job_id, "state": "queued", "terminal": False, "outputs": {}}
        document = self._by_key.setdefault(key, document)
        return Reply.of(202, document)

    def _poll(self, job_id: str) -> Reply:
        self._polls[job_id] = self._polls.get(job_id, 0) + 1
        if self._polls[job_id] < self.polls_to_end:
            return Reply.of(200, {"id": job_id, "state": "running", "outputs": {}})
        return Reply.of(200, self._ended(job_id))

    def _ended(self, job_id: str) -> dict[str, Any]:
        outputs = {
            name: {
                "url": f"/v1/jobs/{job_id}/outputs/{name}",
                "media_type": media_type,
                "width": 4,
                "height": 3,
                "sha256": hashlib.sha256(self.announced.get(name, data)).hexdigest(),
            }
            for name, media_type, data in (
                ("depth", "image/png", DEPTH),
                ("heatmap", "image/jpeg", HEATMAP),
            )
        }
        good = self.ending["state"] == "succeeded"
        return {"id": job_id, "terminal": True, "outputs": outputs if good else {}} | self.ending

    def _events(self, job_id: str) -> Reply:
        documents = ({"id": job_id, "state": "running"}, self._ended(job_id))
        text = "".join(f"id: {n}\ndata: {json.dumps(d)}\n\n" for n, d in enumerate(documents))
        return Reply(200, text.encode(), {"Content-Type": "text/event-stream"})


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = api.answer(Asked(self.command, self.path, dict(self.headers), body))
            if reply.hang_up:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - names of the base class

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Stay silent."""

    return Handler


@contextmanager
def fake_api() -> Iterator[FakeApi]:
    """Run a stand-in on a free port."""
    api = FakeApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(api))
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
