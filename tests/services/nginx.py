"""The front of deploy/front, run by a real nginx before servers of the tests' own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.services.process import ServiceProcess

CONFIG = Path(__file__).parents[2] / "deploy/front/nginx.conf"
FILE_LIMIT_BYTES = 1_000_000


def has_nginx() -> bool:
    """Tell whether there is an nginx to run."""
    return shutil.which("nginx") is not None


class Front(ServiceProcess):
    """nginx with the project's own configuration; addresses and folders alone are others.

    It may write no large file, as in its container, where what it writes is kept in memory.
    """

    name = "nginx"

    def __init__(self, folder: Path, api: str, store: str) -> None:
        super().__init__(folder)
        text = CONFIG.read_text()
        places = {
            "http://api:8000": api,
            "http://minio:9000": store,
            "listen 8080": f"listen 127.0.0.1:{self.port}",
            "/tmp/": f"{folder}/",
        }
        for place, ours in places.items():
            assert place in text, place
            text = text.replace(place, ours)
        self._config = folder / "nginx.conf"
        self._config.write_text(text)

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """Return nginx in the foreground, as the user that owns the folder."""
        nginx = ["nginx", "-c", str(self._config), "-g", "daemon off; user root;"]
        return ["prlimit", f"--fsize={FILE_LIMIT_BYTES}", *nginx]


@dataclass
class Asked:
    """What a server behind the front was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body_bytes: int


@dataclass
class Answers:
    """What a server behind the front answers to everything, and what it was asked."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    asked: list[Asked] = field(default_factory=list)
    sent: bool = False  # a whole body went out


@contextmanager
def serving(answers: Answers) -> Iterator[str]:
    """Yield the address of a server that gives `answers`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            answers.asked.append(Asked(self.command, self.path, dict(self.headers), len(body)))
            self.send_response(answers.status)
            for name, value in answers.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answers.body)))
            self.end_headers()
            self.wfile.write(answers.body)
            answers.sent = True

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - names of the library

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a client that goes is no fault of the server
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
