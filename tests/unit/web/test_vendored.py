"""Vendored files are as published: version, licence and hash are on record."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.unit.web.node import HERE, WEB

FOLDERS = [WEB / "vendor", HERE.parents[1] / "e2e" / "page" / "vendor"]


@pytest.mark.parametrize("folder", FOLDERS, ids=["page", "tests"])
def test_vendored_files_are_recorded_and_unchanged(folder: Path) -> None:
    record = json.loads((folder / "vendored.json").read_text())
    known: dict[str, str] = {}
    for about in record.values():
        assert about["version"]
        assert about["licence"] in {"MIT", "MPL-2.0"}
        known |= about["files"]
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "vendored.json"
    }
    assert found == known


def test_samples_are_recorded_and_unchanged() -> None:
    folder = WEB / "samples"
    record = json.loads((folder / "samples.json").read_text())
    for name, about in record.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == about["sha256"]
    assert {path.name for path in folder.iterdir()} == {*record, "samples.json"}
