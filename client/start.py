"""The entry point of `depthq`: Ctrl-C is quiet even while modules are loaded."""

from __future__ import annotations

import gc
import sys

# `typing` takes longer than all else here, and would be loaded where Ctrl-C is not caught yet.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line; ends the process with the command's exit code."""
    gc.disable()  # all that is loaded stays: to look for garbage in it takes a tenth of the time
    try:
        from client.cli import main as run  # takes half a second
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
