"""What files this test process has open, for tests that nothing is left open."""

from __future__ import annotations

from pathlib import Path


def open_files() -> set[tuple[int, str]]:
    """Return the number and the name of each.

    Tests look for those that were not there before: what closes meanwhile is another's, as the
    server that forks decoders of videos rests when none was wanted for a minute.
    """
    found = set()
    for link in list(Path("/proc/self/fd").iterdir()):
        try:
            found.add((int(link.name), str(link.readlink())))
        except FileNotFoundError:  # the listing's own, which is closed
            continue
    return found
