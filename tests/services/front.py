"""The HTTP front in this process, over any WSGI application, on a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from api.callers.auth import Keys
from api.front.parser import Parser
from api.front.server import Front, open_front
from contract.settings import MIB, Settings
from tests.waits import PATIENT_S

_SET_BY_OPENING = ("prefix", "max_body_bytes", "holders", "budget", "larger")


@contextmanager
def running_front(app: Any, keys: Keys | None = None, **settings: Any) -> Iterator[Front]:
    """Yield a front that serves `app` on a free port."""
    before = {name: vars(Parser)[name] for name in _SET_BY_OPENING}
    chosen = Settings(**{"api_threads": 4, **settings})
    front = open_front(app, chosen, keys or Keys(()), chosen.host, 0, MIB)
    stop = threading.Event()

    def turn() -> None:
        while not stop.is_set():
            front._turn(0.02)

    thread = threading.Thread(target=turn, name="front")
    thread.start()
    try:
        yield front
    finally:
        stop.set()
        thread.join()
        for channel in list(front.active_channels.values()):
            channel.ended_in_order = False
            channel.handle_close()
        front.task_dispatcher.shutdown(timeout=PATIENT_S)
        front.close()
        for name, value in before.items():
            setattr(Parser, name, value)


def connect(front: Front, receive_bytes: int | None = None) -> socket.socket:
    """Return a connection to it; `receive_bytes`: the room for what the client has not read."""
    client = socket.socket()
    client.settimeout(PATIENT_S)
    if receive_bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.connect(("127.0.0.1", int(front.effective_port)))
    return client


def rest_of(client: socket.socket) -> bytes:
    """Return all that comes until the server ends the connection."""
    data = b""
    while chunk := client.recv(65_536):
        data += chunk
    return data
