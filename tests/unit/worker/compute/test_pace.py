"""Batches, threads and time limits follow from what a model costs."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

import numpy as np

from contract.models.midas_small import MODEL
from contract.settings import Settings
from tests.waits import PATIENT_S
from worker.compute.batcher import Batcher
from worker.compute.pace import pace_of

SLOW = replace(MODEL, name="slow_one", cost=replace(MODEL.cost, image_s=7.0))


def test_the_default_model_has_all_cores_and_full_batches() -> None:
    pace = pace_of(MODEL, Settings(), threads=2, streams=2, alone=True)
    assert (pace.max_batch, pace.threads, pace.streams, pace.slots) == (8, 2, 2, None)
    assert (pace.infer_timeout_s, pace.engine_limit_s, pace.niceness) == (100.0, 60.0, 0)


def test_a_slow_model_beside_others_leaves_them_cores_threads_and_turns() -> None:
    pace = pace_of(SLOW, Settings(), threads=2, streams=2, alone=False)
    assert (pace.max_batch, pace.threads, pace.streams, pace.slots) == (1, 1, 1, 2)
    assert pace.niceness > 0
    assert pace_of(SLOW, Settings(), threads=8, streams=4, alone=False).threads == 4
    assert pace_of(SLOW, Settings(), threads=8, streams=4, alone=False).niceness == 0


def test_alone_it_has_the_whole_machine() -> None:
    pace = pace_of(SLOW, Settings(), threads=2, streams=2, alone=True)
    assert (pace.threads, pace.niceness) == (2, 0)


def test_nothing_is_ended_for_being_slow() -> None:
    pace = pace_of(SLOW, Settings(), threads=2, streams=2, alone=True)
    assert pace.infer_timeout_s >= 2 * 7.0 * 20
    assert pace.engine_limit_s >= 7.0 * 20


def test_limits_follow_from_the_cores_and_the_share_that_a_slow_model_is_given() -> None:
    alone = pace_of(SLOW, Settings(), threads=2, streams=2, alone=True)
    beside = pace_of(SLOW, Settings(), threads=2, streams=2, alone=False)
    assert alone.engine_limit_s == 20 * 7.0
    # one core instead of two, and of it a quarter while the other model computes
    assert beside.engine_limit_s == 2 * 4 * alone.engine_limit_s
    assert beside.infer_timeout_s == 2 * 4 * alone.infer_timeout_s
    assert pace_of(SLOW, Settings(), threads=8, streams=4, alone=False).engine_limit_s == 20 * 7.0


def test_only_the_thread_that_feeds_the_engine_is_nice() -> None:
    seen: list[int] = []

    def infer(batch: np.ndarray) -> np.ndarray:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return batch[:, 0]

    before = os.getpriority(os.PRIO_PROCESS, 0)
    batcher = Batcher(infer, 1, niceness=5)
    batcher.start()
    batcher.submit(np.zeros((3, 4, 4), np.float32)).result(PATIENT_S)
    batcher.stop()
    assert seen == [min(19, before + 5)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
