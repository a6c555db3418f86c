"""What is logged, and in which form."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, Field


class LogSettings(BaseModel):
    """What is logged, and in which form."""

    heading: ClassVar[str] = "logs"

    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="auto: text on a terminal"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least severe lines that are logged"
    )
