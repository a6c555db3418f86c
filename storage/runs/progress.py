"""Rate and ETA of a dataset, from the items ended per five seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import mean, stdev

from contract.runs import Progress, RunRecord

SLOT_S = 5
SLOTS = 12  # the last minute
_ONE_IN_TEN = 1.28  # standard deviations below the mean of a normal distribution


def forecast(record: RunRecord, slots: Mapping[str, str], now: float) -> Progress:
    """Return rate and ETA; `slots` maps the number of each five seconds to the items ended then.

    p90 takes the rate that nine in ten such minutes would exceed.
    """
    rates = _rates(slots, now)
    if record.state.terminal or not rates:
        return Progress()
    rate = mean(rates)
    if not record.planned or rate <= 0:
        return Progress(rate=round(rate, 3))
    doubt = _ONE_IN_TEN * stdev(rates) / math.sqrt(len(rates)) if len(rates) > 1 else rate / 2
    slow = max(rate - doubt, rate / 4)
    return Progress(
        rate=round(rate, 3),
        eta_p50_s=round(record.items_left / rate, 1),
        eta_p90_s=round(record.items_left / slow, 1),
    )


def _rates(slots: Mapping[str, str], now: float) -> list[float]:
    """Return items per second of each five seconds of the last minute since the first that counts.

    The present five seconds are not over, so they are left out, unless there are no others.
    """
    present = int(now // SLOT_S)
    ended = {int(slot): int(items) for slot, items in slots.items()}
    known = [slot for slot in ended if present - SLOTS <= slot < present]
    if not known:
        so_far = ended.get(present, 0)
        return [so_far / max(0.5, now - present * SLOT_S)] if so_far else []
    return [ended.get(slot, 0) / SLOT_S for slot in range(min(known), present)]
