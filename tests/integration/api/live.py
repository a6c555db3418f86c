"""The API as a process, `python -m api`, as every deployment starts it."""

from __future__ import annotations

from pathlib import Path

from contract.settings import Settings
from tests.services.depthq import OurProcess


class ApiProcess(OurProcess):
    """`python -m api` with the given settings."""

    name = "api"
    module = program = "api"
    port_setting = "PORT"

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__(settings, folder)
