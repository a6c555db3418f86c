"""The command line, for all end-to-end tests."""

from __future__ import annotations

from tests.services.command_line import depthq  # noqa: F401 - a fixture
