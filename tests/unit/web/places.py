"""Sentences of the page whose keys are made from data: the group, and all that it may be asked."""

from __future__ import annotations

from contract.errors import ERROR_CODES

OF_DATA: dict[str, set[str]] = {
    "error": {*ERROR_CODES, "network"},
    "place": {str(cell) for cell in range(9)},
}
