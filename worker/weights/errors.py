"""Errors of weights."""

from __future__ import annotations

from typing import ClassVar

from contract.errors import DepthqError


class WeightsError(DepthqError):
    """The weights are unknown, incomplete, altered, or not those of this network."""

    exit_code: ClassVar[int] = 1


class WeightsUsageError(WeightsError):
    """What was asked for cannot be meant: a name or a file that is not there, a wrong option."""

    exit_code = 2  # as of wrong options, and of the client's commands
