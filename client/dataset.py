"""A dataset as the client sees it: the service's document with the parts one asks for most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.errors import UnexpectedAnswer, error_from
from contract.errors import DepthqError
from contract.states import DatasetState


@dataclass(frozen=True)
class Dataset:
    """One snapshot of a dataset; `document` is the service's JSON as it came."""

    id: str
    state: DatasetState
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> Dataset:
        """Wrap a dataset document; raises UnexpectedAnswer if it is none."""
        try:
            document["counts"]["total"], document["shards"]["total"]
            return cls(document["id"], DatasetState(document["state"]), document)
        except (KeyError, TypeError, ValueError) as exc:
            raise UnexpectedAnswer(
                "the service sent something that is not a dataset document"
            ) from exc

    @property
    def terminal(self) -> bool:
        """Whether it will not change any more, short of a retry."""
        return self.state.terminal

    @property
    def counts(self) -> Mapping[str, Any]:
        """total, succeeded, failed, skipped, by_code, done, in_flight."""
        counts: Mapping[str, Any] = self.document["counts"]
        return counts

    @property
    def ended(self) -> int:
        """Images that have ended, those of unfinished shards included."""
        return int(self.counts.get("done", 0)) + int(self.counts.get("in_flight", 0))

    @property
    def whole(self) -> bool:
        """Whether it is completed and nothing failed."""
        return self.state is DatasetState.COMPLETED and not self.counts["failed"]

    @property
    def error(self) -> DepthqError | None:
        """Why the service refused the source; None otherwise."""
        details = self.document.get("error")
        if not details:
            return None
        return error_from(str(details.get("code")), str(details.get("message")))
