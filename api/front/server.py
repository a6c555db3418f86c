"""Runs a WSGI app: one loop buffers all connections, threads see complete requests only.

A slow client therefore costs a socket and some disk, never a thread.
"""

from __future__ import annotations

import logging
import resource
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any
from urllib.parse import unquote

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from api.answers.prefixes import prefix_of
from api.callers.auth import Keys
from api.front.budget import UploadBudget
from api.front.channel import Channel
from api.front.holders import Holders
from api.front.parser import HEADER_BYTES, Parser
from api.receiving.multipart import ENVELOPE_BYTES
from contract.settings import MIB, Settings

log = logging.getLogger(__name__)

CONNECTIONS = 4000
VIDEOS_PATH = "/v1/videos"
ARCHIVES_PATH = "/v1/datasets"  # whose bodies are as large as a whole dataset
LINGER_BYTES = 1024 * MIB  # of a refused body, read before the connection is cut
HEADER_S, BODY_S, BODY_BYTES_PER_S = 20.0, 60.0, 2048
DRAIN_S = 25.0  # within the 30 s that Kubernetes and Docker give or are told to give


class Front(TcpWSGIServer):  # type: ignore[misc]
    """A waitress server with deadlines for incoming requests and a graceful shutdown."""

    channel_class = Channel
    next_channel_cleanup: float

    def add_task(self, channel: Channel) -> None:
        """Queue the connection's next request for answering, once the answer before is read."""
        if channel.has_unread:
            channel.parked = True
        else:
            super().add_task(channel)

    def maintenance(self, _wall: float) -> None:
        """Do the upkeep; the library calls this, by the wall clock, which may be set."""
        self.tidy(time.monotonic())

    def tidy(self, now: float) -> None:
        """Close connections that are idle, whose request is slow, or whose client does not read.

        `now` is monotonic, in s.
        """
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            late = channel.overdue(now, HEADER_S, BODY_S, BODY_BYTES_PER_S)
            # here, because the socket of a client that does not read never becomes writable
            if late or channel.stalled(now, self.adj.channel_timeout):
                channel.handle_close()

    def serve(self, on_drain: Callable[[], None], drain_s: float = DRAIN_S) -> None:
        """Serve until SIGTERM or SIGINT, then finish what was begun, at most for `drain_s`."""
        stop = _Stop(self)
        while not stop.asked:
            self._turn(1.0)
        log.info("draining", extra={"action": "drain"})
        self.accepting = False
        self.del_channel()
        self.socket.close()
        on_drain()
        deadline = time.monotonic() + drain_s
        while self._busy() and time.monotonic() < deadline:
            self._turn(0.1)
        self.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
        log.info("stopped", extra={"action": "stop"})

    def _turn(self, timeout_s: float) -> None:
        # the library goes by the wall clock: one that is set back must not put off the upkeep
        soon = time.time() + self.adj.cleanup_interval
        self.next_channel_cleanup = min(self.next_channel_cleanup, soon)
        wasyncore.loop(timeout=timeout_s, map=self._map, use_poll=True, count=1)

    def _busy(self) -> bool:
        """Tell whether any answer is pending."""
        channels = list(self.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)


class _Stop:
    """Whether SIGTERM or SIGINT has arrived."""

    def __init__(self, front: Front) -> None:
        self.asked = False
        self._front = front
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        self._front.pull_trigger()


def _largest(settings: Settings) -> int:
    return max(settings.max_archive_bytes, settings.max_video_bytes)


def open_front(
    app: Any, settings: Settings, keys: Keys, host: str, port: int, max_body_bytes: int
) -> Front:
    """Return a front that listens on host:port. Raises OSError if it cannot."""
    _raise_file_limit()
    Parser.prefix = unquote(prefix_of(settings.public_url))
    Parser.max_body_bytes = max_body_bytes
    Parser.holders = Holders(keys, settings.trusted_proxy)
    # a smaller share would refuse every large upload
    Parser.budget = _shared(settings.max_uploads_bytes // 2, max_body_bytes)
    # room for two archives, so that one caller cannot lock out all others
    Parser.larger = {
        ARCHIVES_PATH: _shared(0, settings.max_archive_bytes + ENVELOPE_BYTES),
        VIDEOS_PATH: _shared(0, settings.max_video_bytes + ENVELOPE_BYTES),
    }
    adjustments = Adjustments(
        host=host,
        port=port,
        threads=settings.api_threads,
        ident=None,
        backlog=1024,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,
        channel_timeout=60,
        cleanup_interval=5,
        max_request_header_size=HEADER_BYTES,
        max_request_body_size=max(LINGER_BYTES, _largest(settings) + ENVELOPE_BYTES + 1),
        recv_bytes=64 * 1024,  # a photograph arrives in a few passes of the loop
        inbuf_overflow=512 * 1024,  # larger bodies are spooled to disk
        # Files are sent from disk. For answers that are generated while they are read, the thread
        # waits for a slow client; each of them has a slot of the wait budget.
        outbuf_overflow=MIB,
        outbuf_high_watermark=MIB,
        channel_request_lookahead=1,
        clear_untrusted_proxy_headers=True,  # X-Forwarded-For is read by `Parser.client` before
    )
    return Front(app, adj=adjustments, sockinfo=adjustments.listen[0])


def _shared(half_bytes: int, one_body_bytes: int) -> UploadBudget:
    """Return a budget of which one caller may have half, but at least one body."""
    share_bytes = max(half_bytes, one_body_bytes)
    return UploadBudget(2 * share_bytes, share_bytes)


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
