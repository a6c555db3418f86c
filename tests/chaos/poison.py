"""`python -m tests.chaos.poison`: our decoding child, which some images kill.

An image kills by bytes after its end, which decoders ignore.
"""

from __future__ import annotations

import ctypes
import time

from worker.imaging import child

KILL_CHILD = b"poison: the decoder segfaults"
HANG_CHILD = b"poison: the decoder never ends"
KILL_WORKER = b"poison: the worker dies"


def main() -> None:
    """Run the child with a decoder that obeys such bytes."""
    answer = child.answer

    def fall(data, *rest):
        if data.endswith(KILL_CHILD):
            ctypes.string_at(0)
        if data.endswith(HANG_CHILD):
            time.sleep(3600)
        return answer(data, *rest)

    child.answer = fall
    child.main()


if __name__ == "__main__":
    main()
