"""Which version this is: that of the installed package."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def _version() -> str:
    try:
        return version("depthq")
    except PackageNotFoundError:  # run from a bare checkout
        return "0+checkout"


VERSION = _version()
