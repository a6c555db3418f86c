"""`python -m worker.weights list|fetch NAME|convert FILE|show`: what `depthq weights` runs."""

from __future__ import annotations

import sys

from worker.weights.cli import main

if __name__ == "__main__":
    sys.exit(main())
