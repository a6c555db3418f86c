"""`python -m tests.chaos.soak RESULTS`: load for SOAK_MINUTES with a random fault each minute.

The load is mixed: photographs, and now and then one that kills or blocks its decoder.

Writes RESULTS/soak.json; exit code 1 if anything was lost, doubled or wrong.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.images import known_images
from tests.chaos.rig import Rig, send_signal
from tests.chaos.watch import Watch
from tests.conftest import ENVIRONMENT, new_bucket
from tests.services.choose import choose_s3
from tests.services.proxy import Wire
from tests.services.valkey import ValkeyServer, find_valkey

RATE_PER_S = 12.0  # so that every thread of the API has been used after a few minutes
BETWEEN_FAULTS_S = 60.0
POISON_EVERY_S = 20.0
BROKEN_S = 5.0
# Half a kilobyte leaked per job is 360 KiB a minute at this rate; a shorter life tells nothing.
OURS, FLAT_KIB_PER_MIN, TELLING_S = ("api", "worker"), 256.0, 180.0


def faults(rig: Rig) -> dict[str, Callable[[], object]]:
    """Return the faults, by name."""

    def held(server: object) -> None:
        server.freeze()  # type: ignore[attr-defined]
        time.sleep(BROKEN_S)
        server.thaw()  # type: ignore[attr-defined]

    def restarted(server: object) -> None:
        server.kill()  # type: ignore[attr-defined]
        time.sleep(1)
        server.start()  # type: ignore[attr-defined]

    def wired(wire: Wire) -> None:
        rig.s3_wire.wire = wire
        time.sleep(BROKEN_S)
        rig.s3_wire.heal()

    return {
        "worker killed": rig.worker.kill,
        "image that kills its worker": lambda: rig.load.submit(rig.images["kill-worker"]),
        "worker stopped": lambda: send_signal(rig.worker, signal.SIGTERM),
        "worker frozen": lambda: held(rig.worker),
        "API killed": rig.api.kill,
        "Redis killed": lambda: restarted(rig.valkey),
        "Redis wiped": rig.valkey.wipe,
        "Redis frozen": lambda: held(rig.valkey),
        "Redis cut": rig.redis_wire.cut,
        "S3 killed": lambda: restarted(rig.s3),
        "S3 frozen": lambda: held(rig.s3),
        "S3 answers 503": lambda: wired(Wire(answer=503)),
        "S3 slow": lambda: wired(Wire(latency_s=0.2)),
    }


def soak(rig: Rig, minutes: float, seed: int) -> dict[str, object]:
    """Run it and return the report."""
    chosen: Counter[str] = Counter()
    dice = random.Random(seed)
    menu = faults(rig)
    watch = Watch({"api": rig.api, "worker": rig.worker, "redis": rig.valkey, "s3": rig.s3})
    began = time.monotonic()
    next_fault, next_poison = began + BETWEEN_FAULTS_S / 2, began + POISON_EVERY_S
    rig.load.start(RATE_PER_S)
    watch.start()
    while (now := time.monotonic()) - began < 60 * minutes:
        if now >= next_fault:
            name = dice.choice(sorted(menu))
            chosen[name] += 1
            menu[name]()
            next_fault += BETWEEN_FAULTS_S
        if now >= next_poison:
            rig.load.submit(rig.images[dice.choice(("segfault", "hang"))])
            next_poison += POISON_EVERY_S
        time.sleep(0.5)
    rig.load.stop()
    verdict = rig.verdict()
    watch.stop()
    processes = watch.report()
    return {
        "minutes": minutes,
        "rate_per_s": RATE_PER_S,
        "seed": seed,
        "injected": sum(chosen.values()),
        "faults": dict(sorted(chosen.items())),
        "accepted": verdict.accepted,
        "lost": verdict.lost,
        "duplicated": verdict.duplicated,
        "wrong": verdict.wrong,
        "repeated": verdict.repeated,
        "states": {str(state): count for state, count in verdict.states.items()},
        "answers": dict(rig.load.answers),
        "longest_request_s": rig.load.longest_s,
        "restarts": rig.supervisor.restarts,
        "processes": processes,
        "complaints": [*verdict.complaints[:50], *growing(processes)],
    }


def growing(processes: list[dict[str, Any]]) -> list[str]:
    """Return a complaint for each process of ours whose memory kept growing."""
    return [
        f"{each['name']} grows by {each['rss_slope_kib_per_min']:.0f} KiB a minute"
        for each in processes
        if each["name"] in OURS
        and each["watched_s"] >= TELLING_S
        and each["rss_slope_kib_per_min"] > FLAT_KIB_PER_MIN
    ]


def main(results: Path) -> int:
    """Build a service, soak it, write the report."""
    minutes = float(ENVIRONMENT.get("SOAK_MINUTES", "30"))
    seed = int(ENVIRONMENT.get("SOAK_SEED", "1"))
    for name in [name for name in os.environ if name.startswith(("DEPTHQ_", "AWS_"))]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="depthq-soak-"))
    valkey = ValkeyServer(find_valkey() or "redis-server", folder / "valkey")
    s3 = choose_s3(folder, ENVIRONMENT)
    (folder / "rig").mkdir()
    try:
        valkey.start()
        s3.start()
        rig = Rig(folder / "rig", valkey, known_images(), s3, new_bucket())
        try:
            rig.start()
            report = soak(rig, minutes, seed)
        finally:
            rig.stop()
    finally:
        valkey.stop()
        s3.stop()
    results.mkdir(parents=True, exist_ok=True)
    (results / "soak.json").write_text(json.dumps(report, indent=2) + "\n")
    bad = report["lost"] or report["duplicated"] or report["wrong"] or report["complaints"]
    if not bad:
        shutil.rmtree(folder)  # kept with its logs where there is something to look for
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
