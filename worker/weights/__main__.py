"""`python -m worker.weights list|fetch NAME|convert FILE|show`: what `depthq weights` runs."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> int:
    """Run the command; Ctrl-C is quiet, also while its parts are loaded. Returns the exit code."""
    try:
        from worker.weights.cli import main as run

        return run()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
