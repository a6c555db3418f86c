"""Starts a program with valid settings, or ends it naming the wrong ones."""

from __future__ import annotations

import sys

from pydantic import ValidationError

from contract.settings import Settings
from contract.wrong_fields import wrong_fields

# EX_CONFIG of sysexits.h: starting again changes nothing. `depthq up` stops then, and systemd does
# with RestartPreventExitStatus=78.
WRONG_SETTINGS = 78


def settings_or_exit(program: str) -> Settings:
    """Return the settings; where one is wrong, say so in one line and end with exit code 78."""
    try:
        return Settings()
    except ValidationError as error:
        sys.stderr.write(f"{program}: {wrong_settings(error)}\n")
        raise SystemExit(WRONG_SETTINGS) from None


def wrong_settings(error: ValidationError) -> str:
    """Return one line that names every wrong setting and shows no value: it may be a secret."""
    said = (f"{_variable(each.place)} {each.says}" for each in wrong_fields(error))
    return "; ".join(dict.fromkeys(said)) + " (see docs/configuration.md)"


def _variable(place: tuple[int | str, ...]) -> str:
    return f"DEPTHQ_{str(place[0]).upper()}:" if place else "settings:"
