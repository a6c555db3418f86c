"""A job as the client sees it: the service's document with the parts one asks for most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.errors import UnexpectedAnswer, error_from
from contract.errors import DeadlineExceeded, DepthqError
from contract.states import JobState


@dataclass(frozen=True)
class Job:
    """One snapshot of a job; `document` is the service's JSON as it came."""

    id: str
    state: JobState
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> Job:
        """Wrap a job document; raises UnexpectedAnswer if it is none."""
        try:
            return cls(document["id"], JobState(document["state"]), document)
        except (KeyError, TypeError, ValueError) as exc:
            raise UnexpectedAnswer("the service sent something that is not a job document") from exc

    @property
    def terminal(self) -> bool:
        """Whether the job will not change any more."""
        return self.state.terminal

    @property
    def succeeded(self) -> bool:
        """Whether its outputs can be downloaded."""
        return self.state is JobState.SUCCEEDED

    @property
    def outputs(self) -> Mapping[str, Mapping[str, Any]]:
        """Name → {url, media_type, width, height, bytes, sha256}; empty until it succeeded."""
        return self.document.get("outputs") or {}

    @property
    def error(self) -> DepthqError | None:
        """Why there is no result, as an exception; None while there is or may be one."""
        if not self.terminal or self.succeeded:
            return None
        details = self.document.get("error") or {}
        if details.get("code"):
            return error_from(details["code"], str(details.get("message") or details["code"]))
        if self.state is JobState.EXPIRED:
            return DeadlineExceeded("the deadline passed before the job was done")
        return error_from("conflict", f"the job was {self.state.value}")

    def require_success(self) -> Job:
        """Return the job itself; raise its error if it ended otherwise."""
        if self.error is not None:
            raise self.error
        return self
