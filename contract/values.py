"""The base of all values that processes exchange as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Frozen; unknown fields are ignored, because a newer writer may have added them."""

    model_config = ConfigDict(frozen=True, extra="ignore")
