"""What measurements and tests use; nothing of it belongs into production."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, Field


class MeasuringSettings(BaseModel):
    """What measurements and tests use; nothing of it belongs into production."""

    heading: ClassVar[str] = "measuring only"

    simulation: bool = Field(
        False, description="allow what only pretends to work: engine `simulated`, s3://null/<count>"
    )
    simulated_item_ms: float = Field(
        10.0,
        ge=0,
        le=60_000,
        description="what an item of s3://null/<count> takes, engine simulated",
    )
