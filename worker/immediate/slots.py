"""Threads that take asks, fetch their pictures and publish the answers.

As many as a worker has task threads for jobs: where both kinds wait, each gets about half of the
engine, because the batcher serves threads in the order of their tensors.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing

from contract.errors import StorageUnavailable
from contract.immediate import Ask, Picture, Reply, unpack
from storage.immediate.exchange import Exchange
from storage.immediate.line import Line
from worker.immediate.answer import Answerer

log = logging.getLogger(__name__)

TAKE_S = 2.0  # one look at the list; below the socket's own time-out
LOOK_EVERY_S = 1.0  # whether the API is still there, while the picture has not come
PAUSE_S = 1.0  # while Redis is away

Turn = Callable[[], AbstractContextManager[object]]


class Slots:
    """`count` threads over one exchange, for asks for `models`.

    `turn()` is held while a picture is computed.
    """

    def __init__(
        self,
        exchange: Exchange,
        answerer: Answerer,
        turn: Turn,
        models: Sequence[str],
        count: int,
        take_s: float = TAKE_S,
    ) -> None:
        self._exchange, self._answerer, self._turn = exchange, answerer, turn
        self._models, self._take_s = models, take_s
        self._first = 0
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"immediate-{n}", daemon=True)
            for n in range(count)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def drain(self) -> None:
        """Take nothing new."""
        self._stopping.set()

    def stop(self) -> None:
        """Finish what was taken; returns when the threads have ended."""
        self.drain()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with closing(self._exchange.open_line()) as line:
                    self._serve(line)
            except StorageUnavailable as exc:
                log.warning("depth at once waits for Redis: %s", exc, extra={"action": "take"})
                self._stopping.wait(PAUSE_S)
            except Exception:  # a thread that ends is not replaced
                log.exception("depth at once failed", extra={"action": "take"})
                self._stopping.wait(PAUSE_S)

    def _serve(self, line: Line) -> None:
        while not self._stopping.is_set():
            ask = self._exchange.take(self._in_turn(), self._take_s)
            if ask is not None and line.usable:
                self._answer(line, ask)
            elif ask is not None:
                with closing(self._exchange.open_line()) as fresh:
                    self._answer(fresh, ask)
                return  # and begin anew with another line

    def _in_turn(self) -> Sequence[str]:
        """Return the models in another order each time: Redis looks at the first list first."""
        self._first = (self._first + 1) % len(self._models)
        return [*self._models[self._first :], *self._models[: self._first]]

    def _answer(self, line: Line, ask: Ask) -> None:
        """Fetch, compute, answer. Without a listener at the other end nothing is done."""
        if time.time() > ask.deadline_at:
            log.info("dropped, too late", extra={"action": "take"})
            return
        started = time.monotonic()
        if not self._exchange.publish(ask.answer_to, Reply(id=ask.id, send_to=line.channel)):
            log.info("dropped, its client is gone", extra={"action": "take"})
            return
        picture = self._picture(line, ask)
        if picture is None:
            log.info("dropped, no picture came", extra={"action": "take"})
            return
        fetch_ms = (time.monotonic() - started) * 1e3
        with self._turn():
            reply, data = self._answerer.answer(ask, picture, fetch_ms)
        self._exchange.publish(ask.answer_to, reply, data)

    def _picture(self, line: Line, ask: Ask) -> bytes | None:
        """Return the picture of `ask`, None if its API goes or its deadline passes before.

        A picture of another ask, which came late, is never taken for it.
        """
        ends_at = time.monotonic() + ask.deadline_at - time.time()
        while (left_s := ends_at - time.monotonic()) > 0:
            message = line.read(min(left_s, LOOK_EVERY_S))
            if message is not None:
                head, body = unpack(message)
                if Picture.model_validate_json(head).id == ask.id:
                    return body
            elif not self._exchange.is_held(ask.answer_to):
                return None
        return None
