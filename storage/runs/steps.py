"""The steps of a dataset: plan, shards, finalize."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal, NamedTuple

from contract.runs import RunRecord


class Step(NamedTuple):
    """One lease of a dataset: `plan`, `finalize` or a shard's number; and the holder's token."""

    dataset_id: str
    name: str
    token: str


@dataclass(frozen=True)
class StepClaim:
    """The result of a claim of a step.

    `crashes`: how often its holder died; `died_at`: the items it was processing then, where known.
    """

    outcome: Literal["taken", "leased", "ended", "unknown"]
    record: RunRecord | None = None
    crashes: int = 0
    died_at: tuple[int, ...] = ()


@dataclass(frozen=True)
class Renewal:
    """The dataset's state, and the steps to stop: lost to another worker, or canceled."""

    state: str
    lost: frozenset[str]


Next = Literal["more", "finalize", "again", "lost"]


def new_step(dataset_id: str, name: str) -> Step:
    """Return a step with a token of the caller's own, to claim it with."""
    return Step(dataset_id, name, secrets.token_hex(8))
