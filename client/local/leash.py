"""Run as a script: have the kernel end this process with its parent, then become the command.

    python leash.py PARENT_PID COMMAND [ARGUMENT…]

Linux only (PR_SET_PDEATHSIG, prctl(2)); elsewhere it just becomes the command. It imports little,
since it runs before every child of `depthq up`. The kernel sends the signal when the *thread* that
started this process ends, so children are started from the main thread.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Set the leash; end at once if the parent is gone already."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the signal was set
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - an argument list of our own, no shell


if __name__ == "__main__":
    main()
