"""`python -m worker.fit`: measures batches and streams on this processor, for the starts to come.

A start measures what fits in a fraction of a second, and only the streams that it has. This command
measures every size of batch and both ways to use the cores, in turns, so that a busy neighbour
slows all of them; half a minute of CPU time where an image takes 80 ms. Workers with the same
cache folder, processor, weights and threads then choose by it.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from contract.errors import DepthqError
from contract.settings import Settings
from contract.startup import settings_or_exit
from worker.compute.batch_choice import SIZES, Sizes, choose, took
from worker.compute.pace import Pace
from worker.engines.factory import build_engine
from worker.engines.protocol import Engine
from worker.process.models import MOST_IMAGES, default_choice, known_costs, paces
from worker.weights.resolve import Artefact

log = logging.getLogger("worker.fit")

ROUNDS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, keep and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m worker.fit", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="the least of so many counts")
    settings = settings_or_exit("fit")
    asked = parser.parse_args(arguments)
    try:
        fit_all(settings, asked.rounds, sys.stdout.write)
    except DepthqError as exc:
        log.error("cannot measure: %s", exc)
        return 1
    return 0


def fit_all(settings: Settings, rounds: int, say: Callable[[str], object]) -> None:
    """Measure those of the settings' models that batches can help. Raises DepthqError."""
    for artefact, pace in paces(settings):
        if pace.slots is not None:
            say(f"{artefact.model}: so slow that batches earn nothing\n")
            continue
        known = known_costs(settings, artefact, pace)
        for streams, sizes in _measured(settings, artefact, pace, rounds).items():
            known.keep(streams, sizes)
            costs = ", ".join(f"{batch}: {1e3 * s:.1f}" for batch, s in sizes.items())
            say(f"{artefact.model}, streams: {streams}, CPU ms per image by batch: {costs}\n")
        found = choose(known.read(), default_choice(pace), MOST_IMAGES)
        say(f"{artefact.model}: streams: {found.streams}, batches of {found.batch}\n")


def _measured(
    settings: Settings, artefact: Artefact, pace: Pace, rounds: int
) -> Mapping[int, Sizes]:
    """Return CPU seconds per image by streams and batch: the least of `rounds`, taken in turns."""
    engines: dict[int, Engine] = {}
    for streams in sorted({1, pace.streams}):
        engines[streams] = build_engine(
            settings, artefact, streams=streams, threads=pace.threads, max_batch=MOST_IMAGES
        )
        engines[streams].load()
    size = artefact.spec.warm_up[0]
    least: dict[int, Sizes] = {streams: {} for streams in engines}
    for _ in range(rounds):
        for streams, engine in engines.items():
            for batch in (batch for batch in SIZES if batch <= engine.max_batch):
                images = np.zeros((batch, 3, *size), np.float32)
                each_s = took(engine.infer, images) / batch
                least[streams][batch] = min(each_s, least[streams].get(batch, each_s))
    return least


if __name__ == "__main__":
    sys.exit(main())
