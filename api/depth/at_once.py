"""One request for depth at once: the ask, the picture, the answer, within a deadline.

The picture is held here until a worker has taken the ask, and is published once. A request that
ends without its answer closes its line, so that the worker's next message finds no subscriber.
"""

from __future__ import annotations

import logging
import math
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from api.depth.lines import Lines
from api.load.capacity import Capacity
from contract.errors import (
    DeadlineExceeded,
    InvalidRequest,
    NotInTime,
    StorageUnavailable,
    WorkerLost,
    error_of_code,
)
from contract.immediate import Ask, Picture, Reply, unpack
from storage.immediate.exchange import Exchange
from storage.immediate.line import Line

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5  # at the client and at the worker, while waiting
GONE_AFTER_LOOKS = 2  # a line that Redis has just lost is open again by the second
LOST_AFTER_LOOKS = 10  # an ask that was taken, by a worker that did not get to say so
NO_WORKER_RETRY_S = 5


@dataclass(frozen=True)
class Wanted:
    """A checked request. `options`: of JobOptions, as given; `gone()`: the client disconnected."""

    picture: bytes
    model: str
    options: dict[str, Any]
    deadline_s: float
    gone: Callable[[], bool]


class AtOnce:
    """Asks the workers and waits for their answers. Thread-safe."""

    def __init__(self, exchange: Exchange, capacity: Capacity) -> None:
        self._exchange, self._capacity = exchange, capacity
        self._lines = Lines(exchange)

    def admit(self, model: str) -> None:
        """Raise NotInTime when no worker that holds `model` takes asks."""
        if not self._speeds(model):
            raise NotInTime(
                f"No worker computes depth at once by {model} at present.", NO_WORKER_RETRY_S
            )

    def depth_of(self, wanted: Wanted) -> tuple[Reply, bytes]:
        """Return a worker's reply and the output's bytes.

        Raises the worker's error (InputError, InternalError, …), DeadlineExceeded, WorkerLost,
        NotInTime, InvalidRequest (the client disconnected) and StorageUnavailable.
        """
        line = self._lines.borrow()
        now = time.time()
        ask = Ask(
            id=uuid.uuid4().hex,
            answer_to=line.channel,
            asked_at=now,
            deadline_at=now + wanted.deadline_s,
            model=wanted.model,
            options=wanted.options,
        )
        answered = False
        try:
            self._check(self._exchange.submit(ask), wanted)
            reply, data = _Wait(self._exchange, line, ask, wanted).for_answer()
            answered = True
        finally:
            if answered:
                self._lines.give_back(line)
            else:
                line.close()
                self._withdraw(ask)
        if reply.error is not None:
            raise error_of_code(reply.error.code, reply.error.message)
        return reply, data

    def stop(self) -> None:
        """Close the lines as they become idle; what waits still gets its answer."""
        self._lines.close()

    def _speeds(self, model: str) -> list[float]:
        """Return the images per second of each worker that takes asks for `model`; 0.0: unknown."""
        takers = (each for each in self._capacity.workers() if each.serving and each.immediate)
        return [speed for each in takers if (speed := each.speed(model)) is not None]

    def _check(self, before: int, wanted: Wanted) -> None:
        """Raise NotInTime if so many asks take longer than the deadline allows."""
        speed = sum(self._speeds(wanted.model))
        if speed > 0 and before / speed > wanted.deadline_s:
            raise NotInTime(
                f"{before} requests wait already, longer than {wanted.deadline_s:.0f} s; come back "
                "later, or submit a job.",
                math.ceil(before / speed),
            )

    def _withdraw(self, ask: Ask) -> None:
        try:
            self._exchange.withdraw(ask)
        except StorageUnavailable as exc:
            log.info("not withdrawn, it expires: %s", exc, extra={"action": "withdraw"})


class _Wait:
    """Reads one line until the answer to one ask has come."""

    def __init__(self, exchange: Exchange, line: Line, ask: Ask, wanted: Wanted) -> None:
        self._exchange, self._line, self._ask, self._wanted = exchange, line, ask, wanted
        self._worker: str | None = None  # the channel of the thread that has taken the ask
        self._unheard = 0

    def for_answer(self) -> tuple[Reply, bytes]:
        # by a clock of this process, which is not set; `deadline_at` is for the worker
        ends_at = time.monotonic() + self._wanted.deadline_s
        while (left_s := ends_at - time.monotonic()) > 0:
            message = self._line.read(min(left_s, LOOK_EVERY_S))
            if message is None:
                self._look()
                continue
            head, body = unpack(message)
            reply = Reply.model_validate_json(head)
            if reply.send_to is None:
                return reply, body
            self._hand_over(reply.send_to)
        raise DeadlineExceeded(
            f"There was no depth within {self._wanted.deadline_s:.0f} s; "
            + ("a worker was at it." if self._worker else "no worker was free.")
        )

    def _hand_over(self, channel: str) -> None:
        self._worker, self._unheard = channel, 0
        if not self._exchange.publish(channel, Picture(id=self._ask.id), self._wanted.picture):
            raise _lost()

    def _look(self) -> None:
        """End the wait if the client or the worker is gone."""
        if self._wanted.gone():
            raise InvalidRequest("The client hung up.")
        if self._worker is None:
            there, looks = self._exchange.holds(self._ask), LOST_AFTER_LOOKS
        else:
            there, looks = self._exchange.is_held(self._worker), GONE_AFTER_LOOKS
        self._unheard = 0 if there else self._unheard + 1
        if self._unheard >= looks:
            raise _lost()


def _lost() -> WorkerLost:
    return WorkerLost(
        "The worker that computed this has ended, and nothing was kept; send the picture again."
    )
