"""Clients that are slow on purpose. `python -m tests.integration.api.slow_clients HOST PORT`
opens 200 of them against any server of the API and prints the latency of other requests.
"""

from __future__ import annotations

import socket
import statistics
import sys
import threading
import time
from contextlib import ExitStack, contextmanager

from tests.waits import PATIENT_S

LARGE = "/docs/assets/js/swagger-ui-bundle.js"  # 1.4 MB: more than socket buffers hold
TIMEOUT_S = 5.0


class SlowClients:
    """`half` stop within the head, `slow_bodies` send a body byte by byte, `readers` never read."""

    def __init__(self, host: str, port: int, half: int, slow_bodies: int, readers: int) -> None:
        self._address = (host, port)
        self._sockets: list[socket.socket] = []
        self._slow_bodies: list[socket.socket] = []
        self._stop = threading.Event()
        for _ in range(half):
            self._open(b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        for _ in range(slow_bodies):
            head = b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
            self._slow_bodies.append(self._open(head + b"Content-Length: 100000\r\n\r\n\xff\xd8"))
        for _ in range(readers):
            self._open(f"GET {LARGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 4, buffer_bytes=4096)
        self._thread = threading.Thread(target=self._send_slowly, daemon=True)
        self._thread.start()

    def _open(self, first: bytes, buffer_bytes: int | None = None) -> socket.socket:
        client = socket.socket()
        client.settimeout(TIMEOUT_S)
        if buffer_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self._sockets.append(client)
        try:
            client.connect(self._address)
            client.sendall(first)
        except OSError:
            pass  # a server that accepts no more connections is what is being measured
        return client

    def _send_slowly(self) -> None:
        while not self._stop.wait(1.0):
            for client in self._slow_bodies:
                try:
                    client.send(b"x")
                except OSError:
                    continue  # the server has closed this one

    def close(self) -> None:
        """Close all connections."""
        self._stop.set()
        self._thread.join()
        for client in self._sockets:
            client.close()


@contextmanager
def slow_clients(host: str, port: int, half: int = 80, slow_bodies: int = 80, readers: int = 40):
    """Keep the slow clients connected for the length of the block."""
    clients = SlowClients(host, port, half, slow_bodies, readers)
    try:
        yield clients
    finally:
        clients.close()


def ask(host: str, port: int, request: bytes, timeout_s: float = PATIENT_S) -> int | None:
    """Send one request on a connection of its own; return the status, None if none came in time."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as client:
            client.settimeout(timeout_s)
            client.sendall(request)
            answer = client.recv(64)
    except OSError:
        return None
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.") else None


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def measure(host: str, port: int, times: int) -> str:
    """Ask for /healthz so many times, in turn; return a line with the latencies."""
    took_ms, failed = [], 0
    for _ in range(times):
        began = time.perf_counter()
        if ask(host, port, HEALTH, TIMEOUT_S) == 200:
            took_ms.append((time.perf_counter() - began) * 1000)
        else:
            failed += 1
            if failed >= 5:
                break
    if not took_ms:
        return f"all {failed} timed out after {TIMEOUT_S:.0f} s"
    p50, worst = statistics.median(took_ms), max(took_ms)
    return f"{len(took_ms)} ok, {failed} timed out; p50 {p50:.1f} ms, max {worst:.1f} ms"


def main() -> None:
    """Measure the server at HOST PORT alone, and with each kind of slow client."""
    host, port = sys.argv[1], int(sys.argv[2])
    print("alone:          ", measure(host, port, 50))
    kinds = {"half heads": (200, 0, 0), "slow bodies": (0, 200, 0), "no reading": (0, 0, 200)}
    for name, (half, slow_bodies, readers) in {**kinds, "mixed": (80, 80, 40)}.items():
        with ExitStack() as stack:
            stack.enter_context(slow_clients(host, port, half, slow_bodies, readers))
            time.sleep(2)
            print(f"{name + ':':<17}", measure(host, port, 50))
        time.sleep(1)


if __name__ == "__main__":
    main()
