"""A TCP proxy that injects network faults: slow, cut, silent, half-open, or a lost reply."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends RST


@dataclass
class Wire:
    """How the proxy treats bytes; may be changed at any moment, also for open connections."""

    latency_s: float = 0.0  # before every piece, in each direction
    refuse: bool = False  # new connections are reset at once
    silent: bool = False  # bytes of both directions vanish, connections stay open
    drops_replies: bool = False  # half-open: requests arrive, replies vanish
    cut_after_bytes: int | None = None  # of a reply, counted per connection, then reset
    lose_replies: int = 0  # so many replies are cut off before their first byte
    answer: int = 0  # HTTP: new connections get this status, whatever they ask


class TcpProxy:
    """Listens on a free port of loopback and passes everything to `target_port`."""

    def __init__(self, target_port: int) -> None:
        self.wire = Wire()
        self.lost_replies = 0
        self._target_port = target_port
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._dead: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def heal(self) -> None:
        """Pass everything again. Connections that lost bytes meanwhile are cut: no silent gaps."""
        gaps = self.wire.silent or self.wire.drops_replies
        self.wire = Wire()
        if gaps:
            self.cut()

    def silence_open_connections(self) -> None:
        """Make the connections that are open now silent for ever; new ones work."""
        with self._lock:
            self._dead |= self._open

    def cut(self) -> None:
        """Reset every open connection."""
        with self._lock:
            sockets = list(self._open)
        for each in sockets:
            _reset(each)

    def close(self) -> None:
        """Stop listening and cut what is open."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.wire.refuse:
                _reset(client)
                continue
            if self.wire.answer:
                threading.Thread(
                    target=_answer, args=(client, self.wire.answer), daemon=True
                ).start()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target_port), 5)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            for source, sink, reply in ((client, server, False), (server, client, True)):
                arguments = (source, sink, reply)
                threading.Thread(target=self._pass, args=arguments, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, reply: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(CHUNK):
                wire = self.wire
                if wire.latency_s:
                    time.sleep(wire.latency_s)
                if wire.silent or source in self._dead or (reply and wire.drops_replies):
                    continue
                if wire.answer:  # the next request shall come on a new connection
                    _reset(source if not reply else sink)
                    break
                if reply and self._loses_this_reply():
                    _reset(sink)
                    break
                limit = wire.cut_after_bytes
                if reply and limit is not None and passed + len(piece) > limit:
                    sink.sendall(piece[: max(0, limit - passed)])
                    _reset(sink)
                    break
                sink.sendall(piece)
                passed += len(piece)
        self._forget(source, sink)

    def _loses_this_reply(self) -> bool:
        with self._lock:
            if self.wire.lose_replies <= 0:
                return False
            self.wire.lose_replies -= 1
            self.lost_replies += 1
            return True

    def _forget(self, *sockets: socket.socket) -> None:
        # One direction ended: end both, as the protocols that pass here never half-close.
        with self._lock:
            self._open -= set(sockets)
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        connection.close()


def _answer(client: socket.socket, status: int) -> None:
    """Read one whole HTTP request, answer it with `status`, and hang up."""
    with contextlib.suppress(OSError), client, client.makefile("rb") as stream:
        length, awaits_word = 0, False
        while (line := stream.readline().strip().lower()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name == b"content-length" else length
            awaits_word = awaits_word or name == b"expect"
        if awaits_word:
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        stream.read(length)
        head = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        client.sendall(head.encode())
