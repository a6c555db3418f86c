"""Loads a program's modules without looking for garbage in them: all that they make stays.

The first import of a program: from then on no garbage is looked for, until its `main` says that all
is `loaded()`. A tenth of the CPU time that importing takes, and later searches pass over it too.
"""

from __future__ import annotations

import gc

gc.disable()


def loaded() -> None:
    """Keep what there is out of every later search for garbage, and allow these."""
    gc.freeze()
    gc.enable()
