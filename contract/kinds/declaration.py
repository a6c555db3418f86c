"""The declaration of a kind of long work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class KindDeclaration:
    """The declaration of one kind: its runs are planned, run in shards, and finished.

    `name` begins the ids of its runs and ends the names of its queues. `opened_by` is
    `module:function`, called with worker.runs.tools.Tools for a worker.runs.kind.Kind. `calls`, for
    kinds of other packages, is one that registers its calls on api.answers.blueprint.v1. `line`
    says in one line what it is good for, by language (`en`, `zh`). `needs` is what has to be
    installed where the bulk workers run, beyond depthq itself.
    """

    name: str
    opened_by: str
    line: Mapping[str, str]
    calls: str | None = None
    needs: str = ""
