"""One ask and its picture → the reply: the output, or a coded error. Raises nothing."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from contract.errors import DeadlineExceeded, DepthqError, ImageTooLarge, InternalError
from contract.immediate import Ask, Reply
from contract.jobs import JobError
from contract.options import JobOptions
from worker.attempts.metrics import StageClock, count_outcome
from worker.attempts.watchdog import EXIT_CODE
from worker.compute.computer import Computed, Computer
from worker.shortage import shortages_wait

log = logging.getLogger(__name__)


class Answerer:
    """Computes one output. One instance, many threads."""

    def __init__(
        self,
        computer: Computer,
        max_bytes: int,
        end_process: Callable[[int], object] = os._exit,
    ) -> None:
        self._computer, self._max_bytes, self._end_process = computer, max_bytes, end_process

    def answer(self, ask: Ask, picture: bytes, fetch_ms: float) -> tuple[Reply, bytes]:
        """Return the reply and the output's bytes; `fetch_ms`: what handing over took."""
        clock = StageClock()
        clock.add("queued", max(0.0, (time.time() - ask.asked_at) * 1e3 - fetch_ms))
        clock.add("fetch", fetch_ms)
        try:
            with shortages_wait():
                reply, data = self._computed(ask, picture, clock)
        except DepthqError as exc:
            reply, data = _failed(ask, exc), b""
        except MemoryError:
            # no picture can be computed in this process any more
            log.critical("out of memory", extra={"action": "run"})
            self._end_process(EXIT_CODE)
            raise
        except Exception:
            log.exception("depth at once failed", extra={"action": "run"})
            reply, data = _failed(ask, InternalError("Something went wrong on our side.")), b""
        count_outcome(
            "failed" if reply.error else "succeeded", reply.error.code if reply.error else ""
        )
        return reply, data

    def _computed(self, ask: Ask, picture: bytes, clock: StageClock) -> tuple[Reply, bytes]:
        if time.time() > ask.deadline_at:
            raise DeadlineExceeded("the deadline passed before the work began")
        options = _options(ask.options)
        computed = self._computer.compute(picture, options, clock, ask.deadline_at)
        data = computed.files[0].data
        if len(data) > self._max_bytes:
            raise ImageTooLarge(
                f"The output has {len(data)} bytes; at most {self._max_bytes} are answered at "
                "once. Ask for size=model, another format, or submit a job."
            )
        return _succeeded(ask, computed, clock), data


def _options(given: dict[str, Any]) -> JobOptions:
    try:
        return JobOptions.model_validate(given)
    except ValidationError as exc:  # the API has checked them: it is of another version
        raise InternalError("This worker does not know these options yet; try again.") from exc


def _succeeded(ask: Ask, computed: Computed, clock: StageClock) -> Reply:
    file = computed.files[0]
    return Reply(
        id=ask.id,
        media_type=file.media_type,
        extension=file.extension,
        width=file.width,
        height=file.height,
        downsampled_to=computed.prepared.downsampled_to,
        warnings=computed.prepared.damage,
        model=computed.model,
        depth=computed.depth,
        timings=clock.timings(),
    )


def _failed(ask: Ask, exc: DepthqError) -> Reply:
    error = JobError(code=exc.code, message=exc.message, retryable=exc.retryable)
    return Reply(id=ask.id, error=error)
