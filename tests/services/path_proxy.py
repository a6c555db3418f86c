"""A reverse proxy that has the service below a path of its host, and nothing beside it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.waits import PATIENT_S

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


@contextmanager
def path_proxy(prefix: str, target_port: int, *, strips: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield its port, and the paths that were asked for outside of `prefix`."""
    strays: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            inside = self.path.split("?")[0]
            if inside != prefix and not inside.startswith(f"{prefix}/"):
                strays.append(self.path)
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = (self.path.removeprefix(prefix) or "/") if strips else self.path
            upstream = http.client.HTTPConnection("127.0.0.1", target_port, timeout=60 + PATIENT_S)
            upstream.request(self.command, path, body, dict(self.headers))
            self._pass(upstream.getresponse())
            upstream.close()

        do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the library looks for them

        def _pass(self, answer: http.client.HTTPResponse) -> None:
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], strays
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
