"""A video as the client sees it: the service's document with the parts one asks for most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client.errors import UnexpectedAnswer, error_from
from contract.errors import DepthqError
from contract.states import DatasetState


@dataclass(frozen=True)
class Video:
    """One snapshot of a video; `document` is the service's JSON as it came."""

    id: str
    state: DatasetState
    document: Mapping[str, Any]

    @classmethod
    def from_document(cls, document: Any) -> Video:
        """Wrap a video document; raises UnexpectedAnswer if it is none."""
        try:
            document["frames"]["total"], document["segments"]["total"], document["files"]
            return cls(document["id"], DatasetState(document["state"]), document)
        except (KeyError, TypeError, ValueError) as exc:
            raise UnexpectedAnswer("the service sent something that is no video document") from exc

    @property
    def terminal(self) -> bool:
        """Whether it will not change any more, short of a retry."""
        return self.state.terminal

    @property
    def frames(self) -> Mapping[str, Any]:
        """total, succeeded, failed, done, by_code."""
        frames: Mapping[str, Any] = self.document["frames"]
        return frames

    @property
    def files(self) -> Mapping[str, str]:
        """Name → URL of what it became, once it is completed."""
        return {file["name"]: file["url"] for file in self.document["files"]}

    @property
    def whole(self) -> bool:
        """Whether it is completed and no frame failed."""
        return self.state is DatasetState.COMPLETED and not self.frames["failed"]

    @property
    def error(self) -> DepthqError | None:
        """Why the service refused it; None otherwise."""
        details = self.document.get("error")
        if not details:
            return None
        return error_from(str(details.get("code")), str(details.get("message")))
