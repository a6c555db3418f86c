"""The proxy injects the faults that it is set to, and no others."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest

from tests.services.proxy import TcpProxy, Wire
from tests.waits import PATIENT_S


@pytest.fixture
def proxy():
    """A proxy before a server that sends everything back."""
    listener = socket.create_server(("127.0.0.1", 0))

    def echo(connection):
        with connection:
            while data := connection.recv(65_536):
                connection.sendall(data)

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=quietly, args=(echo, connection), daemon=True).start()

    def quietly(call, connection):
        try:
            call(connection)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    proxy = TcpProxy(listener.getsockname()[1])
    yield proxy
    proxy.close()
    listener.close()


def connect(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), 5)


def ask(connection, text=b"hello"):
    connection.sendall(text)
    return connection.recv(100)


def test_it_passes_everything(proxy):
    with connect(proxy) as connection:
        assert ask(connection) == b"hello"


def test_cut_resets_open_connections_and_new_ones_work(proxy):
    with connect(proxy) as connection:
        ask(connection)
        proxy.cut()
        with contextlib.suppress(OSError):
            assert connection.recv(1) == b""
    with connect(proxy) as connection:
        assert ask(connection) == b"hello"


@pytest.mark.parametrize("wire", [Wire(silent=True), Wire(drops_replies=True)])
def test_silence_keeps_the_connection_open(proxy, wire):
    with connect(proxy) as connection:
        ask(connection)
        proxy.wire = wire
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            ask(connection)
        proxy.heal()


def test_open_connections_can_be_silenced_while_new_ones_work(proxy):
    with connect(proxy) as old, connect(proxy) as new_later:
        ask(old)
        ask(new_later)
        proxy.silence_open_connections()
        old.settimeout(0.3)
        with pytest.raises(TimeoutError):
            ask(old)
        with connect(proxy) as new:
            assert ask(new) == b"hello"


def test_a_lost_reply_was_written_all_the_same(proxy):
    proxy.wire = Wire(lose_replies=1)
    with connect(proxy) as connection, contextlib.suppress(OSError):
        assert ask(connection) == b""
    assert proxy.lost_replies == 1
    with connect(proxy) as connection:
        assert ask(connection) == b"hello"


def test_a_reply_is_cut_after_so_many_bytes(proxy):
    proxy.wire = Wire(cut_after_bytes=3)
    with connect(proxy) as connection:
        connection.sendall(b"hello")
        time.sleep(0.2)
        received = b""
        with contextlib.suppress(OSError):
            while piece := connection.recv(100):
                received += piece
        assert len(received) <= 3


@pytest.mark.parametrize("status", [503, 507])
def test_it_answers_http_by_itself(proxy, status):
    proxy.wire = Wire(answer=status)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(
            f"http://127.0.0.1:{proxy.port}/x", b"body" * 50_000, timeout=PATIENT_S
        )
    assert caught.value.code == status
    caught.value.close()
