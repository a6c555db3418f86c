"""Every row of the fault matrix has a test, and the page says which."""

from __future__ import annotations

import re
from pathlib import Path

from tests.chaos.report import PAGE, fault_table, replaced
from tests.chaos.scenarios import SCENARIOS

ROWS = set(range(1, 31))


def elsewhere() -> dict[int, str]:
    """Return row → test file, from the second table of the page."""
    lines = re.findall(r"^\| (\d+) \| .* \| `(tests/[\w/]+\.py)` \|$", PAGE.read_text(), re.M)
    return {int(row): path for row, path in lines}


def test_every_row_is_injected_here_or_tested_where_the_page_says():
    here = {row for each in SCENARIOS for row in each.rows}
    assert here | elsewhere().keys() == ROWS
    assert all(Path(PAGE.parents[1], path).exists() for path in elsewhere().values())


def test_scenarios_have_names_of_their_own():
    names = [each.name for each in SCENARIOS]
    assert len(set(names)) == len(names)


def test_the_report_replaces_what_is_between_its_markers_and_nothing_else():
    text = "a\n<!-- faults: begin -->\nold\n<!-- faults: end -->\nb"
    numbers = {
        "fault": "f",
        "rows": [1],
        "recovery_p50_s": 0.25,
        "recovery_max_s": None,
        **dict.fromkeys(("injected", "accepted", "lost", "duplicated", "wrong", "repeated"), 2),
    }
    new = replaced(text, "faults", fault_table([numbers], 1))
    assert new.startswith("a\n")
    assert new.endswith("\nb")
    assert "old" not in new
    assert "| f | 1 | 2 | 2 | 2 | 2 | 2 | 2 | 0.2 | – |" in new
