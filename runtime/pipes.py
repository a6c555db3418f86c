"""Standard output whose reader has gone, as in `depthq models list | head -1`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def while_read() -> Iterator[None]:
    """Print in the block; it ends where the reader has closed the pipe, and that is no failure.

    Only for what leaves nothing undone when it is not read: lists, states, documents.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # what is buffered still would fail once more at the program's end
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
