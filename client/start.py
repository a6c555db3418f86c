"""The entry point of `depthq`: Ctrl-C is quiet even while modules are loaded."""

from __future__ import annotations

import sys
from typing import NoReturn

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line; ends the process with the command's exit code."""
    try:
        from client.cli import main as run  # takes most of a second
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
