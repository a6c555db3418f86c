"""What everything that crosses a wall as JSON has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Frozen, and read leniently: a newer writer may have added fields."""

    model_config = ConfigDict(frozen=True, extra="ignore")
