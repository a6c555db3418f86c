"""The one way to wait for something: within the budget of waiting requests, woken by changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from flask import request

from api.callers.auth import caller
from api.services import Services
from contract.errors import NotFound

T = TypeVar("T")


class Waker(Protocol):
    """Wakes one waiting request."""

    def wait(self, timeout_s: float) -> str | None:
        """Sleep until there may be a change, or `timeout_s`; return what was said of it, if any."""


class Changes(Protocol):
    """Where changes of a subject come from: api.waiting.changes.ChangeHub, or Polling."""

    @property
    def stopping(self) -> bool:
        """Whether the process is shutting down."""

    @property
    def subscribed(self) -> bool:
        """Whether a watch gets every change from its beginning on."""

    def watch(self, subject_id: str, /) -> AbstractContextManager[Waker]:
        """Yield a subscription to the id."""


@dataclass(frozen=True)
class Subject(Generic[T]):
    """What is waited for, or followed. `look` reads it anew; None: it was deleted.

    `after(seen, said)` returns what it became by what was said of it; None: it is to be read.
    """

    id: str
    noun: str  # what people call it: in errors, and as the name of its events
    look: Callable[[], T | None]
    changes: Changes
    after: Callable[[T, str], T | None] = lambda *_: None


def wait(
    parts: Services,
    subject: Subject[T],
    seen: T,
    done: Callable[[T], bool],
    timeout_s: float,
    watch: Waker | None = None,
) -> T:
    """Return the subject as soon as it is `done`, or as it is when time or the budget is used up.

    `watch`: a subscription that was there before `seen` was read or written, if one was; it then
    needs no second read. Without a free slot, `seen` is returned at once: the client polls again,
    and no other request starves. Raises NotFound if the subject is deleted meanwhile.
    """
    if timeout_s <= 0 or done(seen):
        return seen
    deadline = time.monotonic() + timeout_s
    with parts.waits.slot(caller()) as taken:
        if not taken:
            return seen
        if watch is not None and subject.changes.subscribed:
            return _wait(subject, seen, done, watch, deadline)
        with subject.changes.watch(subject.id) as own:
            # subscribed before reading, so that no change is missed
            return _wait(subject, _now(subject), done, own, deadline)


def _wait(
    subject: Subject[T], current: T, done: Callable[[T], bool], watch: Waker, deadline: float
) -> T:
    # stop waiting once the client has disconnected
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    while True:
        left_s = deadline - time.monotonic()
        if done(current) or left_s <= 0 or subject.changes.stopping or gone():
            return current
        said = watch.wait(left_s)
        told = subject.after(current, said) if said else None
        current = _now(subject) if told is None else told


def _now(subject: Subject[T]) -> T:
    current = subject.look()
    if current is None:
        raise NotFound(f"The {subject.noun} was deleted meanwhile.")
    return current
