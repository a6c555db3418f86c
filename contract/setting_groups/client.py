"""Which service the client talks to, and how."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, Field

from contract.setting_kinds import HttpUrl, Secret


class ClientSettings(BaseModel):
    """Which service the client talks to, and how."""

    heading: ClassVar[str] = "client"

    url: HttpUrl | None = Field(
        None, description="service the client talks to; unset: host and port"
    )
    api_key: Secret | None = Field(None, description="bearer key the client sends")
    debug: bool = Field(False, description="show tracebacks instead of one-line errors")
