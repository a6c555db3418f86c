"""Whole files go to a test process, and all that load torch to the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import LOADED
from tests.services.scheduling import scope_of

ROOT = Path(__file__).parents[3]
WORKER = "tests/integration/worker"


def test_a_file_is_run_by_one_process() -> None:
    assert scope_of("tests/unit/a/test_b.py::test_c[d::e]") == "tests/unit/a/test_b.py"
    assert scope_of(f"{WORKER}/test_exit.py::test_c") == f"{WORKER}/test_exit.py"


@pytest.mark.parametrize("room", ["engines", "models/larger", "weights"])
def test_what_loads_torch_is_run_by_one_process(room: str) -> None:
    assert scope_of(f"{WORKER}/{room}/test_x.py::test_y") == "torch"


def test_no_other_test_loads_torch() -> None:
    loads = re.compile(r"(?m)^\s*(import torch|from torch|import timm)\b")
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if loads.search(path.read_text())]
    assert files
    assert {scope_of(str(path.relative_to(ROOT))) for path in files} == {"torch"}


def test_collecting_loads_no_library_that_takes_a_second(pytestconfig: pytest.Config) -> None:
    # Every test process collects every file, and most need none of these.
    assert pytestconfig.stash[LOADED] == set()


def test_the_page_is_tested_by_one_process_that_starts_its_service_and_browsers_once():
    files = list((ROOT / "tests/e2e/page").glob("test_*.py"))
    assert len(files) > 10
    assert {scope_of(str(path.relative_to(ROOT))) for path in files} == {"page"}


@pytest.mark.parametrize(
    ("folder", "scope"),
    [("e2e/service", "service"), ("e2e/bulk", "bulk"), ("integration/api/schema", "schema")],
)
def test_a_folder_that_shares_what_it_starts_is_run_by_one_process(folder: str, scope: str) -> None:
    files = sorted((ROOT / "tests" / folder).glob("test_*.py"))
    assert len(files) > 1
    assert {scope_of(f"{path.relative_to(ROOT)}::test_x") for path in files} == {scope}
    # pytest shares fixtures of the scope `package` among the tests of a package
    assert (ROOT / "tests" / folder / "__init__.py").exists()
