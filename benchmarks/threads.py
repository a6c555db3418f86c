"""Who changes threads: switches of a process by the names of its threads.

Linux knows Python's names for threads only from Python 3.14 on; `python -m benchmarks.threads
--lane …` is a worker that tells it.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from worker import __main__ as program

NAMED_EVERY_S = 0.5
_COUNTS = re.compile(r"^(voluntary|nonvoluntary)_ctxt_switches:\s*(\d+)$", re.MULTILINE)


def switches(pid: int) -> Counter[str]:
    """Return how often threads of `pid`, not of its children, have left a processor.

    By name, without its number, and kind: `group voluntary`, to wait, or `group nonvoluntary`, for
    another.
    """
    found: Counter[str] = Counter()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has ended
            name = re.sub(r"[-_.:]?\d+(_\d+)?$", "", (task / "comm").read_text().strip())
            for kind, count in _COUNTS.findall((task / "status").read_text()):
                found[f"{name} {kind}"] += int(count)
    return found


def table(per_job: Mapping[str, float]) -> list[str]:
    """Return a line for each name, the busiest first."""
    kinds = ("voluntary", "nonvoluntary")
    rows = [
        (name, [per_job.get(f"{name} {kind}", 0.0) for kind in kinds])
        for name in {each.rpartition(" ")[0] for each in per_job}
    ]
    return [
        f"  {sum(counts):6.2f}  {name:<16} {counts[0]:6.2f} to wait {counts[1]:6.2f} for another"
        for name, counts in sorted(rows, key=lambda row: -sum(row[1]))
        if sum(counts) >= 0.005
    ]


def _name_threads() -> None:
    while True:
        for thread in threading.enumerate():
            with suppress(OSError):  # it has ended
                Path(f"/proc/self/task/{thread.native_id}/comm").write_text(thread.name[:15])
        time.sleep(NAMED_EVERY_S)


if __name__ == "__main__":
    threading.Thread(target=_name_threads, name="naming", daemon=True).start()
    sys.exit(program.main(sys.argv[1:]))
