"""Keeps the children of a local stack running, and ends them in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from client.local.processes import Child

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
SETTLED_S = 60.0  # a child that ran this long starts again with the shortest pause


@dataclass
class _Watched:
    child: Child
    started_at: float
    pause_s: float = FIRST_PAUSE_S
    restart_at: float | None = None
    deaths: int = 0
    last_code: int | None = None  # of its last death


class Supervisor:
    """Starts children, restarts those that die, with a growing pause. Used by the main thread."""

    def __init__(
        self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock = clock
        self._watched: list[_Watched] = []

    def start(self, child: Child) -> None:
        """Start a child and watch it from now on."""
        child.start()
        self._watched.append(_Watched(child, self._clock()))

    @property
    def children(self) -> Sequence[Child]:
        """All children, in the order of their start."""
        return [watched.child for watched in self._watched]

    def deaths(self, name: str) -> int:
        """How often the child of that name has ended by itself."""
        return sum(watched.deaths for watched in self._watched if watched.child.name == name)

    def last_code(self, name: str) -> int | None:
        """With which code the child of that name ended last; None: it never did."""
        codes = [watched.last_code for watched in self._watched if watched.child.name == name]
        return codes[0] if codes else None

    def restart_dead(self) -> None:
        """Check every child once: record deaths, restart those whose pause is over."""
        for watched in self._watched:
            if watched.restart_at is not None:
                self._restart_when_due(watched)
            elif not watched.child.alive:
                self._note_death(watched)

    def _note_death(self, watched: _Watched) -> None:
        code = watched.child.exit_code
        watched.child.kill()  # its own children must not remain
        now = self._clock()
        if now - watched.started_at >= SETTLED_S:
            watched.pause_s = FIRST_PAUSE_S
        watched.deaths += 1
        watched.last_code = code
        watched.restart_at = now + watched.pause_s
        self._say(f"{watched.child.name} {_ending(code)}; again in {watched.pause_s:g} s")
        watched.pause_s = min(LONGEST_PAUSE_S, watched.pause_s * 2)

    def _restart_when_due(self, watched: _Watched) -> None:
        if watched.restart_at is not None and self._clock() >= watched.restart_at:
            watched.child.start()
            watched.started_at, watched.restart_at = self._clock(), None

    def stop(self, names: Sequence[str], patience_s: float, hurry: Callable[[], bool]) -> bool:
        """Ask the named children to end, together; kill those still there after `patience_s`.

        `hurry` is asked all the while and ends the patience. Returns whether all ended by
        themselves.
        """
        chosen = [watched.child for watched in self._watched if watched.child.name in names]
        self._watched = [watched for watched in self._watched if watched.child.name not in names]
        for child in chosen:
            child.terminate()
        ends_at = self._clock() + patience_s
        while any(child.alive for child in chosen) and self._clock() < ends_at and not hurry():
            time.sleep(0.05)
        late = [child for child in chosen if child.alive]
        for child in late:
            self._say(f"{child.name} did not end in time and was killed")
        for child in chosen:
            child.kill()  # also the processes it may have left behind
        return not late


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was killed by signal {-code}"
    return f"ended with code {code}"
