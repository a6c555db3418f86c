"""docs/configuration.md tells the truth."""

from __future__ import annotations

from client.settings_table import DOCUMENT, render
from contract.settings import Settings


def test_the_page_is_current():
    command = "python -m client.settings_table"
    assert DOCUMENT.read_text(encoding="utf-8") == render(), f"make it anew: {command}"


def test_every_setting_is_on_the_page_and_says_what_it_means():
    page = render()
    assert [name for name in Settings.model_fields if f"`DEPTHQ_{name.upper()}`" not in page] == []
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_defaults_are_written_as_they_would_be_set():
    page = render()
    assert "| `DEPTHQ_MODELS` | list: text | `midas_small` |" in page
    assert "| `4294967296` (4 GiB) |" in page
