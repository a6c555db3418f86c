"""Errors of weights."""

from __future__ import annotations

from contract.errors import DepthqError


class WeightsError(DepthqError):
    """The weights are unknown, incomplete, altered, or not those of this network."""
